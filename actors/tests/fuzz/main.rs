//! Whatever bytes and texts come: nothing panics, nothing is believed that was not written so, and
//! what was read is written as it was.
//!
//! `STAMPEDE_FUZZ=100` tries a hundred times as many.

mod bytes;
mod texts;
