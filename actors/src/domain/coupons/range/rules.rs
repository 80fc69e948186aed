//! A share of a batch's coupons: which of them are whose, and what became of them.
//!
//! Rules: untouched coupons are a number, no memory and no disk. The next free one goes to the
//! member who asks. The same `source` always gets the same coupon. Where a member may have only
//! one, they always get the same. A certain coupon can be given, unless that would get around the
//! limit. The whole batch expires in one instant, which only moves later; imported codes may have
//! an earlier end of their own until it does (`own_ends`), and be worth something else. While it is
//! paused nothing is assigned. Voided as a whole, it is so for good: only what was held or used by
//! then stays. `voiding` voids some of them. As long as nothing was assigned anywhere, it can be
//! revised or withdrawn: all parts freeze first.

use super::own_ends::OwnEnds;
use super::words::{
    Answer, Command, Event, Question, RangeOverview, RangeTerms, Refusal, VoidedCounts,
    VoidingSoFar,
};
use crate::cards::{Card, Cards, NameShelf};
use crate::domain::coupons::book::Book;
use crate::domain::coupons::cards::{COUPONS_OF_MEMBERS, CouponSet, SOURCES, Touched};
use crate::domain::coupons::coupon::{Coupon, CouponView, Slot};
use crate::domain::coupons::ledger::{CouponLedger, Walk, Walked};
use crate::domain::coupons::life::CouponState;
use crate::domain::coupons::names::RangeName;
use crate::domain::coupons::offer::Offer;
use crate::domain::coupons::redeem::{self, wrap};
use crate::domain::coupons::rows::{self, CouponHome};
use crate::domain::coupons::touched::Taken;
use crate::id::Id;
use crate::machine::{Caller, Counts, Machine, Role, Stamp, Verdict};
use crate::store::{Row, Shelf};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::BTreeMap;

#[derive(Default, Serialize, Deserialize)]
pub struct Range {
    terms: Option<RangeTerms>,
    pub(super) book: Book,
    /// The coupons that were assigned or voided.
    pub(super) taken: Taken,
    pub(super) set: CouponSet,
    paused: bool,
    /// What was void when all were voided.
    voided: Option<VoidedCounts>,
    pub(super) frozen: bool,
    withdrawn: bool,
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
            Command::Freeze => self.freeze(caller),
            Command::Thaw => {
                admin(caller)?;
                Ok(when_new(self.frozen, Event::Thawed))
            }
            Command::Revise { offer, expires_at } => {
                self.revise(terms, *offer, *expires_at, caller)
            }
            Command::Withdraw => self.withdraw(caller),
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

/// Which coupon was the answer to a source, and whose it became, as the source's card says.
#[derive(Serialize, Deserialize)]
struct GivenTo {
    slot: Slot,
    member: Id,
}

/// The cards that an event writes among the coupons of that set.
pub(in crate::domain::coupons) fn cards_of(
    set: CouponSet,
    event: &Event,
    at: Time,
    cards: &mut Vec<Card>,
) {
    match event {
        Event::Opened(_)
        | Event::Paused
        | Event::Resumed
        | Event::Extended { .. }
        | Event::AllVoided(_)
        | Event::Frozen
        | Event::Thawed
        | Event::Revised { .. }
        | Event::Withdrawn => {}
        Event::Assigned { slot, member, source, expires_at, only_one } => {
            cards.push(set.assigned(*slot, *member, at, *expires_at));
            if let Some(source) = source {
                let given = GivenTo { slot: *slot, member: *member };
                cards.push(Card::put(set.of_source(source), &given));
            }
            if *only_one {
                cards.push(Card::put(set.of_member(member), slot));
            }
        }
        Event::Redeemed(event) => set.redeemed(event, at, cards),
        Event::VoidedThose { coupons, .. } => {
            coupons.iter().for_each(|coupon| set.redeemed(&coupon.as_event(), at, cards));
        }
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

    fn assign(
        &self,
        terms: &RangeTerms,
        member: Id,
        source: Option<Id>,
        cards: &Cards<'_>,
    ) -> Result<Verdict<Event>, Refusal> {
        // Before the source, or else a source that another member has used since would take away an
        // answer that was given.
        let assigned = |slot, source| {
            let expires_at = self.untouched(terms, slot, cards).coupon.tenure.expires_at;
            let only_one = terms.one_per_member;
            Event::Assigned { slot, member, source, expires_at, only_one }
        };
        if terms.one_per_member
            && let Some(slot) = cards.read(&self.set.of_member(&member))
        {
            return Ok(Verdict::Already(assigned(slot, None)));
        }
        if let Some(given) = source.and_then(|source| self.given_to_source(&source, cards)) {
            return match given.member == member {
                true => Ok(Verdict::Already(assigned(given.slot, source))),
                false => Err(Refusal::SourceReused),
            };
        }
        self.may_assign(terms)?;
        if self.next_free() >= terms.count {
            return Err(Refusal::Exhausted);
        }
        Ok(Verdict::New(assigned(self.next_free(), source)))
    }

    fn give(
        &self,
        terms: &RangeTerms,
        slot: Slot,
        member: Id,
        caller: &Caller,
        cards: &Cards<'_>,
    ) -> Result<Verdict<Event>, Refusal> {
        if slot >= terms.count {
            return Err(Refusal::Coupon(redeem::Refusal::Unknown));
        }
        if terms.one_per_member {
            return Err(Refusal::OnePerMember);
        }
        let CouponView { state, coupon, .. } = self.untouched(terms, slot, cards);
        let expires_at = coupon.tenure.expires_at;
        let given = Event::Assigned { slot, member, source: None, expires_at, only_one: false };
        let coupons = self.coupons(cards);
        match coupons.get(slot) {
            Some(coupon) => already_given(&coupon, coupons.state(&coupon), member, caller)
                .map(|()| Verdict::Already(given)),
            // It must be looked up.
            None if self.taken.has(slot) => Err(Refusal::AlreadyAssigned),
            None => {
                self.may_assign(terms)?;
                match state {
                    CouponState::Expired => Err(Refusal::Expired),
                    _ => Ok(Verdict::New(given)),
                }
            }
        }
    }

    /// Whether anything is given to anybody.
    fn may_assign(&self, terms: &RangeTerms) -> Result<(), Refusal> {
        self.may_change(terms)?;
        if self.paused || self.frozen { Err(Refusal::Paused) } else { Ok(()) }
    }

    /// Whether anything of the range can still become otherwise.
    pub(super) fn may_change(&self, terms: &RangeTerms) -> Result<(), Refusal> {
        if self.book.is_void() {
            return Err(Refusal::AllVoid);
        }
        if self.is_over(terms) { Err(Refusal::Expired) } else { Ok(()) }
    }

    fn switch(
        &self,
        terms: &RangeTerms,
        caller: &Caller,
        is_so: bool,
        event: Event,
    ) -> Result<Verdict<Event>, Refusal> {
        admin(caller)?;
        self.may_change(terms)?;
        Ok(when_new(!is_so, event))
    }

    fn freeze(&self, caller: &Caller) -> Result<Verdict<Event>, Refusal> {
        admin(caller)?;
        if !self.book.is_empty() {
            return Err(Refusal::InUse);
        }
        Ok(when_new(!self.frozen && !self.withdrawn, Event::Frozen))
    }

    fn revise(
        &self,
        terms: &RangeTerms,
        offer: Offer,
        expires_at: Time,
        caller: &Caller,
    ) -> Result<Verdict<Event>, Refusal> {
        admin(caller)?;
        self.may_change(terms)?;
        let is_new = (terms.offer, terms.expires_at) != (offer, expires_at);
        if is_new && !self.frozen {
            return Err(Refusal::NotFrozen);
        }
        Ok(when_new(is_new, Event::Revised { offer, expires_at }))
    }

    fn withdraw(&self, caller: &Caller) -> Result<Verdict<Event>, Refusal> {
        admin(caller)?;
        if !self.withdrawn && !self.frozen {
            return Err(Refusal::NotFrozen);
        }
        Ok(when_new(!self.withdrawn, Event::Withdrawn))
    }

    fn extend(
        &self,
        terms: &RangeTerms,
        expires_at: Time,
        caller: &Caller,
    ) -> Result<Verdict<Event>, Refusal> {
        admin(caller)?;
        self.may_change(terms)?;
        let extended = Event::Extended { expires_at };
        match expires_at.cmp(&terms.expires_at) {
            Ordering::Less => Err(Refusal::OnlyLater),
            Ordering::Equal => Ok(Verdict::Already(extended)),
            Ordering::Greater => Ok(Verdict::New(extended)),
        }
    }

    fn void_all(&self, terms: &RangeTerms, caller: &Caller) -> Result<Verdict<Event>, Refusal> {
        admin(caller)?;
        if let Some(counts) = self.voided {
            return Ok(Verdict::Already(Event::AllVoided(counts)));
        }
        self.may_change(terms)?;
        let CouponLedger { available: free, assigned, .. } = self.ledger(terms);
        Ok(Verdict::New(Event::AllVoided(VoidedCounts { free, assigned })))
    }

    fn coupons<'a>(&'a self, cards: &'a Cards<'a>) -> Touched<'a> {
        Touched { book: &self.book, set: self.set, cards, slots: self.taken.slots() }
    }

    fn given_to_source(&self, source: &Id, cards: &Cards<'_>) -> Option<GivenTo> {
        cards.read(&self.set.of_source(source))
    }

    pub(super) fn view(
        &self,
        terms: &RangeTerms,
        slot: Slot,
        cards: &Cards<'_>,
    ) -> Option<CouponView> {
        if self.is_untouched(terms, slot) {
            return Some(self.untouched(terms, slot, cards));
        }
        let view = self.coupons(cards).view(slot)?;
        Some(CouponView { own_offer: self.own_offer(terms, slot, cards), ..view })
    }

    /// One to which nothing has happened, without terms of its own.
    pub(super) fn ordinary(&self, terms: &RangeTerms) -> CouponView {
        self.created(terms.expires_at)
    }

    pub(super) fn created(&self, expires_at: Time) -> CouponView {
        let coupon = self.book.as_it_is(Coupon::created(expires_at));
        CouponView { state: coupon.state(self.book.expired_until()), coupon, own_offer: None }
    }

    fn walk(&self, terms: &RangeTerms, walk: &Walk, cards: &Cards<'_>) -> Walked {
        let view = |slot| self.view(terms, slot, cards);
        // Nobody passes by thousands of millions of coupons that were given to find one that was
        // not, or the other way around.
        let may_want = self.own.is_some() || walk.wants(&self.ordinary(terms));
        match (walk.touched, walk.untouched && may_want) {
            (true, true) => walk.through(walk.from..terms.count, view),
            (true, false) => walk.through(self.taken.slots().from(walk.from), view),
            (false, true) => walk.through(walk.from.max(self.taken.next())..terms.count, |slot| {
                self.is_untouched(terms, slot).then(|| self.untouched(terms, slot, cards))
            }),
            (false, false) => walk.through(std::iter::empty(), view),
        }
    }

    fn ledger(&self, terms: &RangeTerms) -> CouponLedger {
        let expired = self.own.as_ref().map_or(0, |own| own.expired());
        let untouched = terms.count - self.book.len() - expired;
        let mut tally = self.book.tally();
        tally.expired += expired;
        *match self.ordinary(terms).state {
            CouponState::Void => &mut tally.void,
            CouponState::Expired => &mut tally.expired,
            _ => &mut tally.created,
        } += untouched;
        CouponLedger::of(terms.count, tally)
    }

    fn is_untouched(&self, terms: &RangeTerms, slot: Slot) -> bool {
        slot < terms.count && !self.taken.has(slot)
    }

    fn is_over(&self, terms: &RangeTerms) -> bool {
        terms.expires_at <= self.book.expired_until()
    }

    /// The end of the batch, as long as it lies ahead. What is void has none.
    pub(super) fn end(&self) -> Option<Time> {
        self.terms.filter(|terms| self.may_change(terms).is_ok()).map(|terms| terms.expires_at)
    }
}

fn when_new(is_new: bool, event: Event) -> Verdict<Event> {
    if is_new { Verdict::New(event) } else { Verdict::Already(event) }
}

pub(super) fn admin(caller: &Caller) -> Result<(), Refusal> {
    if caller.role == Role::Member { Err(Refusal::NotAdmin) } else { Ok(()) }
}

/// A coupon that has an owner: the same member, and the call is a repeat, or why it cannot be
/// given.
fn already_given(
    coupon: &Coupon,
    state: CouponState,
    member: Id,
    caller: &Caller,
) -> Result<(), Refusal> {
    match state {
        // A member is not told what became of another member's coupon.
        _ if coupon.owner != member && caller.role == Role::Member => {
            Err(Refusal::Coupon(redeem::Refusal::NotYours))
        }
        CouponState::Void => Err(Refusal::Coupon(redeem::Refusal::Void)),
        CouponState::Expired => Err(Refusal::Expired),
        _ if coupon.owner == member => Ok(()),
        _ => Err(Refusal::AlreadyAssigned),
    }
}
