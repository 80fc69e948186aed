//! Free codes that expire before their batch does, each at an end of its own.
//!
//! Which codes are free a range knows as a number, and which of them are worth something else their
//! cards say. Here stands what the head must know of them: what is to happen when, and which are
//! not free any more. As long as a batch has none, it has none of this.

use crate::domain::coupons::coupon::Slot;
use crate::domain::coupons::touched::Taken;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[derive(Default, Serialize, Deserialize)]
pub(super) struct OwnEnds {
    /// Those that will expire, as they were imported. What was assigned may still stand here if its
    /// batch was given another end; it is passed by.
    ahead: BTreeSet<(Time, Slot)>,
    /// Codes that cannot be assigned: whatever was touched, and those that have expired.
    closed: Taken,
    /// How many free ones have expired.
    expired: u64,
}

impl OwnEnds {
    pub(super) fn beside(taken: &Taken) -> OwnEnds {
        OwnEnds { closed: taken.clone(), ..OwnEnds::default() }
    }

    pub(super) fn first(&self) -> Option<Time> {
        self.ahead.first().map(|(at, _)| *at)
    }

    /// The first slot to which nothing happened yet, and which has not expired.
    pub(super) fn next_free(&self) -> Slot {
        self.closed.next()
    }

    pub(super) fn closed(&self) -> u64 {
        self.closed.count()
    }

    pub(super) fn expired(&self) -> u64 {
        self.expired
    }

    pub(super) fn will_expire(&mut self, slot: Slot, at: Time) {
        self.ahead.insert((at, slot));
    }

    /// A free one has expired.
    pub(super) fn pass(&mut self, slot: Slot) {
        if !self.closed.has(slot) {
            self.closed.take(slot);
            self.expired += 1;
        }
    }

    /// Something happens to one that was to expire then.
    pub(super) fn touch(&mut self, slot: Slot, expires_at: Time) {
        self.ahead.remove(&(expires_at, slot));
        self.closed.take(slot);
    }

    pub(super) fn expire(&mut self, until: Time) {
        while let Some((_, slot)) = self.ahead.first().copied().filter(|(at, _)| *at <= until) {
            self.ahead.pop_first();
            self.pass(slot);
        }
    }

    /// None of them expires by itself any more.
    pub(super) fn forget_ends(&mut self) {
        self.ahead.clear();
    }
}
