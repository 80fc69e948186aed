//! One coupon, wherever it lives: found by its code, used, shown.
//!
//! A code of our own says where its coupon lives, and is judged by its check digits alone: a forged
//! or mistyped one is unknown without a look-up. Any other text may be an imported code, and is
//! looked for on the rack that its hash names.

pub mod batches;
pub mod codes;
pub mod expired;
pub mod keys;
pub mod lists;
pub mod notices;
pub mod redeeming;
mod revising;
pub mod told;
pub mod wanted;

use crate::campaigns::Campaigns;
use crate::coupons::batches::{BatchPart, Batches};
use crate::failure::Error;
use crate::promotions::{Promotion, Promotions};
use crate::table::Engine;
use actors::domain::coupons::catalogue::BatchPlan;
use actors::domain::coupons::code::{CouponNumber, Keys, NotOurs, Version};
use actors::domain::coupons::coupon::CouponView;
use actors::domain::coupons::rack::Spelling;
use actors::domain::coupons::range::{Answer, Question};
use actors::domain::coupons::rows::home_of_row;
use actors::domain::coupons::{CouponHome, RackName, Serial, Slot, campaign, rack};
use actors::domain::shelves;
use actors::engine::{By, Done};
use actors::store::{ListedRow, Page};
use actors::{Id, Time};
use std::sync::Arc;

/// Imported codes have at most so many characters.
pub const LONGEST_CODE: usize = 64;

pub struct Coupons {
    engine: Arc<Engine>,
    keys: Arc<Keys>,
    pub(crate) promotions: Arc<Promotions>,
    pub(crate) campaigns: Arc<Campaigns>,
    pub(crate) batches: Arc<Batches>,
}

/// A coupon as its partition has it.
pub struct FoundCoupon {
    pub home: CouponHome,
    pub promotion: Arc<Promotion>,
    pub code: String,
    pub view: CouponView,
}

impl Coupons {
    /// Codes are read and printed with `keys`.
    pub fn new(
        engine: Arc<Engine>,
        keys: Arc<Keys>,
        promotions: Arc<Promotions>,
        campaigns: Arc<Campaigns>,
        batches: Arc<Batches>,
    ) -> Coupons {
        Coupons { engine, keys, promotions, campaigns, batches }
    }

    /// Where the coupon of that code lives. None for a code that was never made or imported.
    pub async fn find_home(&self, code: &str) -> Result<Option<CouponHome>, Error> {
        match self.keys.read_with_version(code) {
            Ok((place, key)) => self.home_of(place, key).await,
            Err(NotOurs::Forged) => {
                metrics::counter!("stampede_codes_refused_total").increment(1);
                Ok(None)
            }
            Err(NotOurs::Foreign) => self.home_of_imported(code).await,
        }
    }

    async fn home_of(
        &self,
        CouponNumber { serial, index }: CouponNumber,
        key: Version,
    ) -> Result<Option<CouponHome>, Error> {
        // With another key that was stolen codes can be made, but not of this campaign or batch.
        let found = self.promotions.find(serial).await?;
        let Some(promotion) = found.filter(|promotion| promotion.key == key) else {
            return Ok(None);
        };
        Ok(match promotion.batch() {
            None => Some(CouponHome::Campaign { campaign: serial, rank: index }),
            Some(plan) => {
                plan.place(serial, index).map(|(name, slot)| CouponHome::Range { name, slot })
            }
        })
    }

    async fn home_of_imported(&self, code: &str) -> Result<Option<CouponHome>, Error> {
        for spelling in Spelling::ALL {
            let compared = spelling.key(code);
            if compared.is_empty() || compared.chars().count() > LONGEST_CODE {
                continue;
            }
            let (name, question) =
                (spelling.rack(code), rack::Question::Find(spelling, code.into()));
            let looked = self.engine.racks.look(&name, question).await?;
            if let rack::Answer::Found(Some((batch, slot))) = looked.answer {
                return Ok(Some(CouponHome::Rack { name, batch, slot }));
            }
        }
        Ok(None)
    }

    /// The coupon that lives there, if anything does.
    pub async fn find(&self, home: CouponHome) -> Result<Option<FoundCoupon>, Error> {
        let Some(promotion) = self.promotions.find(home.serial()).await? else { return Ok(None) };
        let Some(view) = self.view(&promotion, &home).await? else { return Ok(None) };
        let promotion = self.as_it_is(promotion, &home, view.coupon.owner != Id::SYSTEM).await?;
        let code = self.code(&promotion, &home).await?;
        Ok(Some(FoundCoupon { home, promotion, code, view }))
    }

    /// With what its coupons are worth, which is settled once one of them is somebody's.
    async fn as_it_is(
        &self,
        promotion: Arc<Promotion>,
        home: &CouponHome,
        is_settled: bool,
    ) -> Result<Arc<Promotion>, Error> {
        let (Some(plan), Some(part)) = (promotion.batch(), part_of(home)) else {
            return self.campaigns.as_it_is(promotion).await;
        };
        if promotion.is_settled {
            return Ok(promotion);
        }
        let now = self.batches.overview_by(plan, part).await?;
        let Some(known) = promotion.with_terms(&now.terms, is_settled) else {
            return Ok(promotion);
        };
        let known = Arc::new(known);
        if is_settled {
            self.promotions.settle(known.clone());
        }
        Ok(known)
    }

    async fn view(
        &self,
        promotion: &Promotion,
        home: &CouponHome,
    ) -> Result<Option<CouponView>, Error> {
        if let CouponHome::Campaign { rank, .. } = home {
            let question = campaign::Question::Voucher(*rank);
            let answer = self.campaigns.look(promotion, &question).await?;
            let Some(campaign::Answer::Voucher(view)) = answer else { return Ok(None) };
            return Ok(view);
        }
        let (Some(plan), Some(part)) = (promotion.batch(), part_of(home)) else { return Ok(None) };
        let question = Question::Coupon(home.slot());
        let answer = self.batches.look(plan, &[part], &question).await?.pop();
        let Some(Answer::Coupon(view)) = answer else { return Ok(None) };
        Ok(view)
    }

    /// The code of the coupon that lives there.
    pub async fn code(&self, promotion: &Promotion, home: &CouponHome) -> Result<String, Error> {
        match home {
            CouponHome::Campaign { rank, .. } => Ok(self.voucher_code(promotion, *rank)),
            CouponHome::Range { name, slot } => {
                let index = promotion.batch().map_or(*slot, |plan| plan.index(name, *slot));
                Ok(self.print(promotion, index))
            }
            CouponHome::Rack { name, batch, slot } => {
                let codes = self.imported_codes(*name, *batch, vec![*slot]).await?;
                Ok(codes.into_iter().next().flatten().unwrap_or_default())
            }
        }
    }

    /// The code of that voucher of a campaign.
    pub fn voucher_code(&self, promotion: &Promotion, rank: u64) -> String {
        self.print(promotion, rank)
    }

    /// The codes of a batch of our own, from that index on, in order; as many as there are up to
    /// `most`.
    pub fn codes(&self, promotion: &Promotion, count: u64, from: u64, most: u64) -> Vec<String> {
        (from..count.min(from.saturating_add(most)))
            .map(|index| self.print(promotion, index))
            .collect()
    }

    fn print(&self, promotion: &Promotion, index: u64) -> String {
        let press = self.keys.of(promotion.key).unwrap_or_else(|| self.keys.current());
        press.print(CouponNumber { serial: promotion.serial, index }).to_string()
    }

    pub async fn imported_codes(
        &self,
        name: RackName,
        batch: Serial,
        slots: Vec<Slot>,
    ) -> Result<Vec<Option<String>>, Error> {
        let looked = self.engine.racks.look(&name, rack::Question::Codes { batch, slots }).await?;
        let rack::Answer::Codes(codes) = looked.answer else { return Ok(Vec::new()) };
        Ok(codes.into_iter().map(|code| code.map(|code| code.to_string())).collect())
    }

    /// That coupon for that member. None for a voucher, which nobody can be given.
    pub async fn give(
        &self,
        plan: &BatchPlan,
        home: &CouponHome,
        member: Id,
        by: By,
    ) -> Result<Option<Done<()>>, Error> {
        let Some(part) = part_of(home) else { return Ok(None) };
        self.batches.give(plan, part, home.slot(), member, by).await.map(Some)
    }

    /// Where the coupons live that a member was ever assigned, oldest first, with the key of each
    /// line.
    pub async fn homes_of(
        &self,
        owner: Id,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, CouponHome, Time)>, Error> {
        let page = Page { shelf: shelves::COUPONS, owner, after, limit };
        let lines = self.engine.rows(page).await?;
        let home = |line: &ListedRow| {
            let (home, at) = home_of_row(&line.key)?;
            Some((line.key.clone(), home, at))
        };
        Ok(lines.iter().filter_map(home).collect())
    }
}

/// The part of a batch that the coupon is in. A voucher is in none.
pub fn part_of(home: &CouponHome) -> Option<BatchPart> {
    match home {
        CouponHome::Campaign { .. } => None,
        CouponHome::Range { name, .. } => Some(BatchPart::Range(*name)),
        CouponHome::Rack { name, batch, .. } => Some(BatchPart::Rack(*name, *batch)),
    }
}
