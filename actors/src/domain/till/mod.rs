//! Tills: what follows a person through a whole pool: how much they may hold and buy, and the
//! orders that have tickets of several slices.

mod book;
mod cards;
mod follow;
mod keys;
mod names;
mod ordering;
mod rows;
mod rules;
mod words;

pub use book::PLACED;
pub use cards::{order_key, past_order_on_card};
pub use follow::Followers;
pub use names::{LimitKey, MOST_TILLS, OrderId, TillName};
pub use rows::{key_in_my_holds, key_of_order, order_of_listed, order_of_row};
pub use rules::Till;
pub use words::{
    AllowanceSide, Answer, Command, Event, KeyShare, MemberLimits, OrderEnd, OrderPart, OrderStage,
    OrderView, OrderWish, PastOrder, Question, Refusal, TillLedger, TillTerms,
};
