//! The touched coupons of one partition, by slot, with everything that is counted of them. A coupon
//! is touched once anything has happened to it.
//!
//! Every change keeps the counts, the ends of holds and the expiries in step. Nothing here decides;
//! nothing here fails. Expiry is one number: all that expires up to that instant has expired,
//! however many there are.

use super::coupon::{Coupon, CouponPhase, CouponView, Slot, Used};
use super::life::CouponState;
use super::redeem::Event;
use crate::id::Id;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub struct Book {
    coupons: BTreeMap<Slot, Coupon>,
    expired_until: Time,
    /// How far notices have come, by the days before the expiry and the end of the window of
    /// expiries.
    noticed: BTreeMap<(u16, Time), Slot>,
    holds: BTreeSet<(Time, Slot)>,
    /// How many will expire when, of those created and of those assigned.
    alive: BTreeMap<Time, Alive>,
    tally: Tally,
}

#[derive(Clone, Copy, Default)]
struct Alive {
    created: u64,
    assigned: u64,
}

/// How many there are in each state; together they are all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub created: u64,
    pub assigned: u64,
    pub held: u64,
    pub used: u64,
    pub expired: u64,
    pub void: u64,
}

impl Book {
    pub fn get(&self, slot: Slot) -> Option<&Coupon> {
        self.coupons.get(&slot)
    }

    pub fn has(&self, slot: Slot) -> bool {
        self.coupons.contains_key(&slot)
    }

    pub fn state(&self, slot: Slot) -> Option<CouponState> {
        self.get(slot).map(|coupon| coupon.state(self.expired_until))
    }

    pub fn view(&self, slot: Slot) -> Option<CouponView> {
        self.get(slot).map(|coupon| CouponView {
            state: coupon.state(self.expired_until),
            coupon: coupon.clone(),
        })
    }

    pub fn len(&self) -> u64 {
        self.coupons.len() as u64
    }

    pub fn is_empty(&self) -> bool {
        self.coupons.is_empty()
    }

    pub fn expired_until(&self) -> Time {
        self.expired_until
    }

    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Coupons from that slot on, in order.
    pub fn from(&self, slot: Slot) -> impl Iterator<Item = (Slot, &Coupon)> {
        self.coupons.range(slot..).map(|(slot, coupon)| (*slot, coupon))
    }

    pub fn noticed(&self, days: u16, until: Time) -> Option<Slot> {
        self.noticed.get(&(days, until)).copied()
    }

    pub fn first_hold_end(&self) -> Option<Time> {
        self.holds.first().map(|(until, _)| *until)
    }

    pub fn first_expiry(&self) -> Option<Time> {
        self.alive.first_key_value().map(|(at, _)| *at)
    }

    /// The first holds that are over at `now`.
    pub fn over(&self, now: Time, most: usize) -> Vec<(Slot, Id)> {
        let due = self.holds.iter().take_while(|(until, _)| *until <= now).take(most);
        due.map(|(_, slot)| (*slot, self.coupons[slot].owner)).collect()
    }

    pub fn put(&mut self, slot: Slot, coupon: Coupon) {
        self.take_away(slot);
        self.count(slot, &coupon, true);
        self.coupons.insert(slot, coupon);
    }

    pub fn take_away(&mut self, slot: Slot) -> Option<Coupon> {
        let coupon = self.coupons.remove(&slot)?;
        self.count(slot, &coupon, false);
        Some(coupon)
    }

    pub fn assign(&mut self, slot: Slot, owner: Id, at: Time, expires_at: Time) {
        self.put(slot, Coupon::assigned(owner, at, expires_at));
    }

    /// What the event means for the coupons. `expires_at` is that of an untouched coupon.
    pub fn apply(&mut self, event: &Event, at: Time, expires_at: Time) {
        match event {
            Event::Held { slot, until, what, .. } => {
                let pending =
                    super::coupon::Pending { since: at, until: *until, what: what.clone() };
                self.change(*slot, |coupon| coupon.phase = CouponPhase::Held(Box::new(pending)));
            }
            Event::Used { slot, what, .. } => {
                let used = Used { at, what: what.clone() };
                self.change(*slot, |coupon| coupon.phase = CouponPhase::Used(Box::new(used)));
            }
            Event::Cancelled { slot, .. } => self.change(*slot, |coupon| {
                if let CouponPhase::Used(used) =
                    std::mem::replace(&mut coupon.phase, CouponPhase::Assigned)
                {
                    coupon.remember(*used, at);
                }
            }),
            Event::Voided { slot, .. } => {
                let untouched = || Coupon::created(expires_at);
                let mut coupon = self.take_away(*slot).unwrap_or_else(untouched);
                coupon.phase = CouponPhase::Void(at);
                self.put(*slot, coupon);
            }
            Event::Lapsed { holds } => holds.iter().for_each(|(slot, _)| {
                self.change(*slot, |coupon| coupon.phase = CouponPhase::Assigned)
            }),
            Event::Expired { until } => self.expire(*until),
            Event::Noticed { days, until, coupons, .. } => {
                if let Some((last, _)) = coupons.last() {
                    self.noticed.insert((*days, *until), *last);
                }
            }
        }
    }

    fn change(&mut self, slot: Slot, change: impl FnOnce(&mut Coupon)) {
        if let Some(mut coupon) = self.take_away(slot) {
            change(&mut coupon);
            self.put(slot, coupon);
        }
    }

    fn expire(&mut self, until: Time) {
        self.expired_until = self.expired_until.max(until);
        while let Some(first) = self.alive.first_entry().filter(|first| *first.key() <= until) {
            let Alive { created, assigned } = first.remove();
            self.tally.created -= created;
            self.tally.assigned -= assigned;
            self.tally.expired += created + assigned;
        }
        self.noticed.retain(|(_, window_end), _| *window_end > until);
    }

    fn count(&mut self, slot: Slot, coupon: &Coupon, in_: bool) {
        let state = coupon.state(self.expired_until);
        step(self.tally.of(state), in_);
        match (&coupon.phase, state) {
            (CouponPhase::Held(pending), _) => self.count_hold(pending.until, slot, in_),
            (_, CouponState::Created | CouponState::Assigned) => {
                self.count_alive(coupon.expires_at, state, in_)
            }
            _ => {}
        }
    }

    fn count_hold(&mut self, until: Time, slot: Slot, in_: bool) {
        if in_ {
            self.holds.insert((until, slot));
        } else {
            self.holds.remove(&(until, slot));
        }
    }

    fn count_alive(&mut self, expires_at: Time, state: CouponState, in_: bool) {
        let alive = self.alive.entry(expires_at).or_default();
        step(
            if state == CouponState::Created { &mut alive.created } else { &mut alive.assigned },
            in_,
        );
        if alive.created + alive.assigned == 0 {
            self.alive.remove(&expires_at);
        }
    }

    /// How far the counts are from what is in the book.
    pub fn imbalance(&self) -> i64 {
        let mut counted = Tally::default();
        self.coupons.values().for_each(|coupon| *counted.of(coupon.state(self.expired_until)) += 1);
        let mut tally = self.tally;
        let apart = CouponState::ALL
            .iter()
            .map(|state| counted.of(*state).abs_diff(*tally.of(*state)))
            .sum::<u64>();
        let alive: u64 = self.alive.values().map(|alive| alive.created + alive.assigned).sum();
        apart as i64
            + alive.abs_diff(counted.created + counted.assigned) as i64
            + (self.holds.len() as u64).abs_diff(counted.held) as i64
    }
}

impl Tally {
    pub fn all(&self) -> u64 {
        self.created + self.assigned + self.held + self.used + self.expired + self.void
    }

    fn of(&mut self, state: CouponState) -> &mut u64 {
        match state {
            CouponState::Created => &mut self.created,
            CouponState::Assigned => &mut self.assigned,
            CouponState::Held => &mut self.held,
            CouponState::Used => &mut self.used,
            CouponState::Expired => &mut self.expired,
            CouponState::Void => &mut self.void,
        }
    }
}

fn step(count: &mut u64, in_: bool) {
    if in_ { *count += 1 } else { *count -= 1 }
}

/// A book as a snapshot keeps it: what the counts are made from again.
#[derive(Serialize, Deserialize)]
struct Kept {
    expired_until: Time,
    noticed: Vec<((u16, Time), Slot)>,
    coupons: BTreeMap<Slot, Coupon>,
}

impl Serialize for Book {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Keep<'a> {
            expired_until: Time,
            noticed: Vec<((u16, Time), Slot)>,
            coupons: &'a BTreeMap<Slot, Coupon>,
        }
        let noticed = self.noticed.iter().map(|(key, slot)| (*key, *slot)).collect();
        Keep { expired_until: self.expired_until, noticed, coupons: &self.coupons }
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Book {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Book, D::Error> {
        let Kept { expired_until, noticed, coupons } = Kept::deserialize(deserializer)?;
        let mut book =
            Book { expired_until, noticed: noticed.into_iter().collect(), ..Book::default() };
        coupons.iter().for_each(|(slot, coupon)| book.count(*slot, coupon, true));
        book.coupons = coupons;
        Ok(book)
    }
}
