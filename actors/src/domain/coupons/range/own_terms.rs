//! Codes of a range that were imported with terms of their own. What each is worth its card says,
//! what is to happen when stands in `own_ends`.

use super::own_ends::OwnEnds;
use super::rules::Range;
use super::words::RangeTerms;
use crate::cards::Cards;
use crate::domain::coupons::coupon::{CouponView, Slot};
use crate::domain::coupons::offer::Offer;
use crate::domain::coupons::redeem;
use crate::domain::coupons::terms::CodeTerms;
use crate::time::Time;

impl Range {
    /// A coupon more for each, of which some expire before their batch does.
    pub(in crate::domain::coupons) fn grow_with_ends(
        &mut self,
        ends: impl Iterator<Item = Option<Time>>,
    ) {
        let first = self.count();
        let own = self.own.get_or_insert_with(|| Box::new(OwnEnds::beside(&self.taken)));
        let mut slots = first;
        for end in ends {
            let slot = slots;
            slots += 1;
            let Some(end) = end else { continue };
            // What comes after all were voided, or once all were extended, follows them.
            match self.book.expiry(end) {
                end if self.book.voids(end) => {}
                end if end <= self.book.expired_until() => own.pass(slot),
                _ => own.will_expire(slot, end),
            }
        }
        self.grow(slots - first);
    }

    /// One to which nothing has happened.
    pub(super) fn untouched(
        &self,
        terms: &RangeTerms,
        slot: Slot,
        cards: &Cards<'_>,
    ) -> CouponView {
        let own = self.own_terms(slot, cards);
        CouponView {
            own_offer: own.map(|own| own.offer(terms.offer)),
            ..self.created(own.unwrap_or_default().end(terms.expires_at))
        }
    }

    fn own_terms(&self, slot: Slot, cards: &Cards<'_>) -> Option<CodeTerms> {
        self.own.as_ref().and_then(|_| cards.read(&self.set.terms_of(slot)))
    }

    pub(super) fn own_offer(
        &self,
        terms: &RangeTerms,
        slot: Slot,
        cards: &Cards<'_>,
    ) -> Option<Offer> {
        Some(self.own_terms(slot, cards)?.offer(terms.offer))
    }

    pub(super) fn next_free(&self) -> Slot {
        self.own.as_ref().map_or(self.taken.next(), |own| own.next_free())
    }

    /// Something has happened to one that was to expire then.
    pub(super) fn take(&mut self, slot: Slot, expires_at: Time) {
        self.taken.take(slot);
        let Some(own) = &mut self.own else { return };
        own.touch(slot, expires_at);
        if self.book.is_extended() {
            own.forget_ends();
        }
    }

    pub(super) fn apply_redeemed(&mut self, event: &redeem::Event, at: Time) {
        self.book.apply(event, at);
        match event {
            redeem::Event::Voided { slot, tenure, .. } => self.take(*slot, tenure.expires_at),
            redeem::Event::Expired { .. } => self.expire_own(),
            _ => {}
        }
    }

    pub(super) fn void_book(&mut self, at: Time) {
        self.book.void_all(at);
        self.own.iter_mut().for_each(|own| own.forget_ends());
    }

    /// Once all were extended, none expires before they do.
    pub(super) fn expire_own(&mut self) {
        if let Some(own) = &mut self.own
            && !self.book.is_extended()
        {
            own.expire(self.book.expired_until());
        }
    }

    /// That, or the first end of a free code before it.
    pub(super) fn next_end(&self) -> Option<Time> {
        let end = self.end()?;
        let own = self.own.as_ref().filter(|_| !self.book.is_extended());
        Some(own.and_then(|own| own.first()).map_or(end, |own| own.min(end)))
    }
}
