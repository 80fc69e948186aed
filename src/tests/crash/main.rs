//! The real binary: killed under load, stopped, copied, damaged and asked for everything its
//! command line offers.

mod abuse;
mod backup;
mod commands;
mod damage;
mod demo;
mod descriptors;
mod draws;
mod flood;
mod histories;
mod import;
mod kill;
mod limits;
mod load;
mod old_folders;
mod promotions;
mod raw;
mod spent;
mod stop;
mod unread;
mod webhooks;

use harness::Binary;

/// The program under test.
const STAMPEDE: Binary = Binary::at(env!("CARGO_BIN_EXE_stampede"));
