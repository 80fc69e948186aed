//! Ranges: shares of a batch's coupons.

mod own_ends;
mod own_terms;
mod rules;
mod voiding;
mod words;

pub use rules::Range;
pub(in crate::domain::coupons) use rules::cards_of;
pub use words::{
    Answer, Command, Event, Question, RangeOverview, RangeTerms, Refusal, VoidedCounts,
    VoidedCoupon, VoidingSoFar,
};
