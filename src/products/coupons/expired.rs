//! The coupons and vouchers that expire on a day, touched or not, by cursor: first those of
//! campaigns, then those of batches that expire then, then those of batches that expire later, but
//! have codes with ends of their own.

use crate::coupons::batches::parts;
use crate::coupons::{Coupons, FoundCoupon};
use crate::failure::Error;
use crate::promotions::Promotion;
use actors::domain::coupons::campaign::{Answer, Question};
use actors::domain::coupons::coupon::CouponView;
use actors::domain::coupons::ledger::{Walk, Walked};
use actors::domain::coupons::{CouponHome, CouponState, Serial, SerialKind};
use actors::{Id, Time};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Where a walk goes on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Spot {
    Campaign { serial: Serial, slot: u64 },
    Batch { expires_at: Time, serial: Serial, part: u8, slot: u64 },
    OwnEnds { serial: Serial, part: u8, slot: u64 },
}

impl Spot {
    pub const START: Spot = Spot::Campaign { serial: Serial(0), slot: 0 };

    /// Before all batches.
    fn batches(since: Time) -> Spot {
        Spot::Batch { expires_at: since, serial: Serial(0), part: 0, slot: 0 }
    }

    /// At the first of them from that one on.
    fn own_ends(serial: Serial) -> Spot {
        Spot::OwnEnds { serial, part: 0, slot: 0 }
    }
}

/// Campaigns and parts of batches that one page looks into, each for a thousand coupons at most.
const LOOKS: usize = 64;

/// What is looked for.
pub struct Expiring {
    pub since: Time,
    pub until: Time,
    /// Only those in this state.
    pub state: Option<CouponState>,
    /// Only those that were somebody's, or only those that never were.
    pub assigned: Option<bool>,
}

type Found = (CouponHome, Arc<Promotion>, CouponView);

/// Where coupons were found, and where to go on.
type Stretch = (Vec<Found>, Option<Spot>);

/// A batch, a part of it, and a slot of that.
type BatchSpot = (Serial, u8, u64);

impl Coupons {
    /// At most `limit`, from the spot on; and where to go on, if that was not all.
    pub async fn expired(
        &self,
        what: &Expiring,
        from: Spot,
        limit: usize,
    ) -> Result<(Vec<FoundCoupon>, Option<Spot>), Error> {
        let mut found = Vec::new();
        let mut spot = Some(from);
        for _ in 0..LOOKS {
            let Some(from) = spot.filter(|_| found.len() < limit) else { break };
            let (stretch, next) = match from {
                Spot::Campaign { serial, slot } => {
                    self.in_campaign(what, serial, slot, limit - found.len()).await?
                }
                Spot::Batch { .. } => self.in_batch(what, from, limit - found.len()).await?,
                Spot::OwnEnds { serial, part, slot } => {
                    let from = (serial, part, slot);
                    self.in_batch_of_own_ends(what, from, limit - found.len()).await?
                }
            };
            for (home, promotion, view) in stretch {
                let is_assigned = view.coupon.owner != Id::SYSTEM;
                if what.assigned.is_some_and(|assigned| assigned != is_assigned) {
                    continue;
                }
                let code = self.code(&promotion, &home).await?;
                found.push(FoundCoupon { home, promotion, code, view });
            }
            spot = next;
        }
        Ok((found, spot))
    }

    /// The first campaign from that number on.
    async fn in_campaign(
        &self,
        what: &Expiring,
        from: Serial,
        slot: u64,
        limit: usize,
    ) -> Result<Stretch, Error> {
        // A voucher is somebody's from the first.
        if what.assigned == Some(false) {
            return Ok((Vec::new(), Some(Spot::batches(what.since))));
        }
        let after = from.0.checked_sub(1).map(Serial);
        let Some(found) = self.promotions.page(SerialKind::Campaign, after, 1).await?.pop() else {
            return Ok((Vec::new(), Some(Spot::batches(what.since))));
        };
        let promotion = self.campaigns.as_it_is(Arc::new(found)).await?;
        let walk = what.walk(if promotion.serial == from { slot } else { 0 }, limit);
        let Some(Answer::Walked(walked)) =
            self.campaigns.look(&promotion, &Question::Walk(walk)).await?
        else {
            return Ok((Vec::new(), Some(Spot::batches(what.since))));
        };
        let next = match walked.next {
            Some(slot) => Spot::Campaign { serial: promotion.serial, slot },
            None => Spot::Campaign { serial: Serial(promotion.serial.0 + 1), slot: 0 },
        };
        let home = |(rank, view)| {
            (CouponHome::Campaign { campaign: promotion.serial, rank }, promotion.clone(), view)
        };
        Ok((walked.found.into_iter().map(home).collect(), Some(next)))
    }

    /// The first part, from that one on, of a batch that expires in the window.
    async fn in_batch(&self, what: &Expiring, from: Spot, limit: usize) -> Result<Stretch, Error> {
        let Spot::Batch { expires_at, serial, part, slot } = from else {
            return Ok((Vec::new(), None));
        };
        // The batch itself is looked for again, so that a cursor that was made up finds nothing
        // that is not there.
        let before = serial.0.checked_sub(1).map(|before| (expires_at, Serial(before)));
        let batches =
            self.promotions.expiring(what.since.max(expires_at), what.until, before, 1).await?;
        let Some((expires_at, found)) = batches.first().copied() else {
            return Ok((Vec::new(), Some(Spot::own_ends(Serial(0)))));
        };
        let from = if found == serial { (found, part, slot) } else { (found, 0, 0) };
        // One that was extended is listed by its old expiry, too.
        let is_meant = |end: Time| end == expires_at;
        let (coupons, (serial, part, slot)) = self.in_parts(what, from, is_meant, limit).await?;
        Ok((coupons, Some(Spot::Batch { expires_at, serial, part, slot })))
    }

    /// The first part, from that one on, of a batch that expires after the window.
    async fn in_batch_of_own_ends(
        &self,
        what: &Expiring,
        (serial, part, slot): BatchSpot,
        limit: usize,
    ) -> Result<Stretch, Error> {
        let before = serial.0.checked_sub(1).map(Serial);
        let batches = self.promotions.with_own_ends(before, 1).await?;
        let Some(found) = batches.first().copied() else { return Ok((Vec::new(), None)) };
        let from = if found == serial { (found, part, slot) } else { (found, 0, 0) };
        // Of one that expires before, none expires in the window; in it, all were looked at.
        let is_meant = |end: Time| end >= what.until;
        let (coupons, (serial, part, slot)) = self.in_parts(what, from, is_meant, limit).await?;
        Ok((coupons, Some(Spot::OwnEnds { serial, part, slot })))
    }

    /// A stretch of one part of a batch, if its end is one that is meant; and where to go on.
    async fn in_parts(
        &self,
        what: &Expiring,
        (serial, part, slot): BatchSpot,
        is_meant: impl Fn(Time) -> bool,
        limit: usize,
    ) -> Result<(Vec<Found>, BatchSpot), Error> {
        let behind = (Vec::new(), (Serial(serial.0 + 1), 0, 0));
        let Some(promotion) = self.promotions.find(serial).await? else { return Ok(behind) };
        let Some(plan) = promotion.batch() else { return Ok(behind) };
        let now = self.batches.overview(serial, plan).await?.terms;
        let parts = parts(serial, plan);
        let Some(here) = parts.get(part as usize).filter(|_| is_meant(now.expires_at)) else {
            return Ok(behind);
        };
        let Walked { found: coupons, next } =
            self.batches.walk(plan, *here, &what.walk(slot, limit)).await?;
        let next = next.map_or((serial, part + 1, 0), |slot| (serial, part, slot));
        let known = promotion.with_terms(&now, false).map_or(promotion.clone(), Arc::new);
        let home = |(slot, view)| (here.home(slot), known.clone(), view);
        Ok((coupons.into_iter().map(home).collect(), next))
    }
}

impl Expiring {
    fn walk(&self, from: u64, limit: usize) -> Walk {
        let Expiring { since, until, state, assigned } = *self;
        let states = state.into_iter().collect();
        // What nothing ever happened to is only ever created, or expired.
        let untouched = assigned != Some(true)
            && state
                .is_none_or(|state| matches!(state, CouponState::Created | CouponState::Expired));
        // What was never given can be touched in one way: it can be void.
        let touched = assigned != Some(false) || state == Some(CouponState::Void);
        Walk { from, limit, since, until, states, touched, untouched }
    }
}
