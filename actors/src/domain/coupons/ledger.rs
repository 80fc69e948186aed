//! The books of a campaign or a batch, and walks through the coupons behind them.

use super::book::Tally;
use super::coupon::{CouponView, Slot};
use super::life::CouponState;
use crate::machine::Counts;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// The conservation law: issued = available + held + assigned + used + expired + void.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouponLedger {
    pub issued: u64,
    pub available: u64,
    pub held: u64,
    pub assigned: u64,
    pub used: u64,
    pub expired: u64,
    pub void: u64,
    pub imbalance: i64,
}

impl CouponLedger {
    pub fn of(issued: u64, tally: Tally) -> CouponLedger {
        let Tally { created: available, assigned, held, used, expired, void } = tally;
        CouponLedger {
            issued,
            available,
            held,
            assigned,
            used,
            expired,
            void,
            imbalance: issued as i64 - tally.all() as i64,
        }
    }
}

impl CouponLedger {
    pub fn counts(&self) -> Counts {
        let CouponLedger { issued, available, held, assigned, used, expired, void, imbalance: _ } =
            *self;
        let (alive, over) = (
            [("available", available), ("held", held), ("assigned", assigned)],
            [("used", used), ("expired", expired), ("void", void)],
        );
        [("issued", issued)].into_iter().chain(alive).chain(over).collect()
    }
}

impl std::ops::Add for CouponLedger {
    type Output = CouponLedger;

    fn add(self, other: CouponLedger) -> CouponLedger {
        CouponLedger {
            issued: self.issued + other.issued,
            available: self.available + other.available,
            held: self.held + other.held,
            assigned: self.assigned + other.assigned,
            used: self.used + other.used,
            expired: self.expired + other.expired,
            void: self.void + other.void,
            imbalance: self.imbalance + other.imbalance,
        }
    }
}

/// A look at some coupons in the order of their slots.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Walk {
    pub from: Slot,
    pub limit: usize,
    /// Only those that expire from `since` on and before `until`.
    pub since: Time,
    pub until: Time,
    /// Only those in one of these states; all if there is none.
    pub states: Vec<CouponState>,
    /// Those to which anything ever happened.
    pub touched: bool,
    /// Those to which nothing did.
    pub untouched: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Walked {
    pub found: Vec<(Slot, CouponView)>,
    /// Where to go on.
    pub next: Option<Slot>,
}

/// How many coupons one look goes through.
const SCANNED: usize = 1_000;

impl Walk {
    /// Through all touched coupons, from that slot on.
    pub fn all(from: Slot) -> Walk {
        Walk {
            from,
            limit: usize::MAX,
            since: Time(i64::MIN),
            until: Time(i64::MAX),
            states: Vec::new(),
            touched: true,
            untouched: false,
        }
    }

    /// Through these slots, in order, of which each looks like that.
    pub(super) fn through(
        &self,
        slots: impl Iterator<Item = Slot>,
        view: impl Fn(Slot) -> Option<CouponView>,
    ) -> Walked {
        let mut walked = Walked { found: Vec::new(), next: None };
        for (scanned, slot) in slots.enumerate() {
            if scanned == SCANNED || walked.found.len() == self.limit {
                walked.next = Some(slot);
                break;
            }
            if let Some(view) = view(slot).filter(|view| self.wants(view)) {
                walked.found.push((slot, view));
            }
        }
        walked
    }

    pub(super) fn wants(&self, view: &CouponView) -> bool {
        let expires_at = view.coupon.tenure.expires_at;
        expires_at >= self.since
            && expires_at < self.until
            && (self.states.is_empty() || self.states.contains(&view.state))
    }
}
