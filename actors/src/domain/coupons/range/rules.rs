//! A share of a batch's coupons: which of them are whose, and what became of them.
//!
//! Rules: untouched coupons are a number, no memory and no disk. The next free one goes to the
//! member who asks. The same `source` always gets the same coupon. Where a member may have only
//! one, they always get the same. A certain coupon can be given, unless that would get around the
//! limit. The whole batch expires in one instant.

use super::words::{Answer, Command, Event, Question, Refusal, Terms};
use crate::cards::Cards;
use crate::domain::coupons::book::{Book, Tally};
use crate::domain::coupons::coupon::{Coupon, CouponView, Slot};
use crate::domain::coupons::ledger::{CouponLedger, Walk, Walked};
use crate::domain::coupons::life::CouponState;
use crate::domain::coupons::names::RangeName;
use crate::domain::coupons::redeem::{self, wrap};
use crate::domain::coupons::rows::{self, CouponHome};
use crate::id::Id;
use crate::machine::{Caller, Counts, Machine, Role, Stamp, Verdict};
use crate::store::Row;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Default, Serialize, Deserialize)]
pub struct Range {
    terms: Option<Terms>,
    book: Book,
    /// Everything below has been assigned or voided.
    next: Slot,
    sources: BTreeMap<Id, Slot>,
    members: BTreeMap<Id, Slot>,
}

impl Machine for Range {
    const KIND: &'static str = "coupons";
    type Name = RangeName;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;
    type Question = Question;
    type Answer = Answer;
    type Witness = ();

    fn decide(
        &self,
        command: &Command,
        caller: &Caller,
        stamp: &Stamp,
        _: &Cards<'_>,
    ) -> Result<Verdict<Event>, Refusal> {
        let terms = match (command, &self.terms) {
            (Command::Open(terms), None) => return Ok(Verdict::New(Event::Opened(*terms))),
            (Command::Open(_), Some(terms)) => return Ok(Verdict::Already(Event::Opened(*terms))),
            (_, None) => return Err(Refusal::NotOpened),
            (_, Some(terms)) => terms,
        };
        match command {
            Command::Open(_) => Err(Refusal::NotOpened),
            Command::Assign { member, source } => self.assign(terms, *member, *source),
            Command::Give { slot, member } => self.give(terms, *slot, *member, caller),
            Command::Redeem(command) => {
                let untouched = match command {
                    redeem::Command::Void { slot } => {
                        self.is_untouched(terms, *slot).then(|| self.untouched(terms).state)
                    }
                    _ => None,
                };
                let decided =
                    redeem::decide(&self.book, &terms.offer, untouched, command, caller, stamp);
                wrap(decided, Event::Redeemed).map_err(Refusal::Coupon)
            }
        }
    }

    fn is_opening(command: &Command) -> bool {
        matches!(command, Command::Open(_))
    }

    fn must_be_opened(refusal: &Refusal) -> bool {
        *refusal == Refusal::NotOpened
    }

    fn is_unopened(answer: &Answer) -> bool {
        *answer == Answer::NotOpened
    }

    fn apply(&mut self, event: &Event, at: Time) {
        match event {
            Event::Opened(terms) => self.terms = Some(*terms),
            Event::Assigned { slot, member, source } => {
                self.book.assign(*slot, *member, at, self.expires_at());
                if let Some(source) = source {
                    self.sources.insert(*source, *slot);
                }
                if self.terms.is_some_and(|terms| terms.one_per_member) {
                    self.members.insert(*member, *slot);
                }
                self.pass_by_taken();
            }
            Event::Redeemed(event) => {
                self.book.apply(event, at, self.expires_at());
                if matches!(event, redeem::Event::Voided { .. }) {
                    self.pass_by_taken();
                }
            }
        }
    }

    fn look(&self, question: &Question, _: &Cards<'_>) -> Answer {
        let Some(terms) = &self.terms else { return Answer::NotOpened };
        match question {
            Question::Coupon(slot) => Answer::Coupon(self.view(terms, *slot)),
            Question::Coupons(slots) => {
                Answer::Coupons(slots.iter().map(|slot| self.view(terms, *slot)).collect())
            }
            Question::Source(source) => {
                let found =
                    self.sources.get(source).and_then(|slot| Some((*slot, self.book.view(*slot)?)));
                Answer::Source(found)
            }
            Question::Walk(walk) => Answer::Walked(self.walk(terms, walk)),
            Question::Ledger => Answer::Ledger(self.ledger(terms)),
        }
    }

    fn due(&self) -> Option<Time> {
        redeem::due(&self.book, self.end())
    }

    fn expire(&self, now: Time) -> Option<Event> {
        redeem::expire(&self.book, self.end(), now).map(Event::Redeemed)
    }

    fn left_for(&self, command: &Command, _: &Caller, _: &Cards<'_>) -> u64 {
        match (command, &self.terms) {
            (Command::Assign { source: Some(source), .. }, _)
                if self.sources.contains_key(source) =>
            {
                u64::MAX
            }
            // A range that was never opened says so when it is asked for real; until then it counts
            // as full.
            (Command::Assign { .. }, None) => u32::MAX as u64,
            (Command::Assign { .. }, Some(terms)) if !self.is_over(terms) => {
                terms.count - self.next
            }
            _ => 0,
        }
    }

    fn rows(name: &RangeName, event: &Event, at: Time, rows: &mut Vec<Row>) {
        match event {
            Event::Assigned { slot, member, .. } => {
                rows.push(rows::of_range(name, *slot, *member, at))
            }
            Event::Redeemed(event) => {
                rows::of_notices(event, at, |slot| CouponHome::Range { name: *name, slot }, rows)
            }
            Event::Opened(_) => {}
        }
    }

    fn books(&self, name: &RangeName) -> Vec<(String, Counts)> {
        self.terms
            .iter()
            .map(|terms| (name.batch.to_string(), self.ledger(terms).counts()))
            .collect()
    }

    fn imbalance(&self) -> i64 {
        let Some(terms) = &self.terms else { return self.book.len() as i64 };
        self.ledger(terms).imbalance.abs() + self.book.imbalance()
    }
}

impl Range {
    /// So many coupons more than before: as a rack imports them.
    pub(in crate::domain::coupons) fn grow(&mut self, by: u64) {
        if let Some(terms) = &mut self.terms {
            terms.count += by;
        }
    }

    pub(in crate::domain::coupons) fn count(&self) -> u64 {
        self.terms.map_or(0, |terms| terms.count)
    }

    fn assign(
        &self,
        terms: &Terms,
        member: Id,
        source: Option<Id>,
    ) -> Result<Verdict<Event>, Refusal> {
        // Before the source, or else a source that another member has used since would take away an
        // answer that was given.
        if let Some(slot) = self.members.get(&member) {
            return Ok(Verdict::Already(Event::Assigned { slot: *slot, member, source: None }));
        }
        if let Some(slot) = source.and_then(|source| self.sources.get(&source)) {
            return match self.book.get(*slot).is_some_and(|coupon| coupon.owner == member) {
                true => Ok(Verdict::Already(Event::Assigned { slot: *slot, member, source })),
                false => Err(Refusal::SourceReused),
            };
        }
        if self.is_over(terms) {
            return Err(Refusal::Expired);
        }
        if self.next >= terms.count {
            return Err(Refusal::Exhausted);
        }
        Ok(Verdict::New(Event::Assigned { slot: self.next, member, source }))
    }

    fn give(
        &self,
        terms: &Terms,
        slot: Slot,
        member: Id,
        caller: &Caller,
    ) -> Result<Verdict<Event>, Refusal> {
        if slot >= terms.count {
            return Err(Refusal::Coupon(redeem::Refusal::Unknown));
        }
        if terms.one_per_member {
            return Err(Refusal::OnePerMember);
        }
        let given = Event::Assigned { slot, member, source: None };
        match self.book.get(slot) {
            Some(coupon) => already_given(coupon, self.book.state(slot), member, caller)
                .map(|()| Verdict::Already(given)),
            None if self.is_over(terms) => Err(Refusal::Expired),
            None => Ok(Verdict::New(given)),
        }
    }

    fn view(&self, terms: &Terms, slot: Slot) -> Option<CouponView> {
        let untouched = || self.is_untouched(terms, slot).then(|| self.untouched(terms));
        self.book.view(slot).or_else(untouched)
    }

    fn untouched(&self, terms: &Terms) -> CouponView {
        let coupon = Coupon::created(terms.expires_at);
        CouponView { state: coupon.state(self.book.expired_until()), coupon }
    }

    fn walk(&self, terms: &Terms, walk: &Walk) -> Walked {
        let whole = walk.untouched.then_some((terms.count, self.untouched(terms)));
        walk.through(&self.book, whole)
    }

    fn ledger(&self, terms: &Terms) -> CouponLedger {
        let untouched = terms.count - self.book.len();
        let Tally { created, expired, .. } = self.book.tally();
        let tally = match self.is_over(terms) {
            true => Tally { expired: expired + untouched, ..self.book.tally() },
            false => Tally { created: created + untouched, ..self.book.tally() },
        };
        CouponLedger::of(terms.count, tally)
    }

    fn is_untouched(&self, terms: &Terms, slot: Slot) -> bool {
        slot < terms.count && !self.book.has(slot)
    }

    fn is_over(&self, terms: &Terms) -> bool {
        terms.expires_at <= self.book.expired_until()
    }

    /// The end of the batch, as long as it lies ahead.
    fn end(&self) -> Option<Time> {
        self.terms.as_ref().filter(|terms| !self.is_over(terms)).map(|terms| terms.expires_at)
    }

    fn expires_at(&self) -> Time {
        self.terms.map_or(Time::default(), |terms| terms.expires_at)
    }

    fn pass_by_taken(&mut self) {
        while self.book.has(self.next) {
            self.next += 1;
        }
    }
}

/// A coupon that has an owner: the same member, and the call is a repeat, or why it cannot be
/// given.
fn already_given(
    coupon: &Coupon,
    state: Option<CouponState>,
    member: Id,
    caller: &Caller,
) -> Result<(), Refusal> {
    match state {
        // A member is not told what became of another member's coupon.
        _ if coupon.owner != member && caller.role == Role::Member => {
            Err(Refusal::Coupon(redeem::Refusal::NotYours))
        }
        Some(CouponState::Void) => Err(Refusal::Coupon(redeem::Refusal::Void)),
        Some(CouponState::Expired) => Err(Refusal::Expired),
        _ if coupon.owner == member => Ok(()),
        _ => Err(Refusal::AlreadyAssigned),
    }
}
