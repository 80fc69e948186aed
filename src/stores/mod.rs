//! Where the log, the snapshots and the look-ups are kept.

#[cfg(feature = "cluster")]
pub mod cql;
pub mod sqlite;
