//! Which coupons a list is to have, and how far it looks for them at a time.

use actors::domain::coupons::coupon::CouponView;
use actors::domain::coupons::ledger::{Walk, Walked};
use actors::domain::coupons::{CouponFilter, CouponState, Serial, Slot};

/// Looks that one page of a list makes, each through a thousand coupons at most. What was not
/// found by then is on a later page.
pub(super) const LOOKS: usize = 16;

/// Coupons of those that were given to somebody or voided. All, if nothing is said.
#[derive(Clone, Debug, Default)]
pub struct WantedCoupons {
    pub batch: Option<Serial>,
    pub filter: CouponFilter,
}

impl WantedCoupons {
    pub fn has(&self, view: &CouponView) -> bool {
        self.filter.has(view)
    }

    /// A walk from that slot on that finds at least those. Where more is asked than a walk knows,
    /// it looks at as many as one look may.
    pub(super) fn walk(&self, from: Slot, limit: usize) -> Walk {
        let CouponFilter { state, reference, given, used, .. } = &self.filter;
        let knows_all = reference.is_none() && given.is_open() && used.is_open();
        let is_free = *state == Some(CouponState::Created);
        let limit = if knows_all { limit } else { usize::MAX };
        let states = state.iter().copied().collect();
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
