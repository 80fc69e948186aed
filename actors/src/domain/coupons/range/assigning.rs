//! A coupon of a range becomes somebody's: the next free one, or a certain one.

use super::rules::Range;
use super::words::{Event, RangeTerms, Refusal};
use super::written::GivenTo;
use crate::cards::Cards;
use crate::domain::coupons::coupon::{Coupon, CouponView, Slot};
use crate::domain::coupons::life::CouponState;
use crate::domain::coupons::redeem;
use crate::id::Id;
use crate::machine::{Caller, Role, Verdict};

impl Range {
    pub(super) fn assign(
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

    pub(super) fn give(
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
    pub(super) fn may_assign(&self, terms: &RangeTerms) -> Result<(), Refusal> {
        self.may_change(terms)?;
        if self.paused || self.frozen { Err(Refusal::Paused) } else { Ok(()) }
    }

    pub(super) fn given_to_source(&self, source: &Id, cards: &Cards<'_>) -> Option<GivenTo> {
        cards.read(&self.set.of_source(source))
    }
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
