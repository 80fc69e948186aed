//! The API as its users meet it: the real server on port 0, a real database in a folder of its own,
//! a clock that tests move.

mod client;
mod harness;
#[path = "../keyspaces.rs"]
mod keyspaces;
mod receiver;
#[allow(dead_code, reason = "its own tests need more of it")]
#[path = "../redis/server.rs"]
mod redis;
mod wire;

mod assigning;
mod bad_bytes;
mod bad_callers;
mod bad_input;
mod ballots;
mod batches;
mod campaigns;
mod claiming;
mod clocks;
mod closing;
mod connections;
mod cors;
mod coupons;
mod crowd;
mod drawing;
mod draws;
mod events;
mod expired;
mod expiry;
mod fairness;
mod first_logins;
mod garbage;
mod guessing;
mod holds;
mod imports;
mod keys;
mod lists;
mod lotteries;
mod manners;
mod members;
mod midnight;
mod moving;
mod notices;
mod openapi;
mod operations;
mod passwords;
mod redeeming;
mod service_keys;
mod sessions;
mod stopping;
mod streams;
mod tickets;
mod tokens;
mod users;
mod webhooks;
