//! The store of several nodes: ScyllaDB, or Apache Cassandra 5, by the CQL that both speak.
//!
//! `session` and `schema` connect; `store` is the port, `owner` one partition's turn, `claim` the
//! right to write, `log` the fenced append, `outcome` what its answers mean, `rotation` the way
//! into a new generation; `snapshots`, `lookups` and `sleepers` are what is kept beside the log.
//! `publisher`, `entry` and `feed` make one order of all partitions. `directory` keeps people.
//! `keyspace` is all of it as a node uses it, `nodes` says which there are, `view` shows it to
//! those who check it.

mod claim;
pub mod directory;
mod entry;
mod feed;
mod keyspace;
mod log;
mod lookups;
mod nodes;
mod outcome;
mod owner;
mod publisher;
mod rotation;
mod schema;
mod session;
mod sleepers;
mod snapshots;
mod store;
mod tables;
mod touch;
mod view;

pub use keyspace::{Keyspace, migrate};
pub use outcome::Verdict;
pub use session::{Conditional, Cql, Error, Login, Lost, Schema, Settings, broken, unavailable};
pub use store::CqlStore;
pub use tables::Tuning;
pub use view::View;
