//! What a pool is, fixed when it is created: tickets to buy, ballots to draw from, or both.

use crate::domain::FiguresFor;
use crate::domain::ballots::{self, BoxName};
use crate::domain::draw::Hash;
use crate::domain::pool::PoolName;
use crate::domain::tickets::pattern::FEWEST_DIGITS;
use crate::domain::tickets::{self, Label, Pattern, Sale, SliceLabel, SliceName};
use crate::domain::till::{MOST_TILLS, MemberLimits, TillName, TillTerms};
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// A pool with no more tickets has one till.
const STOCK_OF_ONE_TILL: u64 = 10_000;

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

    /// How many numbers of a slice exist.
    fn numbers_of(&self, slice: &SliceName) -> u32 {
        let end = self.numbers.unwrap_or(u32::MAX);
        end.saturating_sub(slice.first_number()).min(slice.numbers())
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
        let Some(tickets) = self.tickets else { return Vec::new() };
        let mut slices = SliceName::all(pool, tickets.digits);
        slices.retain(|slice| tickets.numbers_of(slice) > 0);
        slices
    }

    /// Those that a pattern may be served from.
    pub fn slices_matching(&self, pool: PoolName, pattern: &Pattern) -> Vec<SliceName> {
        let mut slices = self.slices(pool);
        slices.retain(|slice| slice.may_match(pattern));
        slices
    }

    /// What matches the pattern and bears the label with that place, if one is said. None: nothing
    /// does.
    pub fn narrowed(&self, pattern: &Pattern, label: Option<u8>) -> Option<Pattern> {
        match label {
            None => Some(*pattern),
            Some(place) => pattern.and(&self.labels.get(usize::from(place))?.pattern),
        }
    }

    /// What a slice is told when it is opened.
    pub fn terms(&self, slice: &SliceName) -> Option<tickets::SliceTerms> {
        let tickets = self.tickets?;
        let TicketSetup { digits, copies, holds_per_member, hold_max_s, .. } = tickets;
        let numbers = tickets.numbers_of(slice);
        let labels = (0u8..).zip(&self.labels);
        let label = |(place, label): (u8, &Label)| SliceLabel { place, pattern: label.pattern };
        Some(tickets::SliceTerms {
            digits,
            copies,
            holds_per_member,
            hold_max_s,
            closes_at: self.closes_at,
            numbers: (numbers < slice.numbers()).then_some(numbers),
            sale: self.sale_of(slice, &tickets),
            labels: labels
                .filter(|(_, label)| slice.may_match(&label.pattern))
                .map(label)
                .collect(),
        })
    }

    fn sale_of(&self, slice: &SliceName, tickets: &TicketSetup) -> Sale {
        let slices = self.slices(slice.pool);
        let size = |of: &SliceName| u64::from(tickets.numbers_of(of)) * u64::from(tickets.copies);
        let sizes: Vec<u64> = slices.iter().map(size).collect();
        self.sale.share(&sizes, usize::from(slice.lead))
    }

    /// How many tills it has: one is enough for a small one.
    pub fn till_count(&self) -> u8 {
        let stock = self.tickets.map_or(0, |tickets| tickets.stock());
        if stock <= STOCK_OF_ONE_TILL { 1 } else { MOST_TILLS }
    }

    /// The homes of allowances and orders. None if the pool has no tickets.
    pub fn tills(&self, pool: PoolName) -> Vec<TillName> {
        self.tickets.map_or_else(Vec::new, |_| TillName::all(pool, self.till_count()))
    }

    /// What a till is told when it is opened.
    pub fn till_terms(&self) -> Option<TillTerms> {
        let TicketSetup { hold_max_s, .. } = self.tickets?;
        Some(TillTerms { limits: self.limits, hold_max_s, closes_at: self.closes_at })
    }

    pub fn boxes(&self, pool: PoolName) -> Vec<BoxName> {
        self.ballots.map_or_else(Vec::new, |ballots| BoxName::all(pool, ballots.boxes))
    }

    /// What a box is told when it is opened.
    pub fn box_terms(&self) -> Option<ballots::BoxTerms> {
        Some(ballots::BoxTerms { closes_at: self.closes_at, most: self.ballots?.most_per_box })
    }
}
