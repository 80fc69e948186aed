//! What a voiding is, what it is told and asked, what happens, and why not.

use crate::domain::coupons::coupon::Slot;
use crate::domain::coupons::filter::CouponFilter;
use crate::domain::coupons::names::Serial;
use crate::domain::coupons::range::VoidedCounts;
use crate::machine::Refused;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// What a voiding is, fixed when it is created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoidingPlan {
    pub batch: Serial,
    pub filter: CouponFilter,
    /// Counts what would be voided, and voids nothing.
    pub dry_run: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VoidingState {
    Running,
    /// It was told to end; the coupons under way are still counted.
    Cancelling,
    Finished,
    Cancelled,
}

/// How far it has come: all parts of the batch before one, and that one up to a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoidingProgress {
    pub part: u8,
    pub slot: Slot,
    /// In the parts before.
    pub before: VoidedCounts,
    /// In this part, as it says itself.
    pub here: VoidedCounts,
}

impl VoidingProgress {
    pub fn voided(&self) -> VoidedCounts {
        [self.before, self.here].into_iter().sum()
    }

    /// At the beginning of the next part.
    pub fn with_next_part(&self) -> VoidingProgress {
        let (part, before) = (self.part.saturating_add(1), self.voided());
        VoidingProgress { part, before, ..VoidingProgress::default() }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VoidingView {
    pub plan: VoidingPlan,
    pub state: VoidingState,
    pub progress: VoidingProgress,
    pub created_at: Time,
    pub ended_at: Option<Time>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    Create(VoidingPlan),
    Advance(VoidingProgress),
    Finish,
    Cancel,
    /// Nothing is under way any more in a job that is to be cancelled.
    Stop,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Planned(VoidingPlan),
    /// Where it is now, not what was added.
    Advanced(VoidingProgress),
    Finished,
    Cancelling,
    Cancelled,
}

/// In order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    Unknown,
    /// It has ended, one way or another.
    Ended,
    /// It does not follow from where the job is.
    OutOfStep,
}

impl Refused for Refusal {}

/// All that is known of it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Question;

/// None: there is no such job.
pub type Answer = Option<VoidingView>;
