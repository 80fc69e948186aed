//! What is counted of the touched coupons of one partition, and those that are held. A coupon is
//! touched once anything has happened to it.
//!
//! It holds what is live, never what was handed out: the other coupons lie on cards. Every change
//! keeps the counts, the ends of holds and the expiries in step. Nothing here decides; nothing here
//! fails. Expiry is one number: all that expires up to that instant has expired, however many there
//! are. So is what happens to all of them at once: each coupon is read as that has left it.

use super::coupon::{Coupon, CouponPhase, Pending, Slot, Tenure};
use super::life::CouponState;
use super::redeem::{Event, LapsedHold};
use crate::id::Id;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default, Serialize, Deserialize)]
pub struct Book {
    expired_until: Time,
    /// How far notices have come, by the days before the expiry and the end of the window of
    /// expiries.
    noticed: BTreeMap<(u16, Time), Slot>,
    held: BTreeMap<Slot, Coupon>,
    ends: BTreeSet<(Time, Slot)>,
    /// How many assigned ones will expire when.
    alive: BTreeMap<Time, u64>,
    tally: Tally,
    extended: Option<Extension>,
    void: Option<VoidSince>,
}

/// Nothing that had not expired by then expires before `to`.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Extension {
    to: Time,
    expired_until: Time,
}

/// All that was neither held nor used nor expired is void, and what comes back from a use is, too.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct VoidSince {
    at: Time,
    expired_until: Time,
}

/// How many there are in each state; together they are all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub created: u64,
    pub assigned: u64,
    pub held: u64,
    pub used: u64,
    pub expired: u64,
    pub void: u64,
}

impl Book {
    pub fn held(&self, slot: Slot) -> Option<&Coupon> {
        self.held.get(&slot)
    }

    pub fn len(&self) -> u64 {
        self.tally.all()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn expired_until(&self) -> Time {
        self.expired_until
    }

    pub fn tally(&self) -> Tally {
        self.tally
    }

    pub fn is_void(&self) -> bool {
        self.void.is_some()
    }

    /// The coupon, as what happened to all of them has left it.
    pub fn as_it_is(&self, mut coupon: Coupon) -> Coupon {
        coupon.tenure.expires_at = self.expiry(coupon.tenure.expires_at);
        if let CouponPhase::Created | CouponPhase::Assigned = coupon.phase
            && let Some(void) = self.void_since(coupon.tenure.expires_at)
        {
            coupon.phase = CouponPhase::Void(void.at);
        }
        coupon
    }

    /// When what was to expire then does, as extensions have left it.
    pub(super) fn expiry(&self, expires_at: Time) -> Time {
        match self.extended {
            Some(extended) if expires_at > extended.expired_until => extended.to.max(expires_at),
            _ => expires_at,
        }
    }

    pub(super) fn is_extended(&self) -> bool {
        self.extended.is_some()
    }

    /// Whether what expires then was voided with all.
    pub(super) fn voids(&self, expires_at: Time) -> bool {
        self.void_since(expires_at).is_some()
    }

    fn void_since(&self, expires_at: Time) -> Option<VoidSince> {
        self.void.filter(|void| expires_at > void.expired_until)
    }

    pub fn noticed(&self, days: u16, until: Time) -> Option<Slot> {
        self.noticed.get(&(days, until)).copied()
    }

    pub fn first_hold_end(&self) -> Option<Time> {
        self.ends.first().map(|(until, _)| *until)
    }

    pub fn first_expiry(&self) -> Option<Time> {
        self.alive.first_key_value().map(|(at, _)| *at)
    }

    /// Whether any that is assigned expires from `since` on and before `until`.
    pub fn has_alive(&self, since: Time, until: Time) -> bool {
        since < until && self.alive.range(since..until).next().is_some()
    }

    /// The first holds that are over at `now`.
    pub fn over(&self, now: Time, most: usize) -> Vec<LapsedHold> {
        let due = self.ends.iter().take_while(|(until, _)| *until <= now).take(most);
        due.filter_map(|(_, slot)| {
            let Coupon { owner, tenure, .. } = self.held.get(slot)?.clone();
            Some(LapsedHold { slot: *slot, owner, tenure })
        })
        .collect()
    }

    /// A coupon is assigned that was untouched.
    pub fn assign(&mut self, expires_at: Time) {
        self.comes_alive(expires_at);
    }

    /// None expires before that, whatever it was given with. What has expired stays so, also when
    /// all are extended again.
    pub fn extend(&mut self, expires_at: Time) {
        let expired_until = self.extended.map_or(self.expired_until, |first| first.expired_until);
        self.extended = Some(Extension { to: expires_at, expired_until });
        let later = self.alive.split_off(&expires_at);
        let moved: u64 = std::mem::replace(&mut self.alive, later).values().sum();
        if moved > 0 {
            *self.alive.entry(expires_at).or_default() += moved;
        }
    }

    /// As long as none was touched, another end is the only one.
    pub fn take_back_extension(&mut self) {
        self.extended = None;
    }

    /// All that are assigned, and all that will be given back.
    pub fn void_all(&mut self, at: Time) {
        self.alive.clear();
        self.tally.void += std::mem::take(&mut self.tally.assigned);
        self.void = Some(VoidSince { at, expired_until: self.expired_until });
    }

    pub fn apply(&mut self, event: &Event, at: Time) {
        match event {
            Event::Held { slot, owner, tenure, what, until } => {
                self.leaves_the_living(tenure.expires_at);
                self.tally.held += 1;
                self.ends.insert((*until, *slot));
                let phase =
                    CouponPhase::Held(Pending { since: at, until: *until, what: what.clone() });
                self.held.insert(*slot, Coupon { owner: *owner, tenure: tenure.clone(), phase });
            }
            Event::Used { slot, tenure, .. } => {
                if !self.end_hold(*slot) {
                    self.leaves_the_living(tenure.expires_at);
                }
                self.tally.used += 1;
            }
            Event::Cancelled { slot, tenure, .. } => {
                if !self.end_hold(*slot) {
                    self.tally.used -= 1;
                }
                self.comes_alive(tenure.expires_at);
            }
            Event::Voided { owner, tenure, .. } => {
                if !is_untouched(*owner, tenure) {
                    self.leaves_the_living(tenure.expires_at);
                }
                self.tally.void += 1;
            }
            Event::Lapsed { holds } => {
                for LapsedHold { slot, tenure, .. } in holds {
                    if self.end_hold(*slot) {
                        self.comes_alive(tenure.expires_at);
                    }
                }
            }
            Event::Expired { until } => self.expire(*until),
            Event::Noticed { days, until, coupons, .. } => {
                if let Some((last, _)) = coupons.last() {
                    self.noticed.insert((*days, *until), *last);
                }
            }
        }
    }

    /// False if the coupon was not held.
    fn end_hold(&mut self, slot: Slot) -> bool {
        let Some(coupon) = self.held.remove(&slot) else { return false };
        if let CouponPhase::Held(pending) = &coupon.phase {
            self.ends.remove(&(pending.until, slot));
        }
        self.tally.held -= 1;
        true
    }

    fn comes_alive(&mut self, expires_at: Time) {
        let expires_at = self.expiry(expires_at);
        if self.void_since(expires_at).is_some() {
            self.tally.void += 1;
        } else if expires_at <= self.expired_until {
            self.tally.expired += 1;
        } else {
            self.tally.assigned += 1;
            *self.alive.entry(expires_at).or_default() += 1;
        }
    }

    fn leaves_the_living(&mut self, expires_at: Time) {
        let expires_at = self.expiry(expires_at);
        self.tally.assigned -= 1;
        if let Some(alive) = self.alive.get_mut(&expires_at) {
            *alive -= 1;
            if *alive == 0 {
                self.alive.remove(&expires_at);
            }
        }
    }

    fn expire(&mut self, until: Time) {
        self.expired_until = self.expired_until.max(until);
        while let Some(first) = self.alive.first_entry().filter(|first| *first.key() <= until) {
            let alive = first.remove();
            self.tally.assigned -= alive;
            self.tally.expired += alive;
        }
        self.noticed.retain(|(_, window_end), _| *window_end > until);
    }

    /// How far the counts are from each other.
    pub fn imbalance(&self) -> i64 {
        let alive: u64 = self.alive.values().sum();
        alive.abs_diff(self.tally.assigned) as i64
            + (self.ends.len() as u64).abs_diff(self.tally.held) as i64
            + (self.held.len() as u64).abs_diff(self.tally.held) as i64
    }
}

/// Whether the event is the first that happens to the coupon.
fn is_untouched(owner: Id, tenure: &Tenure) -> bool {
    owner == Id::SYSTEM && tenure.assigned_at == Time::default()
}

impl Tally {
    pub fn all(&self) -> u64 {
        self.created + self.assigned + self.held + self.used + self.expired + self.void
    }

    /// For whoever counts coupons one by one.
    pub fn count(&mut self, state: CouponState) {
        *match state {
            CouponState::Created => &mut self.created,
            CouponState::Assigned => &mut self.assigned,
            CouponState::Held => &mut self.held,
            CouponState::Used => &mut self.used,
            CouponState::Expired => &mut self.expired,
            CouponState::Void => &mut self.void,
        } += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coupons_are_counted_one_by_one_where_they_stand() {
        let mut tally = Tally::default();
        for (state, times) in CouponState::ALL.into_iter().zip(1..) {
            (0..times).for_each(|_| tally.count(state));
        }
        let Tally { created, assigned, held, used, expired, void } = tally;
        assert_eq!([created, assigned, held, used, expired, void], [1, 2, 3, 4, 5, 6]);
        assert_eq!(tally.all(), 21);
    }
}
