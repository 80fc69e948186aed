//! How the coupons of a range stand: each, one after the other, and all together.

use super::rules::Range;
use super::words::RangeTerms;
use crate::cards::Cards;
use crate::domain::coupons::cards::Touched;
use crate::domain::coupons::coupon::{Coupon, CouponView, Slot};
use crate::domain::coupons::ledger::{CouponLedger, Walk, Walked};
use crate::domain::coupons::life::CouponState;
use crate::time::Time;

impl Range {
    pub(super) fn coupons<'a>(&'a self, cards: &'a Cards<'a>) -> Touched<'a> {
        Touched { book: &self.book, set: self.set, cards, slots: self.taken.slots() }
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

    pub(super) fn walk(&self, terms: &RangeTerms, walk: &Walk, cards: &Cards<'_>) -> Walked {
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

    pub(super) fn ledger(&self, terms: &RangeTerms) -> CouponLedger {
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

    pub(super) fn is_untouched(&self, terms: &RangeTerms, slot: Slot) -> bool {
        slot < terms.count && !self.taken.has(slot)
    }
}
