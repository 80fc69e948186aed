//! The store of several nodes: ScyllaDB, or Apache Cassandra 5, by the CQL that both speak.

mod outcome;
mod schema;
mod session;

pub use outcome::Verdict;
pub use session::{Conditional, Cql, Error, Login, Lost, NotAReplication, Replication, Schema, Serial, Settings, broken, unavailable};
