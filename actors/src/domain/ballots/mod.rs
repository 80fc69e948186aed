//! Ballots: boxes that take them, and what a box can show for each.

mod cards;
mod names;
mod rows;
mod rules;
mod words;

pub use cards::ballot_of_card;
pub use names::{BallotId, BoxName, MOST_BOXES};
pub use rows::{ballot_of_row, before_lines_of, key_of_ballot};
pub use rules::BallotBox;
pub use words::{Answer, Ballot, BoxTerms, Command, Event, Question, Refusal, Witness};
