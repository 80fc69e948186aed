//! The engine of stampede and the things it hands out.
//!
//! `engine` runs any state machine durably and exactly once; `domain` holds the machines, which
//! read as rule books; `cards` is what they know of single things; `store` is the port to whatever
//! keeps the log. Nothing in this crate knows
//! HTTP or a database driver.

#![forbid(unsafe_code)]

pub mod cards;
pub mod dice;
pub mod domain;
pub mod engine;
pub mod id;
pub mod machine;
pub mod plain;
pub mod store;
pub mod time;
pub mod timekeeper;

pub use id::Id;
pub use machine::{Caller, Machine, Refused, Role, Stamp, Verdict};
pub use time::Time;
