//! What a lottery is, fixed when it is created: tickets to buy, ballots to draw from, or both.

use crate::domain::ballots::{self, BoxName};
use crate::domain::draw::Hash;
use crate::domain::pool::PoolName;
use crate::domain::tickets::{self, SliceName};
use crate::time::Time;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LotteryPlan {
    pub name: String,
    /// The end of the closing day in the configured zone.
    pub closes_at: Time,
    pub tickets: Option<TicketSetup>,
    pub ballots: Option<BallotSetup>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketSetup {
    pub digits: u8,
    pub copies: u16,
    /// Live held tickets per member and slice.
    pub holds_per_member: u16,
    /// How long a hold may be extended after it began.
    pub hold_max_s: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BallotSetup {
    pub boxes: u8,
    /// Ballots that each box takes.
    pub most_per_box: u64,
    pub winners: u16,
    /// Drawn after the winners, to take the place of those who cannot be found.
    pub reserves: u16,
    /// SHA-256 of the seed that the draw will use.
    pub commitment: Hash,
    /// The public round whose randomness is mixed in. It lies after the closing instant.
    pub round: Option<u64>,
}

/// A plan as it was written before there were ballots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstPlan {
    pub name: String,
    pub closes_at: Time,
    pub tickets: Option<TicketSetup>,
}

impl From<FirstPlan> for LotteryPlan {
    fn from(FirstPlan { name, closes_at, tickets }: FirstPlan) -> LotteryPlan {
        LotteryPlan { name, closes_at, tickets, ballots: None }
    }
}

impl LotteryPlan {
    /// The slices of the number space, by leading digits. None if the lottery has no tickets.
    pub fn slices(&self, pool: PoolName) -> Vec<SliceName> {
        self.tickets.map_or_else(Vec::new, |tickets| SliceName::all(pool, tickets.digits))
    }

    /// What a slice is told when it is opened.
    pub fn terms(&self) -> Option<tickets::SliceTerms> {
        let TicketSetup { digits, copies, holds_per_member, hold_max_s } = self.tickets?;
        Some(tickets::SliceTerms {
            digits,
            copies,
            holds_per_member,
            hold_max_s,
            closes_at: self.closes_at,
        })
    }

    pub fn boxes(&self, pool: PoolName) -> Vec<BoxName> {
        self.ballots.map_or_else(Vec::new, |ballots| BoxName::all(pool, ballots.boxes))
    }

    /// What a box is told when it is opened.
    pub fn box_terms(&self) -> Option<ballots::BoxTerms> {
        Some(ballots::BoxTerms { closes_at: self.closes_at, most: self.ballots?.most_per_box })
    }
}
