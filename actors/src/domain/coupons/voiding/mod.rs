//! Voidings: jobs that void those coupons of a batch that a filter means.

mod rows;
mod rules;
mod words;

pub use rows::{UNFINISHED_VOIDINGS, before_voidings_of, voiding_of_row};
pub use rules::Voiding;
pub use words::{
    Answer, Command, Event, Question, Refusal, VoidingPlan, VoidingProgress, VoidingState,
    VoidingView,
};
