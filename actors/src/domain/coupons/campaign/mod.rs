//! Campaigns: vouchers for those who come first.

mod rules;
mod words;

pub use rules::Campaign;
pub use words::{Answer, Command, Event, Overview, Plan, Question, Rank, Refusal, Trigger};
