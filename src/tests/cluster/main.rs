//! What holds on several nodes, shown on a real Cassandra.

mod cut;
mod frame;
mod proxy;

mod belief;
mod confirming;
mod contract;
mod duel;
mod going_on;
mod nodes;
mod people;
mod registering;
mod schema;

use harness::Binary;

/// The program under test.
const STAMPEDE: Binary = Binary::at(env!("CARGO_BIN_EXE_stampede"));
