//! Racks: shares of all imported codes.

mod rules;
mod words;

pub use rules::Rack;
pub use words::{Answer, CodeLine, Command, Event, Question, RackTerms, Refusal, source};
