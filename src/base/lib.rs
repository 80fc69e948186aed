//! The ground: the journal, the meters, the calendar, clocks, and small values that every room
//! uses. Nothing here knows a product, a person, a store or HTTP.

pub mod calendar;
pub mod cells;
pub mod clocks;
pub mod export_form;
pub mod fresh;
pub mod hex;
pub mod invisible;
pub mod journal;
pub mod meters;
pub mod network;
pub mod progress;
pub mod secret;

pub use hex::Hex;
pub use network::Network;
pub use secret::Secret;
