//! The store of several nodes: ScyllaDB, or Apache Cassandra 5, by the CQL that both speak.

pub mod directory;
mod outcome;
mod schema;
mod session;

pub use outcome::Verdict;
pub use session::{Conditional, Cql, Error, Login, Lost, Schema, Settings, broken, unavailable};

pub use super::{Replication, Serial};
