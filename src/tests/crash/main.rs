//! The real binary: killed under load, stopped, copied, damaged and asked for everything its
//! command line offers.

mod process;
#[path = "../api/receiver.rs"]
#[expect(dead_code, reason = "here it only has to listen")]
mod receiver;
#[path = "../draws/verifiers.rs"]
mod verifiers;

mod backup;
mod commands;
mod damage;
mod draws;
mod flood;
mod import;
mod kill;
mod load;
mod promotions;
mod stop;
mod webhooks;
