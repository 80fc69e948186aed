//! What holds on several nodes, shown on a real Cassandra.

mod cut;
mod database;
mod proxy;
#[path = "../keyspaces.rs"]
mod keyspaces;

mod belief;
mod contract;
mod duel;
mod people;
mod registering;
mod schema;
