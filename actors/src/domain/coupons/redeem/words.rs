//! What can be done with a coupon, what happens to it, and why not.

use crate::domain::coupons::coupon::{Slot, Tenure, Use};
use crate::domain::coupons::offer::{self, CancelBy};
use crate::id::Id;
use crate::machine::Refused;
use crate::time::Time;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    /// Uses the coupon; with `hold_s`, only holds it for so long, until the use is confirmed.
    Use {
        slot: Slot,
        amount: Option<u64>,
        reference: Option<Box<str>>,
        hold_s: Option<u32>,
    },
    Confirm {
        slot: Slot,
    },
    /// Takes back a use, or the hold for one; `by` says what the caller is.
    Cancel {
        slot: Slot,
        by: CancelBy,
    },
    Void {
        slot: Slot,
    },
    /// Tells owners, some at a time, that their coupons expire within the window, so many days
    /// ahead. Repeat from `ToldSoFar` until all are told.
    Notice {
        days: u16,
        since: Time,
        until: Time,
        from: Slot,
    },
}

impl Command {
    /// The one coupon that it is about.
    pub fn slot(&self) -> Option<Slot> {
        match self {
            Command::Use { slot, .. }
            | Command::Confirm { slot }
            | Command::Cancel { slot, .. }
            | Command::Void { slot } => Some(*slot),
            Command::Notice { .. } => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Held {
        slot: Slot,
        owner: Id,
        tenure: Tenure,
        what: Use,
        until: Time,
    },
    Used {
        slot: Slot,
        owner: Id,
        tenure: Tenure,
        what: Use,
    },
    /// A use that is taken back is among those of the tenure.
    Cancelled {
        slot: Slot,
        owner: Id,
        tenure: Tenure,
        what: Use,
    },
    Voided {
        slot: Slot,
        owner: Id,
        tenure: Tenure,
    },
    /// Holds whose payment never came.
    Lapsed {
        holds: Vec<LapsedHold>,
    },
    /// Everything that expires up to this instant has expired.
    Expired {
        until: Time,
    },
    /// Owners are told that their coupons expire, up to the end of the window.
    Noticed {
        days: u16,
        until: Time,
        coupons: Vec<(Slot, Id)>,
        expires_at: Vec<Time>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LapsedHold {
    pub slot: Slot,
    pub owner: Id,
    pub tenure: Tenure,
}

/// In order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    NotAdmin,
    /// No such coupon, or it has no owner yet.
    Unknown,
    /// Another member's. The caller is told the same as if there were none.
    NotYours,
    Void,
    Expired,
    /// It waits for a payment.
    Held,
    AlreadyUsed,
    /// No use is waiting.
    NotHeld,
    NotUsed,
    /// Uses of it are taken back by others than the caller.
    CancelledBy(CancelBy),
    Offer(offer::Refusal),
    /// As a notice: none is to be told among those looked at; `next` is where to go on.
    NobodyToTell {
        next: Option<Slot>,
    },
}

impl Refused for Refusal {}
