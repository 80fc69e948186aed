//! A share of a batch's coupons: which of them are whose, and what became of them.
//!
//! Rules: untouched coupons are a number, no memory and no disk. The next free one goes to the
//! member who asks. The same `source` always gets the same coupon. Where a member may have only
//! one, they always get the same. A certain coupon can be given, unless that would get around the
//! limit. The whole batch expires in one instant, which only moves later; imported codes may have
//! an earlier end of their own until it does (`own_ends`), and be worth something else. While it is
//! paused nothing is assigned. Voided as a whole, it is so for good: only what was held or used by
//! then stays. As long as nothing was assigned anywhere, it can be revised or withdrawn: all parts
//! freeze first, in a turn.
//!
//! `assigning` gives coupons, `whole` changes all of them at once, `voiding` voids some,
//! `own_terms` has what codes were imported with, `views` says how they stand.

use super::judging::{admin, when_new};
use super::own_ends::OwnEnds;
use super::words::{
    Answer, Command, Event, Question, RangeOverview, RangeTerms, Refusal, VoidedCounts,
    VoidingSoFar,
};
use super::written::{GivenTo, cards_of};
use crate::cards::{Card, Cards, NameShelf};
use crate::domain::coupons::book::Book;
use crate::domain::coupons::cards::{COUPONS_OF_MEMBERS, CouponSet, SOURCES};
use crate::domain::coupons::names::RangeName;
use crate::domain::coupons::redeem::{self, wrap};
use crate::domain::coupons::rows::{self, CouponHome};
use crate::domain::coupons::touched::Taken;
use crate::id::Id;
use crate::machine::{Caller, Counts, Machine, Stamp, Verdict};
use crate::store::{Row, Shelf};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Default, Serialize, Deserialize)]
pub struct Range {
    pub(super) terms: Option<RangeTerms>,
    pub(super) book: Book,
    /// The coupons that were assigned or voided.
    pub(super) taken: Taken,
    pub(super) set: CouponSet,
    pub(super) paused: bool,
    /// What was void when all were voided.
    pub(super) voided: Option<VoidedCounts>,
    pub(super) frozen: bool,
    /// The last in which it froze.
    pub(super) turn: u32,
    pub(super) withdrawn: bool,
    /// Jobs that void coupons here, those too that have come to the end of late.
    pub(super) voidings: BTreeMap<Id, VoidingSoFar>,
    /// Where codes were imported with terms of their own.
    pub(super) own: Option<Box<OwnEnds>>,
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
        cards: &Cards<'_>,
    ) -> Result<Verdict<Event>, Refusal> {
        let terms = match (command, &self.terms) {
            (Command::Open(terms), None) => return Ok(Verdict::New(Event::Opened(*terms))),
            (Command::Open(_), Some(terms)) => return Ok(Verdict::Already(Event::Opened(*terms))),
            (_, None) => return Err(Refusal::NotOpened),
            (_, Some(terms)) => terms,
        };
        match command {
            Command::Open(_) => Err(Refusal::NotOpened),
            Command::Assign { member, source } => self.assign(terms, *member, *source, cards),
            Command::Give { slot, member } => self.give(terms, *slot, *member, caller, cards),
            Command::Redeem(command) => {
                let untouched = match command {
                    redeem::Command::Void { .. } if self.frozen => return Err(Refusal::Paused),
                    redeem::Command::Void { slot } => self
                        .is_untouched(terms, *slot)
                        .then(|| self.untouched(terms, *slot, cards).coupon),
                    _ => None,
                };
                let coupons = self.coupons(cards);
                let own = command.slot().and_then(|slot| self.own_offer(terms, slot, cards));
                let offer = own.unwrap_or(terms.offer);
                let decided = redeem::decide(&coupons, &offer, untouched, command, caller, stamp);
                wrap(decided, Event::Redeemed).map_err(Refusal::Coupon)
            }
            Command::Pause => self.switch(terms, caller, self.paused, Event::Paused),
            Command::Resume => self.switch(terms, caller, !self.paused, Event::Resumed),
            Command::Extend { expires_at } => self.extend(terms, *expires_at, caller),
            Command::VoidAll => self.void_all(terms, caller),
            Command::Freeze { turn } => self.freeze(*turn, caller),
            Command::Thaw { turn } => {
                admin(caller)?;
                Ok(when_new(self.frozen && self.turn <= *turn, Event::Thawed))
            }
            Command::Revise { offer, expires_at, turn } => {
                self.revise(terms, (*offer, *expires_at), *turn, caller)
            }
            Command::Withdraw { turn } => self.withdraw(*turn, caller),
            Command::VoidThose { job, filter, from } => {
                self.void_those(terms, (*job, filter, *from), caller, cards)
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
            Event::Assigned { slot, expires_at, .. } => {
                self.book.assign(*expires_at);
                self.take(*slot, *expires_at);
            }
            Event::Redeemed(event) => self.apply_redeemed(event, at),
            Event::Paused => self.paused = true,
            Event::Resumed => self.paused = false,
            Event::Extended { expires_at } => {
                if let Some(terms) = &mut self.terms {
                    terms.expires_at = *expires_at;
                }
                self.book.extend(*expires_at);
            }
            Event::AllVoided(counts) => {
                self.voided = Some(*counts);
                self.void_book(at);
            }
            Event::Frozen => self.frozen = true,
            Event::FrozenInTurn(turn) => (self.turn, self.frozen) = (*turn, !self.withdrawn),
            Event::Thawed => self.frozen = false,
            Event::Revised { offer, expires_at } => {
                if let Some(terms) = &mut self.terms {
                    (terms.offer, terms.expires_at) = (*offer, *expires_at);
                }
                self.book.take_back_extension();
                self.expire_own();
            }
            Event::Withdrawn => {
                (self.withdrawn, self.frozen) = (true, false);
                self.void_book(at);
            }
            Event::VoidedThose { job, coupons, next, counts } => {
                let so_far = VoidingSoFar { next: *next, counts: *counts };
                self.apply_voiding(*job, coupons, so_far, at);
            }
        }
    }

    fn cards(event: &Event, at: Time, cards: &mut Vec<Card>) {
        cards_of(CouponSet::default(), event, at, cards);
    }

    const NAMES: &'static [NameShelf] = &[COUPONS_OF_MEMBERS, SOURCES];

    fn next_number(&self, _: Shelf, from: u64) -> Option<u64> {
        self.taken.slots().from(from).next()
    }

    fn look(&self, question: &Question, cards: &Cards<'_>) -> Answer {
        let Some(terms) = &self.terms else { return Answer::NotOpened };
        match question {
            Question::Coupon(slot) => Answer::Coupon(self.view(terms, *slot, cards)),
            Question::Coupons(slots) => {
                Answer::Coupons(slots.iter().map(|slot| self.view(terms, *slot, cards)).collect())
            }
            Question::Source(source) => {
                let given = self.given_to_source(source, cards);
                Answer::Source(
                    given.and_then(|GivenTo { slot, .. }| {
                        Some((slot, self.view(terms, slot, cards)?))
                    }),
                )
            }
            Question::Walk(walk) => Answer::Walked(self.walk(terms, walk, cards)),
            Question::Ledger => Answer::Ledger(self.ledger(terms)),
            Question::Overview => Answer::Overview(RangeOverview {
                terms: *terms,
                paused: self.paused || self.frozen,
                withdrawn: self.withdrawn,
                void: self.book.is_void(),
                frozen: self.frozen,
            }),
            Question::WouldVoid { filter, from } => {
                let (counts, next) = match self.may_change(terms) {
                    Ok(()) => self.would_void(terms, filter, *from, cards),
                    Err(_) => (VoidedCounts::default(), None),
                };
                Answer::WouldVoid { counts, next }
            }
            Question::VoidedBy(job) => Answer::VoidedBy(self.voidings.get(job).copied()),
        }
    }

    fn due(&self) -> Option<Time> {
        redeem::due(&self.book, self.next_end())
    }

    fn expire(&self, now: Time) -> Option<Event> {
        redeem::expire(&self.book, self.next_end(), now).map(Event::Redeemed)
    }

    fn left_for(&self, command: &Command, _: &Caller, _: Time, cards: &Cards<'_>) -> u64 {
        match (command, &self.terms) {
            (Command::Assign { source: Some(source), .. }, _)
                if self.given_to_source(source, cards).is_some() =>
            {
                u64::MAX
            }
            // A range that was never opened says so when it is asked for real; until then it counts
            // as full.
            (Command::Assign { .. }, None) => u32::MAX as u64,
            (Command::Assign { .. }, Some(terms)) if self.may_assign(terms).is_ok() => {
                terms.count - self.next_free()
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
            Event::Opened(_)
            | Event::Paused
            | Event::Resumed
            | Event::Extended { .. }
            | Event::AllVoided(_)
            | Event::Frozen
            | Event::FrozenInTurn(_)
            | Event::Thawed
            | Event::Revised { .. }
            | Event::Withdrawn
            | Event::VoidedThose { .. } => {}
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
        let touched = self.taken.count().abs_diff(self.book.len()) as i64;
        let own = self
            .own
            .as_ref()
            .map_or(0, |own| own.closed().abs_diff(self.taken.count() + own.expired()) as i64);
        self.ledger(terms).imbalance.abs() + self.book.imbalance() + touched + own
    }
}

impl Range {
    /// One whose coupons are those of that set.
    pub(in crate::domain::coupons) fn of(set: CouponSet) -> Range {
        Range { set, ..Range::default() }
    }

    /// So many coupons more than before: as a rack imports them.
    pub(in crate::domain::coupons) fn grow(&mut self, by: u64) {
        if let Some(terms) = &mut self.terms {
            terms.count += by;
        }
    }

    pub(in crate::domain::coupons) fn is_withdrawn(&self) -> bool {
        self.withdrawn
    }

    pub(in crate::domain::coupons) fn count(&self) -> u64 {
        self.terms.map_or(0, |terms| terms.count)
    }
}
