//! The API as its users meet it: the real server on port 0, a real database in a folder of its own, a clock that tests move.

mod harness;
mod wire;

mod bad_input;
mod closing;
mod crowd;
mod expiry;
mod garbage;
mod holds;
mod keys;
mod lists;
mod lotteries;
mod manners;
mod openapi;
mod operations;
mod stopping;
mod tickets;
