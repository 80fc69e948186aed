//! Which coupons are meant, by what is known of each.

use super::coupon::{Coupon, CouponPhase, CouponView};
use super::life::CouponState;
use crate::domain::Between;
use crate::id::Id;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// What is not said does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouponFilter {
    pub state: Option<CouponState>,
    pub owner: Option<Id>,
    /// Of a use that is in force, waits for its payment, or was cancelled.
    pub reference: Option<Box<str>>,
    /// When they were given.
    pub given: Between,
    /// When they were used.
    pub used: Between,
}

impl CouponFilter {
    pub fn has(&self, view: &CouponView) -> bool {
        let CouponView { state, coupon, .. } = view;
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
            && self.reference.as_deref().is_none_or(|wanted| coupon.has_reference(wanted))
            && is_in(&self.given, assigned_at)
            && is_in(&self.used, used_at)
    }
}

impl Coupon {
    /// Whether any use of it has that reference, also one that was cancelled.
    pub fn has_reference(&self, wanted: &str) -> bool {
        let past = self.tenure.past.iter().map(|past| &past.used.what);
        past.chain(self.current_use()).any(|what| what.reference.as_deref() == Some(wanted))
    }
}
