//! Ranges: shares of a batch's coupons.

mod assigning;
mod judging;
mod own_ends;
mod own_terms;
mod rules;
mod views;
mod voiding;
mod whole;
mod words;
mod written;

pub use rules::Range;
pub use words::{
    Answer, Command, Event, Question, RangeOverview, RangeTerms, Refusal, VoidedCounts,
    VoidedCoupon, VoidingSoFar,
};
pub(in crate::domain::coupons) use written::cards_of;
