//! What holds on several nodes, shown on a real Cassandra.

mod cut;
mod database;
#[path = "../keyspaces.rs"]
mod keyspaces;
#[allow(dead_code, reason = "tests of crashes need more of it")]
#[path = "../crash/process.rs"]
mod process;
mod proxy;

mod belief;
mod contract;
mod duel;
mod nodes;
mod people;
mod registering;
mod schema;
