//! The API as its users meet it: the real server on port 0, a real database in a folder of its own, a clock that tests move.

mod client;
mod harness;
#[path = "../keyspaces.rs"]
mod keyspaces;
mod receiver;
mod wire;

mod assigning;
mod bad_bytes;
mod bad_callers;
mod bad_input;
mod batches;
mod campaigns;
mod claiming;
mod closing;
mod cors;
mod coupons;
mod crowd;
mod events;
mod expired;
mod expiry;
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
mod notices;
mod openapi;
mod operations;
mod passwords;
mod redeeming;
mod service_keys;
mod sessions;
mod stopping;
mod tickets;
mod tokens;
mod users;
mod webhooks;
