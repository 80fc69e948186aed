//! The store of several nodes: ScyllaDB, or Apache Cassandra 5, by the CQL that both speak.
//!
//! `session` and `schema` connect. `store` is the port, `owner` one partition's turn, `claim` the
//! right to write, `generations` how it is taken over and moved on. `log` is the fenced append,
//! `outcome` what its answers mean, and `in_order` who hears of it when. `snapshots`, `lookups` and
//! `sleepers` are kept beside the log. `publisher`, `feed_end`, `entry`, `published` and `feed`
//! make one order of all partitions. `directory` keeps people. `keyspace` is all of it as a node
//! uses it, `nodes` says which there are, and `view` shows it to a reader who checks it.

mod claim;
mod context;
mod database;
pub mod directory;
mod entry;
mod error;
mod feed;
mod feed_end;
mod generations;
mod in_order;
mod keyspace;
mod log;
mod lookups;
mod nodes;
mod outcome;
mod owner;
mod published;
mod publisher;
mod rows;
mod schema;
mod session;
mod settings;
mod sleepers;
mod snapshots;
mod store;
mod tables;
mod touch;
mod view;

pub use database::Tuning;
pub use error::{Error, LostAnswer};
pub use keyspace::{Keyspace, migrate};
pub use outcome::ConditionalAnswer;
pub use schema::connect;
pub use session::{Conditional, Cql};
pub use settings::{CqlLogin, CqlSettings, SchemaMode};
pub use store::CqlStore;
pub use view::CqlHistory;
