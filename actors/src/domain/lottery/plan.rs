//! What a pool is, fixed when it is created: tickets to buy, ballots to draw from, or both.

use crate::domain::FiguresFor;
use crate::domain::ballots::{self, BoxName};
use crate::domain::draw::Hash;
use crate::domain::pool::PoolName;
use crate::domain::tickets::pattern::FEWEST_DIGITS;
use crate::domain::tickets::{self, Label, Sale, SliceName};
use crate::time::Time;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LotteryPlan {
    pub name: String,
    /// Of a lottery that is named by its day: the end of that day in the configured zone.
    pub closes_at: Time,
    pub tickets: Option<TicketSetup>,
    pub ballots: Option<BallotSetup>,
    /// To whom it is told how many are free, held and sold.
    pub figures: FiguresFor,
    pub sale: Sale,
    /// A slice knows a label by its place here.
    pub labels: Vec<Label>,
    pub limits: MemberLimits,
    /// A JSON text of whoever created it. It is kept and shown, never read.
    pub metadata: String,
}

/// How much one member may have of all slices together. None: as much as there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberLimits {
    /// Tickets held at a time.
    pub held: Option<u16>,
    /// Tickets bought and not given back.
    pub bought: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketSetup {
    pub digits: u8,
    pub copies: u16,
    /// Live held tickets per member and slice.
    pub holds_per_member: u16,
    /// How long a hold may be extended after it began.
    pub hold_max_s: u32,
    /// Some: only the numbers below this one exist. None: all of so many digits.
    pub numbers: Option<u32>,
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

impl TicketSetup {
    /// Plain admission: so many numbers, one ticket each, in as many digits as the last one needs.
    pub fn counted(numbers: u32, holds_per_member: u16, hold_max_s: u32) -> TicketSetup {
        let needed = numbers.saturating_sub(1).checked_ilog10().map_or(1, |log| log as u8 + 1);
        let digits = needed.max(FEWEST_DIGITS);
        TicketSetup { digits, copies: 1, holds_per_member, hold_max_s, numbers: Some(numbers) }
    }

    /// How many tickets there are.
    pub fn stock(&self) -> u64 {
        let all = 10u64.pow(u32::from(self.digits));
        self.numbers.map_or(all, u64::from) * u64::from(self.copies)
    }
}

impl LotteryPlan {
    /// One of which no more is known yet.
    pub fn named(name: String, closes_at: Time) -> LotteryPlan {
        LotteryPlan {
            name,
            closes_at,
            tickets: None,
            ballots: None,
            figures: FiguresFor::default(),
            sale: Sale::default(),
            labels: Vec::new(),
            limits: MemberLimits::default(),
            metadata: String::new(),
        }
    }

    /// The slices of the number space, by leading digits. None if the lottery has no tickets.
    pub fn slices(&self, pool: PoolName) -> Vec<SliceName> {
        self.tickets.map_or_else(Vec::new, |tickets| SliceName::all(pool, tickets.digits))
    }

    /// What a slice is told when it is opened.
    pub fn terms(&self) -> Option<tickets::SliceTerms> {
        let TicketSetup { digits, copies, holds_per_member, hold_max_s, .. } = self.tickets?;
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
