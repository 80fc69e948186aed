//! What the tests of several crates share; no production code uses it.
//!
//! `memory` is a store that does what a test tells it. `around` changes one call of another store.
//! `write_trap` lets the n-th write meet its fate. `played` is a machine with all its cards. `fuzz`
//! makes bytes that nobody wrote.
//! `contract` is the suite that every store passes: implement `contract::StoreHarness`, then write
//! `testing::store_contract!(MyStore::new());` in a module of tests.

#![forbid(unsafe_code)]

pub mod around;
pub mod contract;
pub mod fuzz;
pub mod memory;
pub mod played;
pub mod write_trap;
