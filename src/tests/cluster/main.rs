//! What holds on several nodes, shown on a real Cassandra.

mod cut;
mod database;
#[path = "../keyspaces.rs"]
mod keyspaces;

mod contract;
mod people;
mod registering;
mod schema;
