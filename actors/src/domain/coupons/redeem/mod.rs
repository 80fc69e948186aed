//! What can be done with a coupon that has an owner, wherever it lives; three machines share it.

mod rules;
mod words;

pub use rules::{decide, due, expire, wrap};
pub use words::{Command, Event, LapsedHold, Refusal};
