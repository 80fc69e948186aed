//! What holds on several nodes, shown on a real Cassandra.

mod cut;
mod database;
mod frame;
#[path = "../keyspaces.rs"]
mod keyspaces;
#[allow(dead_code, reason = "tests of crashes need more of it")]
#[path = "../crash/process.rs"]
mod process;
mod proxy;
#[allow(dead_code, reason = "its own tests need more of it")]
#[path = "../redis/server.rs"]
mod redis;

mod belief;
mod contract;
mod duel;
mod nodes;
mod people;
mod registering;
mod schema;
