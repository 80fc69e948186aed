//! The auditor's own idea of coupons that have an owner: a plain map, changed by committed events
//! only, which objects to whatever breaks a rule.
//!
//! It also says what the rule book ought to answer to a command. It shares no code with it.

use super::super::right::{Answered, Right};
use actors::domain::coupons::coupon::{CouponView, Use};
use actors::domain::coupons::redeem::{Command, Event, LapsedHold, Refusal};
use actors::domain::coupons::{CouponLedger, CouponState, offer};
use actors::machine::Role;
use actors::{Caller, Id, Time};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug)]
pub struct One {
    pub owner: Id,
    pub expires_at: Time,
    now: Now,
    uses_cancelled: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Now {
    Assigned,
    Held { until: Time, what: Use },
    Used(Use),
    Expired,
    Void,
}

#[derive(Default)]
pub struct Pool {
    pub coupons: BTreeMap<u64, One>,
    told: BTreeSet<(u16, u64)>,
    expired_until: Time,
    /// All of them, also what comes back.
    pub void: bool,
}

impl Pool {
    pub fn assign(&mut self, slot: u64, owner: Id, at: Time, expires_at: Time) {
        assert!(expires_at > at, "assigned when it had expired");
        let one = One { owner, expires_at, now: Now::Assigned, uses_cancelled: 0 };
        let before = self.coupons.insert(slot, one);
        assert!(before.is_none(), "coupon {slot} was handed out twice, first to {before:?}");
    }

    /// All of them expire then. Whoever was told of the old end may be told of the new one.
    pub fn extend(&mut self, expires_at: Time) {
        self.coupons.values_mut().for_each(|one| one.expires_at = expires_at);
        self.told.clear();
    }

    pub fn void_all(&mut self) {
        self.void = true;
        let alive = self.coupons.values_mut().filter(|one| one.now == Now::Assigned);
        alive.for_each(|one| one.now = Now::Void);
    }

    fn given_back(&self) -> Now {
        if self.void { Now::Void } else { Now::Assigned }
    }

    /// Nothing may happen while something that is over has not been said to be over.
    pub fn nothing_is_overdue(&self, at: Time) {
        let overdue = self.coupons.iter().find(|(_, one)| match one.now {
            Now::Assigned => one.expires_at <= at,
            Now::Held { until, .. } => until <= at,
            _ => false,
        });
        assert!(overdue.is_none(), "something happened at {at:?} before the end of {overdue:?}");
    }

    pub fn record(&mut self, event: &Event, at: Time, is_free: impl Fn(u64) -> bool) {
        let (expired_until, given_back) = (self.expired_until, self.given_back());
        match event {
            Event::Held { slot, owner, what, until, .. } => {
                is_worth_what_it_should(what);
                let one = self.owned(*slot, *owner);
                assert!(
                    one.now == Now::Assigned && *until > at && *until <= one.expires_at,
                    "held until {until:?}: {one:?}"
                );
                one.now = Now::Held { until: *until, what: what.clone() };
            }
            Event::Used { slot, owner, what, .. } => {
                is_worth_what_it_should(what);
                let one = self.owned(*slot, *owner);
                assert!(
                    one.now == Now::Assigned
                        || matches!(&one.now, Now::Held { what: held, .. } if held == what),
                    "used: {one:?}"
                );
                one.now = Now::Used(what.clone());
            }
            Event::Cancelled { slot, owner, what, .. } => {
                let one = self.owned(*slot, *owner);
                match &one.now {
                    Now::Used(used) if used == what => one.uses_cancelled += 1,
                    Now::Held { what: held, .. } if held == what => {}
                    other => panic!("cancelled {what:?}, but it was {other:?}"),
                }
                // What was said to have expired comes back expired.
                let over = one.expires_at <= expired_until;
                one.now = if over { Now::Expired } else { given_back };
            }
            Event::Voided { slot, .. } if !self.coupons.contains_key(slot) => {
                assert!(is_free(*slot), "there is no coupon {slot}");
                self.coupons.insert(
                    *slot,
                    One { owner: Id::SYSTEM, expires_at: at, now: Now::Void, uses_cancelled: 0 },
                );
            }
            Event::Voided { slot, owner, .. } => {
                let one = self.owned(*slot, *owner);
                assert_eq!(one.now, Now::Assigned);
                one.now = Now::Void;
            }
            Event::Lapsed { holds } => {
                for LapsedHold { slot, owner, .. } in holds {
                    let one = self.owned(*slot, *owner);
                    assert!(
                        matches!(one.now, Now::Held { until, .. } if until <= at),
                        "a hold lapsed before its end: {one:?}"
                    );
                    one.now = given_back.clone();
                }
            }
            Event::Expired { until } => {
                assert!(*until <= at, "it expired before its time");
                let over = self
                    .coupons
                    .values_mut()
                    .filter(|one| one.now == Now::Assigned && one.expires_at <= *until);
                over.for_each(|one| one.now = Now::Expired);
                self.expired_until = *until;
            }
            Event::Noticed { days, until, coupons, expires_at } => {
                for ((slot, owner), expires_at) in coupons.iter().zip(expires_at) {
                    let one = self.owned(*slot, *owner).clone();
                    assert!(
                        one.now == Now::Assigned
                            && one.expires_at == *expires_at
                            && one.expires_at < *until,
                        "notice of {one:?}"
                    );
                    assert!(self.told.insert((*days, *slot)), "told twice of {slot}");
                }
            }
        }
    }

    fn owned(&mut self, slot: u64, owner: Id) -> &mut One {
        let one = self.coupons.get_mut(&slot).unwrap_or_else(|| panic!("nobody has {slot}"));
        assert_eq!(one.owner, owner);
        one
    }

    /// `free`: whether the slot has no owner, and whether it has expired so.
    pub fn right(
        &self,
        command: &Command,
        caller: &Caller,
        free: impl Fn(u64) -> Option<bool>,
    ) -> Right<Refusal> {
        let is_member = caller.role == Role::Member;
        let slot = match command {
            Command::Void { .. } if is_member => return Err(Refusal::NotAdmin),
            Command::Use { slot, .. }
            | Command::Confirm { slot }
            | Command::Cancel { slot, .. }
            | Command::Void { slot } => *slot,
            Command::Notice { .. } => return Ok(Answered::New),
        };
        let voids = matches!(command, Command::Void { .. });
        let Some(one) = self.coupons.get(&slot) else {
            return match free(slot).filter(|_| voids) {
                Some(false) if self.void => Ok(Answered::Already),
                Some(false) => Ok(Answered::New),
                Some(true) => Err(Refusal::Expired),
                None => Err(Refusal::Unknown),
            };
        };
        if is_member && one.owner != caller.id {
            return Err(Refusal::NotYours);
        }
        match (&one.now, command) {
            (Now::Void, _) if voids => Ok(Answered::Already),
            (Now::Void, _) => Err(Refusal::Void),
            (Now::Expired, _) => Err(Refusal::Expired),
            (Now::Held { .. }, Command::Confirm { .. } | Command::Cancel { .. })
            | (Now::Used(_), Command::Cancel { .. }) => Ok(Answered::New),
            (Now::Held { .. }, _) => Err(Refusal::Held),
            (Now::Used(_), Command::Confirm { .. }) => Ok(Answered::Already),
            (Now::Used(_), _) => Err(Refusal::AlreadyUsed),
            (Now::Assigned, Command::Confirm { .. }) => Err(Refusal::NotHeld),
            (Now::Assigned, Command::Cancel { .. }) => Err(Refusal::NotUsed),
            (Now::Assigned, Command::Use { amount, .. })
                if amount.is_none_or(|amount| amount < 1000) =>
            {
                Err(Refusal::Offer(offer::Refusal::BelowMinimum { min_amount: 1000 }))
            }
            (Now::Assigned, _) => Ok(Answered::New),
        }
    }

    pub fn state(&self, slot: u64) -> Option<CouponState> {
        self.coupons.get(&slot).map(|one| match one.now {
            Now::Assigned => CouponState::Assigned,
            Now::Held { .. } => CouponState::Held,
            Now::Used(_) => CouponState::Used,
            Now::Expired => CouponState::Expired,
            Now::Void => CouponState::Void,
        })
    }

    /// Of so many issued; `over` says what became of those without an owner.
    pub fn ledger(&self, issued: u64, over: bool) -> CouponLedger {
        let of = |state| {
            self.coupons.keys().filter(|slot| self.state(**slot) == Some(state)).count() as u64
        };
        let untouched = issued - self.coupons.len() as u64;
        let (available, expired, untouched_void) = match (self.void, over) {
            (_, true) => (0, untouched, 0),
            (true, false) => (0, 0, untouched),
            (false, false) => (untouched, 0, 0),
        };
        let (held, assigned, used, void) = (
            of(CouponState::Held),
            of(CouponState::Assigned),
            of(CouponState::Used),
            of(CouponState::Void),
        );
        CouponLedger {
            issued,
            available,
            held,
            assigned,
            used,
            expired: expired + of(CouponState::Expired),
            void: void + untouched_void,
            imbalance: 0,
        }
    }

    /// Whether that is what is known of the coupon.
    pub fn is_shown(&self, slot: u64, view: &Option<CouponView>) -> bool {
        match (self.coupons.get(&slot), view) {
            (Some(one), Some(view)) => {
                let same = (view.coupon.owner, view.coupon.tenure.past.len())
                    == (one.owner, one.uses_cancelled);
                same && Some(view.state) == self.state(slot)
            }
            (None, Some(view)) => {
                let is_void = view.state == CouponState::Void;
                (self.void || !is_void)
                    && (is_void
                        || matches!(view.state, CouponState::Created | CouponState::Expired))
                    && view.coupon.owner == Id::SYSTEM
            }
            (None, None) => true,
            (Some(_), None) => false,
        }
    }
}

/// 10 % from 10.00 on, 5.00 at most.
fn is_worth_what_it_should(what: &Use) {
    let amount = what.amount.expect("there is a minimum, so an amount is said");
    let discount = ((amount + 5) / 10).min(500);
    assert!(
        amount >= 1000
            && what.cut.discount == Some(discount)
            && what.cut.payable == Some(amount - discount),
        "{what:?}"
    );
}

/// Nothing that is over is ever shown alive.
pub fn is_alive(view: &CouponView, at: Time) -> bool {
    use actors::domain::coupons::coupon::CouponPhase;
    match (&view.coupon.phase, view.state) {
        (CouponPhase::Held(pending), _) => pending.until > at,
        (_, CouponState::Created | CouponState::Assigned) => view.coupon.tenure.expires_at > at,
        _ => true,
    }
}
