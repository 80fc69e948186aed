//! What holds on several nodes, shown on a real Cassandra.

mod database;
mod proxy;

mod belief;
mod contract;
mod duel;
mod schema;
