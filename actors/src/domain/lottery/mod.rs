//! Lotteries: what each is, how far it has come, and who was drawn.

mod arranged;
mod plan;
mod result;
mod rows;
mod rules;
mod shipped;
mod withdrawal;
mod words;

pub use crate::domain::till::MemberLimits;
pub use arranged::ArrangedPlan;
pub use plan::{BallotSetup, LotteryPlan, TicketSetup};
pub use result::{Beacon, Drawn, Lot, places};
pub use rows::closing_of_row;
pub use rules::Lottery;
pub use shipped::{FirstPlan, FirstTicketSetup, SecondPlan};
pub use words::{Answer, Command, Event, LotteryView, Phase, Question, Refusal};
