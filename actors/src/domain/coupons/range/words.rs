//! What a range is told and asked, what happens, and why not.

use crate::domain::coupons::coupon::{CouponView, Slot, Tenure};
use crate::domain::coupons::filter::CouponFilter;
use crate::domain::coupons::ledger::{CouponLedger, Walk, Walked};
use crate::domain::coupons::offer::Offer;
use crate::domain::coupons::redeem;
use crate::id::Id;
use crate::machine::Refused;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// What the batch's creation fixed for each of its ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RangeTerms {
    /// How many coupons this range has.
    pub count: u64,
    pub offer: Offer,
    pub expires_at: Time,
    /// Each member at most one. The range is chosen by the member, so that one owner keeps the
    /// limit.
    pub one_per_member: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    Open(RangeTerms),
    /// The next free one, for that member; `source` makes it repeatable for ever.
    Assign {
        member: Id,
        source: Option<Id>,
    },
    /// This one, for that member.
    Give {
        slot: Slot,
        member: Id,
    },
    Redeem(redeem::Command),
    /// Nothing is assigned until `Resume`. What was assigned can be used.
    Pause,
    Resume,
    /// All of them expire then, those that are assigned, too.
    Extend {
        expires_at: Time,
    },
    /// Whatever is neither held nor used.
    VoidAll,
    /// Nothing happens to any until `Thaw`, if nothing has. Once all parts of a batch have agreed,
    /// it can be revised or withdrawn, and none of them can object any more. Each time is a turn:
    /// the batch's first part gives the next one (none is said), and all others are told which. A
    /// part that is frozen in a later turn obeys no earlier one.
    Freeze {
        turn: Option<u32>,
    },
    /// What is frozen in that turn, or in an earlier one.
    Thaw {
        turn: u32,
    },
    Revise {
        offer: Offer,
        expires_at: Time,
        turn: u32,
    },
    Withdraw {
        turn: u32,
    },
    /// Those that the filter means, from that slot on, some at a time. Repeat until it says that
    /// none is left.
    VoidThose {
        job: Id,
        filter: CouponFilter,
        from: Slot,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Opened(RangeTerms),
    Assigned {
        slot: Slot,
        member: Id,
        source: Option<Id>,
        expires_at: Time,
        /// The member gets no other.
        only_one: bool,
    },
    Redeemed(redeem::Event),
    Paused,
    Resumed,
    Extended {
        expires_at: Time,
    },
    /// So many that nobody had, and so many that were assigned. What comes back from a use later is
    /// void, too.
    AllVoided(VoidedCounts),
    /// Of a time before there were turns.
    Frozen,
    Thawed,
    Revised {
        offer: Offer,
        expires_at: Time,
    },
    /// They are void, and the batch is as if it had never been.
    Withdrawn,
    /// Some were voided for a job; so many that is by now, and there it goes on.
    VoidedThose {
        job: Id,
        coupons: Vec<VoidedCoupon>,
        next: Option<Slot>,
        counts: VoidedCounts,
    },
    FrozenInTurn(u32),
}

/// A coupon of several that were voided at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VoidedCoupon {
    pub slot: Slot,
    pub owner: Id,
    pub tenure: Tenure,
}

/// How far a job that voids coupons has come in a range, and how many it has voided there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoidingSoFar {
    /// None: it is through.
    pub next: Option<Slot>,
    pub counts: VoidedCounts,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoidedCounts {
    pub free: u64,
    pub assigned: u64,
}

impl std::iter::Sum for VoidedCounts {
    fn sum<I: Iterator<Item = VoidedCounts>>(all: I) -> VoidedCounts {
        all.fold(VoidedCounts::default(), |sum, one| VoidedCounts {
            free: sum.free + one.free,
            assigned: sum.assigned + one.assigned,
        })
    }
}

/// In order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// The range was not told its terms yet. The shell tells it, and asks again.
    NotOpened,
    NotAdmin,
    /// The source has another member's coupon.
    SourceReused,
    /// A given coupon would get around the limit of one per member.
    OnePerMember,
    Expired,
    AlreadyAssigned,
    /// None is left here.
    Exhausted,
    Coupon(redeem::Refusal),
    /// The whole batch is void.
    AllVoid,
    Paused,
    /// An expiry only moves later.
    OnlyLater,
    /// Something of it was assigned, or voided.
    InUse,
    /// Not in that turn: not all parts of the batch have agreed, or a later one has begun.
    NotFrozen,
    /// None is to be voided among those looked at; there it goes on.
    NoneHere {
        next: Slot,
    },
}

impl Refused for Refusal {
    fn may_be_had_elsewhere(&self) -> bool {
        *self == Refusal::Exhausted
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub enum Question {
    Coupon(Slot),
    Coupons(Vec<Slot>),
    /// Which coupon a source has got.
    Source(Id),
    Walk(Walk),
    Ledger,
    Overview,
    /// How many would be voided of those from that slot on, as far as one look goes.
    WouldVoid {
        filter: CouponFilter,
        from: Slot,
    },
    /// How far a job has come here.
    VoidedBy(Id),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    NotOpened,
    Coupon(Option<CouponView>),
    Coupons(Vec<Option<CouponView>>),
    Source(Option<(Slot, CouponView)>),
    Walked(Walked),
    Ledger(CouponLedger),
    Overview(RangeOverview),
    WouldVoid { counts: VoidedCounts, next: Option<Slot> },
    VoidedBy(Option<VoidingSoFar>),
}

/// How a range stands as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RangeOverview {
    pub terms: RangeTerms,
    /// Also while it is frozen.
    pub paused: bool,
    pub void: bool,
    pub withdrawn: bool,
    /// Somebody revises or withdraws the batch, or has died over it.
    pub frozen: bool,
}
