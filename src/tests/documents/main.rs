//! What the repository says to its readers, held against what is there: documents, the README, the
//! compose file and the examples.

mod asvs;
mod compose;
mod dependencies;
mod links;
mod printed;
mod readme;
mod shop;
mod speed;

use harness::Binary;

/// The program under test.
const STAMPEDE: Binary = Binary::at(env!("CARGO_BIN_EXE_stampede"));
