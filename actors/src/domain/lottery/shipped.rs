//! Plans as events of before have them, which are read for ever.

use super::plan::{BallotSetup, LotteryPlan, TicketSetup};
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// A plan as it was written before there were ballots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstPlan {
    pub name: String,
    pub closes_at: Time,
    pub tickets: Option<FirstTicketSetup>,
}

/// A plan as it was written before pools had sales, labels and limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondPlan {
    pub name: String,
    pub closes_at: Time,
    pub tickets: Option<FirstTicketSetup>,
    pub ballots: Option<BallotSetup>,
}

/// Tickets as they were written when all numbers of so many digits existed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstTicketSetup {
    pub digits: u8,
    pub copies: u16,
    pub holds_per_member: u16,
    pub hold_max_s: u32,
}

impl From<FirstPlan> for LotteryPlan {
    fn from(FirstPlan { name, closes_at, tickets }: FirstPlan) -> LotteryPlan {
        SecondPlan { name, closes_at, tickets, ballots: None }.into()
    }
}

impl From<SecondPlan> for LotteryPlan {
    fn from(SecondPlan { name, closes_at, tickets, ballots }: SecondPlan) -> LotteryPlan {
        let tickets = tickets.map(TicketSetup::from);
        LotteryPlan { tickets, ballots, ..LotteryPlan::named(name, closes_at) }
    }
}

impl From<FirstTicketSetup> for TicketSetup {
    fn from(first: FirstTicketSetup) -> TicketSetup {
        let FirstTicketSetup { digits, copies, holds_per_member, hold_max_s } = first;
        TicketSetup { digits, copies, holds_per_member, hold_max_s, numbers: None }
    }
}
