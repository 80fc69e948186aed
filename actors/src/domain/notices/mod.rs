//! Which days' notices have been given.

mod rules;
mod words;

pub use rules::Notices;
pub use words::{Answer, Command, Event, Question, Refusal};
