//! Lotteries: what each is, how far it has come, and who was drawn.

mod plan;
mod result;
mod rows;
mod rules;
mod words;

pub use plan::{BallotSetup, FirstPlan, LotteryPlan, TicketSetup};
pub use result::{Beacon, Drawn, Lot, places};
pub use rules::Lottery;
pub use words::{Answer, Command, Event, LotteryView, Phase, Question, Refusal};
