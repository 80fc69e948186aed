//! Coupons of a range are voided that a filter means, a stretch at a time.
//!
//! Each coupon is judged when its stretch is decided, by this range alone: nobody uses or assigns
//! it in between. How far a job has come is remembered here, so a stretch whose answer was lost is
//! not counted twice.

use super::judging::admin;
use super::rules::Range;
use super::words::{Event, RangeTerms, Refusal, VoidedCounts, VoidedCoupon, VoidingSoFar};
use crate::cards::Cards;
use crate::domain::coupons::coupon::{Coupon, CouponView, Slot};
use crate::domain::coupons::filter::CouponFilter;
use crate::domain::coupons::life::LifeStep;
use crate::domain::coupons::redeem;
use crate::id::Id;
use crate::machine::{Caller, Verdict};
use crate::time::Time;

/// How many coupons one stretch looks at, and how many it voids at most.
const SCANNED: usize = 1_000;
const VOIDED: usize = 500;

/// Jobs that have come to the end here and are still remembered.
const ENDED_JOBS: usize = 8;

impl Range {
    pub(super) fn void_those(
        &self,
        terms: &RangeTerms,
        (job, filter, from): (Id, &CouponFilter, Slot),
        caller: &Caller,
        cards: &Cards<'_>,
    ) -> Result<Verdict<Event>, Refusal> {
        admin(caller)?;
        let so_far = self.voidings.get(&job).copied();
        let VoidingSoFar { next, counts } = so_far.unwrap_or_default();
        if so_far.is_some() && next.is_none() {
            let (coupons, next) = (Vec::new(), None);
            return Ok(Verdict::Already(Event::VoidedThose { job, coupons, next, counts }));
        }
        self.may_change(terms)?;
        if self.frozen {
            return Err(Refusal::Paused);
        }
        let from = from.max(next.unwrap_or_default());
        let (coupons, next) = self.stretch(terms, filter, from, cards);
        match next {
            Some(next) if coupons.is_empty() => Err(Refusal::NoneHere { next }),
            _ => {
                let counts = [counts, count(&coupons)].into_iter().sum();
                Ok(Verdict::New(Event::VoidedThose { job, coupons, next, counts }))
            }
        }
    }

    /// How many would be voided, and where to go on.
    pub(super) fn would_void(
        &self,
        terms: &RangeTerms,
        filter: &CouponFilter,
        from: Slot,
        cards: &Cards<'_>,
    ) -> (VoidedCounts, Option<Slot>) {
        let (coupons, next) = self.stretch(terms, filter, from, cards);
        (count(&coupons), next)
    }

    fn stretch(
        &self,
        terms: &RangeTerms,
        filter: &CouponFilter,
        from: Slot,
        cards: &Cards<'_>,
    ) -> (Vec<VoidedCoupon>, Option<Slot>) {
        let is_meant =
            |view: &CouponView| view.state.after(LifeStep::Void).is_some() && filter.has(view);
        let touched = self.taken.slots();
        // Nobody passes by thousands of millions of coupons that were never given.
        let slots: Box<dyn Iterator<Item = Slot>> = match is_meant(&self.ordinary(terms)) {
            true => Box::new(from..terms.count),
            false => Box::new(touched.from(from)),
        };
        let mut coupons = Vec::new();
        for (scanned, slot) in slots.enumerate() {
            if scanned == SCANNED || coupons.len() == VOIDED {
                return (coupons, Some(slot));
            }
            if let Some(view) = self.view(terms, slot, cards).filter(is_meant) {
                let Coupon { owner, tenure, .. } = view.coupon;
                coupons.push(VoidedCoupon { slot, owner, tenure });
            }
        }
        (coupons, None)
    }

    pub(super) fn apply_voiding(
        &mut self,
        job: Id,
        coupons: &[VoidedCoupon],
        so_far: VoidingSoFar,
        at: Time,
    ) {
        for coupon in coupons {
            self.book.apply(&coupon.as_event(), at);
            self.take(coupon.slot, coupon.tenure.expires_at);
        }
        self.voidings.insert(job, so_far);
        let ended = self.voidings.iter().filter(|(of, is)| **of != job && is.next.is_none());
        let ended: Vec<Id> = ended.map(|(of, _)| *of).collect();
        for of in ended.iter().skip(ENDED_JOBS) {
            self.voidings.remove(of);
        }
    }
}

fn count(coupons: &[VoidedCoupon]) -> VoidedCounts {
    let free = coupons.iter().filter(|coupon| coupon.owner == Id::SYSTEM).count() as u64;
    VoidedCounts { free, assigned: coupons.len() as u64 - free }
}

impl VoidedCoupon {
    /// As if it had been voided alone.
    pub fn as_event(&self) -> redeem::Event {
        let VoidedCoupon { slot, owner, tenure } = self.clone();
        redeem::Event::Voided { slot, owner, tenure }
    }
}
