//! What of each label is free, held and sold.
//!
//! Only what is held is counted here. How much of a label is taken the stock tells, as it does of
//! any pattern, and what is taken and not held is sold.

use super::stock::{Stock, Ticket};
use super::terms::SliceLabel;
use serde::{Deserialize, Serialize};

#[derive(Default)]
pub struct LabelBooks(Vec<HeldOfLabel>);

struct HeldOfLabel {
    label: SliceLabel,
    held: u64,
}

/// The conservation law holds for each label, too. A ticket counts for each that it bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelLedger {
    /// Its place among the labels of the pool.
    pub place: u8,
    pub stock: u64,
    pub free: u64,
    pub held: u64,
    pub sold: u64,
}

impl LabelBooks {
    pub fn of(labels: &[SliceLabel]) -> LabelBooks {
        LabelBooks(labels.iter().map(|label| HeldOfLabel { label: *label, held: 0 }).collect())
    }

    pub fn hold(&mut self, tickets: &[Ticket]) {
        self.0.iter_mut().for_each(|one| one.held += one.of(tickets));
    }

    pub fn let_go(&mut self, tickets: &[Ticket]) {
        self.0.iter_mut().for_each(|one| one.held -= one.of(tickets));
    }

    pub fn ledgers(&self, stock: &Stock) -> Vec<LabelLedger> {
        self.0.iter().map(|one| one.ledger(stock)).collect()
    }

    /// How far they are from telling what these live holds do.
    pub fn imbalance<'a>(&self, live: impl Iterator<Item = &'a [Ticket]> + Clone) -> i64 {
        let off = |one: &HeldOfLabel| {
            let counted: u64 = live.clone().map(|tickets| one.of(tickets)).sum();
            (one.held as i64 - counted as i64).abs()
        };
        self.0.iter().map(off).sum()
    }
}

impl HeldOfLabel {
    /// How many of these bear it.
    fn of(&self, tickets: &[Ticket]) -> u64 {
        tickets.iter().filter(|ticket| self.label.pattern.matches(ticket.number)).count() as u64
    }

    fn ledger(&self, stock: &Stock) -> LabelLedger {
        let (free, all) = stock.matching(&self.label.pattern);
        let sold = (all - free).saturating_sub(self.held);
        LabelLedger { place: self.label.place, stock: all, free, held: self.held, sold }
    }
}

impl LabelLedger {
    /// One that nothing is known of.
    pub fn of(place: u8) -> LabelLedger {
        LabelLedger { place, stock: 0, free: 0, held: 0, sold: 0 }
    }
}

impl std::ops::AddAssign for LabelLedger {
    fn add_assign(&mut self, other: LabelLedger) {
        self.stock += other.stock;
        self.free += other.free;
        self.held += other.held;
        self.sold += other.sold;
    }
}
