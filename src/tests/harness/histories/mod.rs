//! Histories of real clients: what they did and were told, so that a checker of others can look for
//! one order in which every answer is right.
//!
//! Clients claim, hold, buy and give back by chance, while a test kills servers under them. Whoever
//! hears nothing asks again under the same key, or leaves it open whether it was done. Where they
//! ask, and when again, `HistoryServers` says.

mod caller;
pub mod checker;
mod lines;
mod live;
mod orders;
mod world;

pub use lines::{HELD, HistoryLine, OPERATIONS, QUOTA, shows_much};
pub use world::{HistoryServers, HistoryWorld, Unheard};
