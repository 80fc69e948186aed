//! What staff do: written down before it is done, and what came of it.

mod rows;
mod rules;
mod words;

pub use rows::{act_of_row, key_of_act, key_of_time, outcome_of_row};
pub use rules::Acts;
pub use words::{Act, ActBy, ActOutcome, Answer, Command, Event, Question, Refusal};
