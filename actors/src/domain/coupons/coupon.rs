//! One touched coupon: its owner, what became of it, and its earlier uses.

use super::life::CouponState;
use super::offer::{Cut, Offer};
use crate::id::Id;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// The number of a coupon within its partition.
pub type Slot = u64;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coupon {
    /// `Id::SYSTEM` until it is assigned.
    pub owner: Id,
    pub tenure: Tenure,
    pub phase: CouponPhase,
}

/// What stays as it is while a coupon is held, used and void. Each event about the coupon says it,
/// so that the whole coupon can be read off the event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tenure {
    pub assigned_at: Time,
    pub expires_at: Time,
    /// Uses that were cancelled.
    pub past: Vec<Past>,
}

/// The state as long as time does not change it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum CouponPhase {
    Created,
    Assigned,
    Held(Pending),
    Used(Used),
    Void(Time),
}

/// What it is used for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Use {
    /// Who used it, if not its owner.
    pub by: Option<Id>,
    pub amount: Option<u64>,
    pub cut: Cut,
    /// The caller's own name for it, such as an order's number.
    pub reference: Option<Box<str>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    pub since: Time,
    pub until: Time,
    pub what: Use,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Used {
    pub at: Time,
    pub what: Use,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Past {
    pub used: Used,
    pub cancelled_at: Time,
}

impl Use {
    pub fn new(
        by: Id,
        owner: Id,
        amount: Option<u64>,
        cut: Cut,
        reference: Option<Box<str>>,
    ) -> Use {
        Use { by: (by != owner).then_some(by), amount, cut, reference }
    }

    /// Who used a coupon of that owner.
    pub fn user(&self, owner: Id) -> Id {
        self.by.unwrap_or(owner)
    }
}

impl Coupon {
    pub fn created(expires_at: Time) -> Coupon {
        let tenure = Tenure { expires_at, ..Tenure::default() };
        Coupon { owner: Id::SYSTEM, tenure, phase: CouponPhase::Created }
    }

    pub fn assigned(owner: Id, at: Time, expires_at: Time) -> Coupon {
        let tenure = Tenure { assigned_at: at, expires_at, past: Vec::new() };
        Coupon { owner, tenure, phase: CouponPhase::Assigned }
    }

    /// Its state when everything that expires up to `expired_until` has expired.
    pub fn state(&self, expired_until: Time) -> CouponState {
        match &self.phase {
            CouponPhase::Created | CouponPhase::Assigned
                if self.tenure.expires_at <= expired_until =>
            {
                CouponState::Expired
            }
            CouponPhase::Created => CouponState::Created,
            CouponPhase::Assigned => CouponState::Assigned,
            CouponPhase::Held(_) => CouponState::Held,
            CouponPhase::Used(_) => CouponState::Used,
            CouponPhase::Void(_) => CouponState::Void,
        }
    }

    /// The use that is in force, or is waiting for its payment.
    pub fn current_use(&self) -> Option<&Use> {
        match &self.phase {
            CouponPhase::Held(pending) => Some(&pending.what),
            CouponPhase::Used(used) => Some(&used.what),
            CouponPhase::Created | CouponPhase::Assigned | CouponPhase::Void(_) => None,
        }
    }
}

/// What a caller who may see a coupon is told of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CouponView {
    pub state: CouponState,
    pub coupon: Coupon,
    /// What it is worth, if that is not what its batch is.
    pub own_offer: Option<Offer>,
}
