//! What is decided of all coupons of a range at once.

use super::judging::{admin, when_new};
use super::rules::Range;
use super::words::{Event, RangeTerms, Refusal, VoidedCounts};
use crate::domain::coupons::ledger::CouponLedger;
use crate::domain::coupons::offer::Offer;
use crate::machine::{Caller, Verdict};
use crate::time::Time;
use std::cmp::Ordering;

impl Range {
    /// Whether anything of the range can still become otherwise.
    pub(super) fn may_change(&self, terms: &RangeTerms) -> Result<(), Refusal> {
        if self.book.is_void() {
            return Err(Refusal::AllVoid);
        }
        if self.is_over(terms) { Err(Refusal::Expired) } else { Ok(()) }
    }

    pub(super) fn switch(
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

    /// In a later turn than any before. What has thawed does not freeze in its turn again.
    pub(super) fn freeze(
        &self,
        turn: Option<u32>,
        caller: &Caller,
    ) -> Result<Verdict<Event>, Refusal> {
        admin(caller)?;
        if !self.book.is_empty() {
            return Err(Refusal::InUse);
        }
        let turn = turn.unwrap_or(self.turn.saturating_add(1));
        let is_repeat = turn == self.turn && (self.frozen || self.withdrawn);
        if turn <= self.turn && !is_repeat {
            return Err(Refusal::NotFrozen);
        }
        Ok(when_new(!is_repeat, Event::FrozenInTurn(turn)))
    }

    pub(super) fn revise(
        &self,
        terms: &RangeTerms,
        (offer, expires_at): (Offer, Time),
        turn: u32,
        caller: &Caller,
    ) -> Result<Verdict<Event>, Refusal> {
        admin(caller)?;
        self.may_change(terms)?;
        let is_new = (terms.offer, terms.expires_at) != (offer, expires_at);
        // What is so already stays so, unless somebody is about to change it.
        if (is_new || self.frozen) && !self.is_frozen_in(turn) {
            return Err(Refusal::NotFrozen);
        }
        Ok(when_new(is_new, Event::Revised { offer, expires_at }))
    }

    pub(super) fn withdraw(&self, turn: u32, caller: &Caller) -> Result<Verdict<Event>, Refusal> {
        admin(caller)?;
        if !self.withdrawn && !self.is_frozen_in(turn) {
            return Err(Refusal::NotFrozen);
        }
        Ok(when_new(!self.withdrawn, Event::Withdrawn))
    }

    fn is_frozen_in(&self, turn: u32) -> bool {
        self.frozen && self.turn == turn
    }

    pub(super) fn extend(
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

    pub(super) fn void_all(
        &self,
        terms: &RangeTerms,
        caller: &Caller,
    ) -> Result<Verdict<Event>, Refusal> {
        admin(caller)?;
        if let Some(counts) = self.voided {
            return Ok(Verdict::Already(Event::AllVoided(counts)));
        }
        self.may_change(terms)?;
        let CouponLedger { available: free, assigned, .. } = self.ledger(terms);
        Ok(Verdict::New(Event::AllVoided(VoidedCounts { free, assigned })))
    }

    fn is_over(&self, terms: &RangeTerms) -> bool {
        terms.expires_at <= self.book.expired_until()
    }

    /// The end of the batch, as long as it lies ahead. What is void has none.
    pub(super) fn end(&self) -> Option<Time> {
        self.terms.filter(|terms| self.may_change(terms).is_ok()).map(|terms| terms.expires_at)
    }
}
