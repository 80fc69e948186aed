//! Which coupons a list is to have, and how far it looks for them at a time.

use crate::between::Between;
use actors::domain::coupons::coupon::{CouponPhase, CouponView};
use actors::domain::coupons::ledger::{Walk, Walked};
use actors::domain::coupons::{CouponState, Serial, Slot};
use actors::{Id, Time};

/// Looks that one page of a list makes, each through a thousand coupons at most. What was not
/// found by then is on a later page.
pub(super) const LOOKS: usize = 16;

/// Coupons of those that were given to somebody or voided. All, if nothing is said.
#[derive(Clone, Debug, Default)]
pub struct WantedCoupons {
    pub batch: Option<Serial>,
    pub state: Option<CouponState>,
    pub owner: Option<Id>,
    /// Of a use that is in force, waits for its payment, or was cancelled.
    pub reference: Option<Box<str>>,
    /// When they were given.
    pub given: Between,
    /// When they were used.
    pub used: Between,
}

impl WantedCoupons {
    pub fn has(&self, view: &CouponView) -> bool {
        let CouponView { state, coupon } = view;
        let used_at = match &coupon.phase {
            CouponPhase::Used(used) => Some(used.at),
            _ => None,
        };
        let assigned_at = (coupon.owner != Id::SYSTEM).then_some(coupon.tenure.assigned_at);
        let is_in = |between: &Between, at: Option<Time>| {
            between.is_open() || at.is_some_and(|at| between.has(at))
        };
        self.state.is_none_or(|wanted| wanted == *state)
            && self.owner.is_none_or(|wanted| wanted == coupon.owner)
            && self.reference.as_deref().is_none_or(|wanted| has_reference(view, wanted))
            && is_in(&self.given, assigned_at)
            && is_in(&self.used, used_at)
    }

    /// A walk from that slot on that finds at least those. Where more is asked than a walk knows,
    /// it looks at as many as one look may.
    pub(super) fn walk(&self, from: Slot, limit: usize) -> Walk {
        let knows_all = self.reference.is_none() && self.given.is_open() && self.used.is_open();
        let is_free = self.state == Some(CouponState::Created);
        let limit = if knows_all { limit } else { usize::MAX };
        let states = self.state.into_iter().collect();
        Walk { limit, states, touched: !is_free, untouched: is_free, ..Walk::all(from) }
    }

    /// Takes of what was found until there are so many; says where to go on.
    pub(super) fn take(
        &self,
        walked: Walked,
        limit: usize,
        found: &mut Vec<(Slot, CouponView)>,
    ) -> Option<Slot> {
        for (slot, view) in walked.found {
            if !self.has(&view) {
                continue;
            }
            if found.len() == limit {
                return Some(slot);
            }
            found.push((slot, view));
        }
        walked.next
    }
}

pub(super) fn has_reference(view: &CouponView, wanted: &str) -> bool {
    let coupon = &view.coupon;
    let past = coupon.tenure.past.iter().map(|past| &past.used.what);
    past.chain(coupon.current_use()).any(|what| what.reference.as_deref() == Some(wanted))
}
