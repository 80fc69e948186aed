//! Racks: shares of all imported codes.

mod rules;
mod spelling;
mod words;

pub use rules::Rack;
pub use spelling::Spelling;
pub use words::{
    Answer, CodeLine, Command, Event, LineWithTerms, Question, RackTerms, Refusal, source,
};
