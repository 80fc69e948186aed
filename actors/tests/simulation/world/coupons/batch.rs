//! The auditor's own idea of a range of a batch, or of the part of an imported batch that is on one
//! rack.

use super::super::right::{Answered, Right};
use super::pool::Pool;
use actors::domain::coupons::range::{
    Command, Event, RangeTerms, Refusal, VoidedCounts, VoidedCoupon,
};
use actors::domain::coupons::{CouponFilter, CouponLedger, CouponState, redeem};
use actors::machine::Role;
use actors::{Caller, Id, Time};
use std::collections::BTreeMap;

pub struct Batch {
    pub terms: RangeTerms,
    pub opened: bool,
    pub over: bool,
    pub paused: bool,
    frozen: bool,
    /// The last in which it froze.
    turn: u32,
    pub withdrawn: bool,
    /// By an administrator, and not because it was withdrawn.
    voided: bool,
    pub pool: Pool,
    sources: BTreeMap<Id, u64>,
    /// How many were voided for each job.
    voidings: BTreeMap<Id, VoidedCounts>,
}

impl Batch {
    pub fn new(terms: RangeTerms) -> Batch {
        Batch {
            terms,
            opened: false,
            over: false,
            paused: false,
            frozen: false,
            turn: 0,
            withdrawn: false,
            voided: false,
            pool: Pool::default(),
            sources: BTreeMap::new(),
            voidings: BTreeMap::new(),
        }
    }

    pub fn ledger(&self) -> Option<CouponLedger> {
        self.opened.then(|| self.pool.ledger(self.terms.count, self.over))
    }

    /// The first without an owner.
    pub fn next(&self) -> Option<u64> {
        (0..self.terms.count).find(|slot| !self.pool.coupons.contains_key(slot))
    }

    pub fn record(&mut self, event: &Event, at: Time) {
        if !is_expiry(event) {
            assert!(
                !self.opened || self.over || self.pool.void || at < self.terms.expires_at,
                "{event:?} came before the batch expired"
            );
            self.pool.nothing_is_overdue(at);
        }
        match event {
            Event::Opened(terms) => {
                assert!(!self.opened && *terms == self.terms);
                self.opened = true;
            }
            Event::Assigned { slot, member, source, expires_at, only_one } => {
                let said = (*expires_at, *only_one);
                assert_eq!(said, (self.terms.expires_at, self.terms.one_per_member));
                assert!(self.opened && !self.over && *slot < self.terms.count, "assigned {slot}");
                assert!(!self.paused && !self.frozen && !self.pool.void, "assigned {slot}");
                let has_one = self.pool.coupons.values().any(|one| one.owner == *member);
                assert!(!self.terms.one_per_member || !has_one, "{member:?} has one");
                self.pool.assign(*slot, *member, at, self.terms.expires_at);
                if let Some(source) = source {
                    assert_eq!(
                        self.sources.insert(*source, *slot),
                        None,
                        "one source, two coupons"
                    );
                }
            }
            Event::Redeemed(event) => {
                assert!(self.opened);
                let (count, over) = (self.terms.count, self.over);
                self.pool.record(event, at, |slot| slot < count && !over);
                if let redeem::Event::Expired { until } = event {
                    self.over |= self.terms.expires_at <= *until && !self.pool.void;
                }
            }
            Event::Paused | Event::Resumed => {
                assert!(self.opened && !self.over && !self.pool.void);
                assert_eq!(self.paused, *event == Event::Resumed);
                self.paused = *event == Event::Paused;
            }
            Event::Extended { expires_at } => {
                assert!(self.opened && !self.over && !self.pool.void);
                assert!(*expires_at > self.terms.expires_at, "it expires earlier");
                self.terms.expires_at = *expires_at;
                self.pool.extend(*expires_at);
            }
            Event::Frozen => panic!("nobody freezes without a turn"),
            Event::FrozenInTurn(turn) => {
                assert!(*turn > self.turn && self.pool.coupons.is_empty());
                (self.turn, self.frozen) = (*turn, !self.withdrawn);
            }
            Event::Thawed => assert!(std::mem::take(&mut self.frozen)),
            Event::Revised { offer, expires_at } => {
                assert!(self.opened && !self.over && !self.pool.void);
                assert!(self.frozen && self.pool.coupons.is_empty(), "somebody has built on it");
                assert_ne!((*offer, *expires_at), (self.terms.offer, self.terms.expires_at));
                (self.terms.offer, self.terms.expires_at) = (*offer, *expires_at);
            }
            Event::VoidedThose { job, coupons, next, counts } => {
                assert!(self.opened && !self.over && !self.pool.void && !self.frozen);
                assert_eq!(*next, None, "so few are looked at in one go");
                for VoidedCoupon { slot, owner, tenure } in coupons.clone() {
                    let voided = redeem::Event::Voided { slot, owner, tenure };
                    self.pool.record(&voided, at, |slot| slot < self.terms.count);
                }
                let free = coupons.iter().filter(|one| one.owner == Id::SYSTEM).count() as u64;
                assert_eq!((counts.free, counts.assigned), (free, coupons.len() as u64 - free));
                assert_eq!(self.voidings.insert(*job, *counts), None, "one job, voided twice");
            }
            Event::Withdrawn => {
                assert!(self.frozen && self.pool.coupons.is_empty(), "somebody has built on it");
                (self.frozen, self.withdrawn) = (false, true);
                self.pool.void_all();
            }
            Event::AllVoided(counts) => {
                assert!(self.opened && !self.over && !self.pool.void);
                let books = self.pool.ledger(self.terms.count, false);
                assert_eq!((counts.free, counts.assigned), (books.available, books.assigned));
                self.voided = true;
                self.pool.void_all();
            }
        }
    }

    pub fn right(&self, command: &Command, caller: &Caller) -> Right<Refusal> {
        match command {
            Command::Open(_) => Ok(if self.opened { Answered::Already } else { Answered::New }),
            _ if !self.opened => Err(Refusal::NotOpened),
            Command::Assign { member, source } => self.right_to_assign(*member, *source),
            Command::Give { slot, member } => self.right_to_give(*slot, *member, caller),
            Command::Redeem(redeem::Command::Void { .. }) if self.frozen => Err(Refusal::Paused),
            Command::Redeem(command) => {
                let free = |slot| (slot < self.terms.count).then_some(self.over);
                self.pool.right(command, caller, free).map_err(Refusal::Coupon)
            }
            _ if caller.role == Role::Member => Err(Refusal::NotAdmin),
            Command::Freeze { .. } if !self.pool.coupons.is_empty() => Err(Refusal::InUse),
            Command::Freeze { turn: Some(turn) } if *turn < self.turn => Err(Refusal::NotFrozen),
            Command::Freeze { turn: Some(turn) } if *turn == self.turn => {
                let is_repeat = self.frozen || self.withdrawn;
                if is_repeat { Ok(Answered::Already) } else { Err(Refusal::NotFrozen) }
            }
            Command::Thaw { turn } if !self.frozen || *turn < self.turn => Ok(Answered::Already),
            Command::Withdraw { .. } if self.withdrawn => Ok(Answered::Already),
            Command::Withdraw { turn } if !self.has_turn(*turn) => Err(Refusal::NotFrozen),
            Command::Freeze { .. } | Command::Thaw { .. } | Command::Withdraw { .. } => {
                Ok(Answered::New)
            }
            Command::VoidThose { job, .. } if self.voidings.contains_key(job) => {
                Ok(Answered::Already)
            }
            Command::VoidAll if self.voided => Ok(Answered::Already),
            _ if self.pool.void => Err(Refusal::AllVoid),
            _ if self.over => Err(Refusal::Expired),
            Command::Extend { expires_at } if *expires_at < self.terms.expires_at => {
                Err(Refusal::OnlyLater)
            }
            Command::Extend { expires_at } if *expires_at == self.terms.expires_at => {
                Ok(Answered::Already)
            }
            Command::Revise { turn, .. } if self.frozen && *turn != self.turn => {
                Err(Refusal::NotFrozen)
            }
            Command::Revise { offer, expires_at, .. }
                if (*offer, *expires_at) == (self.terms.offer, self.terms.expires_at) =>
            {
                Ok(Answered::Already)
            }
            Command::Revise { .. } if !self.frozen => Err(Refusal::NotFrozen),
            Command::VoidThose { .. } if self.frozen => Err(Refusal::Paused),
            Command::Pause if self.paused => Ok(Answered::Already),
            Command::Resume if !self.paused => Ok(Answered::Already),
            Command::Pause
            | Command::Resume
            | Command::Extend { .. }
            | Command::Revise { .. }
            | Command::VoidThose { .. }
            | Command::VoidAll => Ok(Answered::New),
        }
    }

    fn has_turn(&self, turn: u32) -> bool {
        self.frozen && self.turn == turn
    }

    fn right_to_assign(&self, member: Id, source: Option<Id>) -> Right<Refusal> {
        if self.terms.one_per_member && self.pool.coupons.values().any(|one| one.owner == member) {
            return Ok(Answered::Already);
        }
        match source.and_then(|source| self.sources.get(&source)) {
            Some(slot) if self.pool.coupons[slot].owner == member => Ok(Answered::Already),
            Some(_) => Err(Refusal::SourceReused),
            None if self.pool.void => Err(Refusal::AllVoid),
            None if self.over => Err(Refusal::Expired),
            None if self.paused || self.frozen => Err(Refusal::Paused),
            None if self.next().is_none() => Err(Refusal::Exhausted),
            None => Ok(Answered::New),
        }
    }

    fn right_to_give(&self, slot: u64, member: Id, caller: &Caller) -> Right<Refusal> {
        let state = self.pool.state(slot);
        let his = self.pool.coupons.get(&slot).is_some_and(|one| one.owner == member);
        match state {
            _ if slot >= self.terms.count => Err(Refusal::Coupon(redeem::Refusal::Unknown)),
            _ if self.terms.one_per_member => Err(Refusal::OnePerMember),
            None if self.pool.void => Err(Refusal::AllVoid),
            None if self.over => Err(Refusal::Expired),
            None if self.paused || self.frozen => Err(Refusal::Paused),
            None => Ok(Answered::New),
            Some(_) if !his && caller.role == Role::Member => {
                Err(Refusal::Coupon(redeem::Refusal::NotYours))
            }
            Some(CouponState::Void) => Err(Refusal::Coupon(redeem::Refusal::Void)),
            Some(CouponState::Expired) => Err(Refusal::Expired),
            Some(_) if his => Ok(Answered::Already),
            Some(_) => Err(Refusal::AlreadyAssigned),
        }
    }

    /// Whether that is an answer to the command.
    pub fn answers(command: &Command, event: &Event) -> bool {
        match (command, event) {
            (Command::Open(_), Event::Opened(_)) => true,
            (
                Command::Assign { member, source },
                Event::Assigned { member: to, source: of, .. },
            ) => member == to && (of == source || of.is_none()),
            (
                Command::Give { slot, member },
                Event::Assigned { slot: given, member: to, source: None, .. },
            ) => (slot, member) == (given, to),
            (Command::Redeem(command), Event::Redeemed(event)) => is_answer(command, event),
            (Command::Pause, Event::Paused)
            | (Command::Resume, Event::Resumed)
            | (Command::VoidAll, Event::AllVoided(_))
            | (Command::Thaw { .. }, Event::Thawed)
            | (Command::Withdraw { .. }, Event::Withdrawn) => true,
            (Command::Freeze { turn }, Event::FrozenInTurn(said)) => {
                turn.is_none_or(|turn| turn == *said)
            }
            (Command::VoidThose { job, .. }, Event::VoidedThose { job: of, .. }) => job == of,
            (Command::Extend { expires_at }, Event::Extended { expires_at: to }) => {
                expires_at == to
            }
            (
                Command::Revise { offer, expires_at, .. },
                Event::Revised { offer: said, expires_at: to },
            ) => (offer, expires_at) == (said, to),
            _ => false,
        }
    }

    /// Whether it may be answered although it never happened: it was always so.
    pub fn may_always_be_so(event: &Event) -> bool {
        matches!(
            event,
            Event::Resumed | Event::Thawed | Event::Extended { .. } | Event::Revised { .. }
        ) || matches!(event, Event::Redeemed(redeem::Event::Voided { .. }))
    }

    /// Whether the one was said before the other; a repeat may have been made for another source,
    /// or for none.
    pub fn is_repeat(first: &Event, again: &Event) -> bool {
        match (first, again) {
            (
                Event::Assigned { slot, member, .. },
                Event::Assigned { slot: again, member: to, .. },
            ) => (slot, member) == (again, to),
            // With the terms as they have become meanwhile.
            (Event::Opened(_), Event::Opened(_)) => true,
            // The batch may have been extended meanwhile, and its coupons with it.
            (
                Event::Redeemed(redeem::Event::Used { slot, owner, what, .. }),
                Event::Redeemed(redeem::Event::Used { slot: again, owner: of, what: same, .. }),
            ) => (slot, owner, what) == (again, of, same),
            (
                Event::Redeemed(redeem::Event::Voided { slot, owner, .. }),
                Event::Redeemed(redeem::Event::Voided { slot: again, owner: of, .. }),
            ) => (slot, owner) == (again, of),
            // What it came to is said again, and nothing is voided.
            (
                Event::VoidedThose { job, counts, .. },
                Event::VoidedThose { job: of, counts: same, coupons, .. },
            ) if coupons.is_empty() => (job, counts) == (of, same),
            (first, again) => first == again,
        }
    }

    /// Those that a filter means and that can be voided: of an owner, or those that are nobody's.
    pub fn meant(&self, filter: &CouponFilter) -> Vec<u64> {
        let is_meant = |slot: &u64| match (self.pool.coupons.get(slot), filter.owner) {
            (Some(one), Some(owner)) => {
                one.owner == owner && self.pool.state(*slot) == Some(CouponState::Assigned)
            }
            (None, None) => filter.state == Some(CouponState::Created),
            _ => false,
        };
        (0..self.terms.count).filter(is_meant).collect()
    }

    /// Before it counts: whether it is what the command was to bring about.
    pub fn is_what_was_asked_for(&self, command: &Command, event: &Event) {
        match (command, event) {
            (Command::Assign { source, .. }, Event::Assigned { slot, source: of, .. }) => {
                assert_eq!((Some(*slot), source), (self.next(), of), "the next free one");
            }
            (Command::VoidThose { filter, .. }, Event::VoidedThose { coupons, .. }) => {
                let slots: Vec<u64> = coupons.iter().map(|one| one.slot).collect();
                assert_eq!(slots, self.meant(filter), "those that the filter means");
            }
            _ => {}
        }
    }
}

pub fn is_expiry(event: &Event) -> bool {
    matches!(event, Event::Redeemed(event) if is_end(event))
}

pub fn is_end(event: &redeem::Event) -> bool {
    matches!(event, redeem::Event::Lapsed { .. } | redeem::Event::Expired { .. })
}

pub fn is_answer(command: &redeem::Command, event: &redeem::Event) -> bool {
    use redeem::{Command, Event};
    match (command, event) {
        (
            Command::Use { slot, amount, hold_s: Some(_), .. },
            Event::Held { slot: of, what, .. },
        )
        | (Command::Use { slot, amount, hold_s: None, .. }, Event::Used { slot: of, what, .. }) => {
            slot == of && *amount == what.amount
        }
        (Command::Confirm { slot }, Event::Used { slot: of, .. })
        | (Command::Cancel { slot, .. }, Event::Cancelled { slot: of, .. })
        | (Command::Void { slot }, Event::Voided { slot: of, .. }) => slot == of,
        (Command::Notice { days, .. }, Event::Noticed { days: of, .. }) => days == of,
        _ => false,
    }
}
