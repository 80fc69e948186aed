//! Lists of coupons: the vouchers of a campaign, the coupons of a batch, those of a member, and
//! anybody's.
//!
//! What an index knows is found by it: a member's coupons, a member's voucher, the first voucher
//! since an instant. What none knows is looked for, so many coupons a page.

use crate::coupons::batches::parts;
use crate::coupons::wanted::{LOOKS, WantedCoupons};
use crate::coupons::{Coupons, FoundCoupon};
use crate::failure::Error;
use crate::promotions::Promotion;
use actors::domain::coupons::campaign::{Answer, Question};
use actors::domain::coupons::coupon::CouponView;
use actors::domain::coupons::rows::after_lines_before;
use actors::domain::coupons::{CouponHome, Serial, SerialKind, Slot};
use actors::{Id, Time};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Lines of a member's list that are read at a time, however few are still wanted.
const FEWEST: usize = 16;

/// Where a walk through a batch goes on.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct BatchPlace {
    part: u8,
    slot: Slot,
}

/// Where a walk through all campaigns, and then all batches, goes on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum AnyPlace {
    Campaign(Serial, Slot),
    Batch(Serial, BatchPlace),
}

impl AnyPlace {
    const START: AnyPlace = AnyPlace::Campaign(Serial(0), 0);

    fn promotion(&self) -> (SerialKind, Serial) {
        match self {
            AnyPlace::Campaign(serial, _) => (SerialKind::Campaign, *serial),
            AnyPlace::Batch(serial, _) => (SerialKind::Batch, *serial),
        }
    }
}

/// The vouchers of a page with their ranks, and the rank at which the next begins.
pub type VoucherPage = (Vec<(Slot, CouponView)>, Option<Slot>);

/// What a page has, and where the next begins, if there is one.
pub type CouponPage<Place> = (Vec<FoundCoupon>, Option<Place>);

impl Coupons {
    /// The vouchers of a campaign by rank, from that one on. None if there is no such campaign.
    pub async fn of_campaign(
        &self,
        promotion: &Promotion,
        wanted: &WantedCoupons,
        from: Slot,
        limit: usize,
    ) -> Result<Option<VoucherPage>, Error> {
        let mut found = Vec::new();
        if let Some(owner) = wanted.filter.owner {
            let Some(Answer::Of(voucher)) =
                self.campaigns.look(promotion, &Question::Of(owner)).await?
            else {
                return Ok(None);
            };
            found.extend(voucher.filter(|(rank, view)| *rank >= from && wanted.has(view)));
            return Ok(Some((found, None)));
        }
        let mut next = match wanted.filter.given.from {
            Some(since) => Some(self.first_rank_since(promotion, since, from).await?),
            None => Some(from),
        };
        for _ in 0..LOOKS {
            let Some(rank) = next.filter(|_| found.len() < limit) else { break };
            let question = Question::Walk(wanted.walk(rank, limit - found.len()));
            let Some(Answer::Walked(walked)) = self.campaigns.look(promotion, &question).await?
            else {
                return Ok(None);
            };
            // Nobody claims before whoever claimed first.
            let last = walked.found.last().map(|(_, view)| view.coupon.tenure.assigned_at);
            let is_over = last.is_some_and(|last| wanted.filter.given.is_over_at(last));
            next = wanted.take(walked, limit, &mut found).filter(|_| !is_over);
        }
        Ok(Some((found, next)))
    }

    /// The first rank from `from` on that was granted since that instant: ranks are in the order of
    /// time, so halving finds it.
    async fn first_rank_since(
        &self,
        promotion: &Promotion,
        since: Time,
        from: Slot,
    ) -> Result<Slot, Error> {
        let granted = self.campaigns.overview(promotion).await?.map_or(0, |all| all.granted);
        let (mut before, mut until) = (from.max(1), granted.saturating_add(1));
        while before < until {
            let middle = before + (until - before) / 2;
            let answer = self.campaigns.look(promotion, &Question::Voucher(middle)).await?;
            let is_before = matches!(&answer, Some(Answer::Voucher(Some(view)))
                if view.coupon.tenure.assigned_at < since);
            if is_before { before = middle + 1 } else { until = middle }
        }
        Ok(before)
    }

    /// The coupons of a batch by part and slot, from that place on.
    pub async fn of_batch(
        &self,
        promotion: &Arc<Promotion>,
        wanted: &WantedCoupons,
        from: BatchPlace,
        limit: usize,
    ) -> Result<CouponPage<BatchPlace>, Error> {
        let mut found = Vec::new();
        let Some(plan) = promotion.batch() else { return Ok((found, None)) };
        let parts = parts(promotion.serial, plan);
        let mut place = from;
        for _ in 0..LOOKS.max(parts.len()) {
            let Some(part) = parts.get(usize::from(place.part)) else { return Ok((found, None)) };
            if found.len() == limit {
                break;
            }
            let left = limit - found.len();
            let walked = self.batches.walk(plan, *part, &wanted.walk(place.slot, left)).await?;
            let mut here = Vec::new();
            let next = wanted.take(walked, left, &mut here);
            for (slot, view) in here {
                let home = part.home(slot);
                let code = self.code(promotion, &home).await?;
                found.push(FoundCoupon { home, promotion: promotion.clone(), code, view });
            }
            place = match next {
                Some(slot) => BatchPlace { slot, ..place },
                None => BatchPlace { part: place.part.saturating_add(1), slot: 0 },
            };
        }
        let is_over = usize::from(place.part) >= parts.len();
        Ok((found, (!is_over).then_some(place)))
    }

    /// Anybody's coupons, from that place on: campaign by campaign, then batch by batch.
    pub async fn of_anybody(
        &self,
        wanted: &WantedCoupons,
        from: Option<AnyPlace>,
        limit: usize,
    ) -> Result<CouponPage<AnyPlace>, Error> {
        let mut found = Vec::new();
        let mut place = from.unwrap_or(AnyPlace::START);
        for _ in 0..LOOKS {
            if found.len() == limit {
                break;
            }
            let (kind, serial) = place.promotion();
            let before = serial.0.checked_sub(1).map(Serial);
            let promotion = self.promotions.page(kind, before, 1).await?.pop();
            let (Some(promotion), left) = (promotion.map(Arc::new), limit - found.len()) else {
                match place {
                    AnyPlace::Batch(..) => return Ok((found, None)),
                    AnyPlace::Campaign(..) => {
                        place = AnyPlace::Batch(Serial(0), BatchPlace::default());
                        continue;
                    }
                }
            };
            let here = promotion.serial;
            let after = Serial(here.0 + 1);
            let is_wanted = wanted.batch.is_none_or(|batch| batch == here);
            place = match place {
                AnyPlace::Campaign(serial, slot) => {
                    let slot = if serial == here { slot } else { 0 };
                    let page = match is_wanted {
                        true => self.of_campaign(&promotion, wanted, slot, left).await?,
                        false => None,
                    };
                    let (vouchers, next) = page.unwrap_or_default();
                    found.extend(vouchers.into_iter().map(|(rank, view)| FoundCoupon {
                        home: CouponHome::Campaign { campaign: here, rank },
                        code: self.voucher_code(&promotion, rank),
                        promotion: promotion.clone(),
                        view,
                    }));
                    next.map_or(AnyPlace::Campaign(after, 0), |rank| AnyPlace::Campaign(here, rank))
                }
                AnyPlace::Batch(serial, at) => {
                    let at = if serial == here { at } else { BatchPlace::default() };
                    let (coupons, next) = match is_wanted {
                        true => self.of_batch(&promotion, wanted, at, left).await?,
                        false => (Vec::new(), None),
                    };
                    found.extend(coupons);
                    let behind = AnyPlace::Batch(after, BatchPlace::default());
                    next.map_or(behind, |at| AnyPlace::Batch(here, at))
                }
            };
        }
        Ok((found, Some(place)))
    }

    /// A member's coupons in the order in which they were given, after that line of their list.
    pub async fn of_member(
        &self,
        owner: Id,
        wanted: &WantedCoupons,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<CouponPage<Vec<u8>>, Error> {
        let mut found: Vec<FoundCoupon> = Vec::new();
        let mut after = after.max(wanted.filter.given.from.map(after_lines_before));
        for _ in 0..LOOKS {
            let at_once = FEWEST.max(limit + 1 - found.len());
            let lines = self.homes_of(owner, after.clone(), at_once).await?;
            let is_last = lines.len() < at_once;
            let is_wanted = |home: &CouponHome, at: Time| {
                wanted.batch.is_none_or(|batch| batch == home.serial())
                    && wanted.filter.given.has(at)
            };
            let coupons = lines.iter().map(async |(_, home, at)| match is_wanted(home, *at) {
                true => self.find(home.clone()).await,
                false => Ok(None),
            });
            for ((key, _, at), coupon) in lines.iter().zip(try_join_all(coupons).await?) {
                if wanted.filter.given.is_over_at(*at) {
                    return Ok((found, None));
                }
                // One that was void and given again is on the lists of all who had it; it belongs
                // to the one whose it is now.
                let is_theirs = |coupon: &FoundCoupon| {
                    coupon.view.coupon.owner == owner && wanted.has(&coupon.view)
                };
                if let Some(coupon) = coupon.filter(is_theirs) {
                    if found.len() == limit {
                        return Ok((found, after));
                    }
                    found.push(coupon);
                }
                after = Some(key.clone());
            }
            if is_last {
                return Ok((found, None));
            }
        }
        Ok((found, after))
    }
}
