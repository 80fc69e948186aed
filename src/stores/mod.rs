//! Where the log, the snapshots and the look-ups are kept.

pub mod sqlite;
