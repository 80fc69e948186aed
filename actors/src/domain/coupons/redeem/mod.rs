//! What can be done with a coupon once it is a member's, wherever it lives; three machines share it.

mod rules;
mod words;

pub use rules::{decide, due, expire, wrap};
pub use words::{Command, Event, Refusal};
