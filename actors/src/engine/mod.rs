//! The engine: stamp → decide → apply → batch → append → answer, and finding the partition that
//! owns a thing.
//!
//! Read in this order: `partition` (the pure core), `actor` (its clockwork), `router` (finding it),
//! `passing` (when it is another node's), `open` (what may be had from any), `commands` (what
//! callers use). Each uses only files that are named before it, and the small ones that are not
//! named here.

mod actor;
mod alarms;
mod by;
pub mod card_memory;
mod card_slots;
mod commands;
pub mod declared;
mod failure;
pub mod keys;
mod learning;
mod name_filter;
pub mod neighbours;
pub mod node;
pub mod open;
mod parked;
pub mod partition;
mod passing;
pub mod record;
mod request;
mod router;
pub mod snapshot;
mod waiter;

pub use by::{By, How};
pub use card_memory::CardBudget;
pub use failure::{CommandResult, Failure};
pub use keys::{Key, KeyWindow};
pub use neighbours::Neighbours;
pub use node::{Limits, Node};
pub use partition::Partition;
pub use passing::PASSED_ON_TOGETHER;
pub use request::{Done, HomeNote, Looked, Manner, Reply, Request};
pub use router::Router;
