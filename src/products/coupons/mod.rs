//! One coupon, wherever it lives: found by its code, used, shown.
//!
//! A code of our own says where its coupon lives, and is judged by its check digits alone: a forged
//! or mistyped one is unknown without a look-up. Any other text may be an imported code, and is
//! looked for on the rack that its hash names.

pub mod batches;
pub mod codes;
pub mod expired;
pub mod keys;
pub mod notices;
pub mod told;

use crate::catalogue::{Failed, Known, Promotions};
use crate::coupons::batches::Part;
use actors::domain::coupons::SerialKind;
use actors::domain::coupons::Slot;
use actors::domain::coupons::catalogue::Plan;
use actors::domain::coupons::code::{CouponNumber, NotOurs, Version};
use actors::domain::coupons::coupon::CouponView;
use actors::domain::coupons::range::{Answer, Command, Event, Question};
use actors::domain::coupons::{CouponHome, RackName, Serial, campaign, rack, redeem};
use actors::engine::By;
use actors::engine::{Done, Failure};
use actors::store::Page;
use actors::{Id, Time};
use std::sync::Arc;

/// Imported codes have at most so many characters.
pub const LONGEST_CODE: usize = 64;

/// A coupon as its partition has it.
pub struct Found {
    pub home: CouponHome,
    pub known: Arc<Known>,
    pub code: String,
    pub view: CouponView,
}

impl Promotions {
    /// Where the coupon of that code lives. None for a code that nobody ever made or imported.
    pub async fn home(&self, code: &str) -> Result<Option<CouponHome>, Failed> {
        match self.keys.read_with_version(code) {
            Ok((place, key)) => self.home_of(place, key).await,
            Err(NotOurs::Forged) => {
                metrics::counter!("stampede_codes_refused_total").increment(1);
                Ok(None)
            }
            Err(NotOurs::Foreign) if code.is_empty() || code.chars().count() > LONGEST_CODE => {
                Ok(None)
            }
            Err(NotOurs::Foreign) => self.home_of_imported(code).await,
        }
    }

    async fn home_of(
        &self,
        CouponNumber { serial, index }: CouponNumber,
        key: Version,
    ) -> Result<Option<CouponHome>, Failed> {
        // Whoever has stolen another key can make codes with it, but not of this campaign or batch.
        let known = self.known(serial).await?.filter(|known| known.key == key);
        let Some(known) = known else { return Ok(None) };
        Ok(match known.batch() {
            None => Some(CouponHome::Campaign { campaign: serial, rank: index }),
            Some(plan) => {
                plan.place(serial, index).map(|(name, slot)| CouponHome::Range { name, slot })
            }
        })
    }

    async fn home_of_imported(&self, code: &str) -> Result<Option<CouponHome>, Failed> {
        let name = RackName::of(code);
        let looked = self.engine.racks.look(&name, rack::Question::Find(code.into())).await?;
        let rack::Answer::Found(Some((batch, slot))) = looked.answer else { return Ok(None) };
        Ok(Some(CouponHome::Rack { name, batch, slot }))
    }

    /// The coupon that lives there, if anything does.
    pub async fn coupon(&self, home: CouponHome) -> Result<Option<Found>, Failed> {
        let Some(known) = self.known(home.serial()).await? else { return Ok(None) };
        let Some(view) = self.view(&known, &home).await? else { return Ok(None) };
        let code = self.code(&known, &home).await?;
        Ok(Some(Found { home, known, code, view }))
    }

    async fn view(&self, known: &Known, home: &CouponHome) -> Result<Option<CouponView>, Failed> {
        if let CouponHome::Campaign { rank, .. } = home {
            let answer = self.look_at_campaign(known, &campaign::Question::Voucher(*rank)).await?;
            let Some(campaign::Answer::Voucher(view)) = answer else { return Ok(None) };
            return Ok(view);
        }
        let (Some(plan), Some(part)) = (known.batch(), part_of(home)) else { return Ok(None) };
        let answer = self.look_at_parts(plan, &[part], &Question::Coupon(home.slot())).await?.pop();
        let Some(Answer::Coupon(view)) = answer else { return Ok(None) };
        Ok(view)
    }

    /// The code of the coupon that lives there.
    pub async fn code(&self, known: &Known, home: &CouponHome) -> Result<String, Failed> {
        match home {
            CouponHome::Campaign { rank, .. } => Ok(self.voucher_code(known, *rank)),
            CouponHome::Range { name, slot } => {
                let index = known.batch().map_or(*slot, |plan| plan.index(name, *slot));
                Ok(self.print(known, index))
            }
            CouponHome::Rack { name, batch, slot } => {
                let codes = self.imported_codes(*name, *batch, vec![*slot]).await?;
                Ok(codes.into_iter().next().flatten().unwrap_or_default())
            }
        }
    }

    /// The code of that voucher of a campaign.
    pub fn voucher_code(&self, known: &Known, rank: u64) -> String {
        self.print(known, rank)
    }

    /// The codes of a batch of our own, from that index on, in order; as many as there are up to
    /// `most`.
    pub fn codes(&self, known: &Known, count: u64, from: u64, most: u64) -> Vec<String> {
        (from..count.min(from.saturating_add(most))).map(|index| self.print(known, index)).collect()
    }

    fn print(&self, known: &Known, index: u64) -> String {
        let press = self.keys.of(known.key).unwrap_or_else(|| self.keys.current());
        press.print(CouponNumber { serial: known.serial, index }).to_string()
    }

    pub async fn imported_codes(
        &self,
        name: RackName,
        batch: Serial,
        slots: Vec<Slot>,
    ) -> Result<Vec<Option<String>>, Failed> {
        let looked = self.engine.racks.look(&name, rack::Question::Codes { batch, slots }).await?;
        let rack::Answer::Codes(codes) = looked.answer else { return Ok(Vec::new()) };
        Ok(codes.into_iter().map(|code| code.map(|code| code.to_string())).collect())
    }

    /// A command about the coupon that lives there.
    pub async fn redeem(
        &self,
        home: &CouponHome,
        command: redeem::Command,
        by: By,
    ) -> Result<Done<redeem::Event>, Failed> {
        let unknown = || {
            Failed::Range(Failure::Refused(actors::domain::coupons::range::Refusal::Coupon(
                redeem::Refusal::Unknown,
            )))
        };
        let known = self.known(home.serial()).await?.ok_or_else(unknown)?;
        if home.serial().of() == SerialKind::Campaign {
            let done =
                self.command_campaign(&known, &campaign::Command::Redeem(command), by).await?;
            let campaign::Event::Redeemed(event) = done.event else {
                return Err(Failed::Campaign(Failure::KeyReused));
            };
            return Ok(Done { event, at: done.at, replayed: done.replayed, witness: None });
        }
        let (Some(plan), Some(part)) = (known.batch(), part_of(home)) else {
            return Err(unknown());
        };
        let (_, done) = self.command_any(plan, &[part], Command::Redeem(command), by).await?;
        let Event::Redeemed(event) = done.event else {
            return Err(Failed::Range(Failure::KeyReused));
        };
        Ok(Done { event, at: done.at, replayed: done.replayed, witness: None })
    }

    /// That coupon for that member.
    pub async fn give_at(
        &self,
        plan: &Plan,
        home: &CouponHome,
        member: Id,
        by: By,
    ) -> Result<Option<Done<Event>>, Failed> {
        let Some(part) = part_of(home) else { return Ok(None) };
        self.give(plan, part, home.slot(), member, by).await.map(Some)
    }

    /// Where the coupons live that a member was ever assigned, oldest first, with the key of each
    /// line.
    pub async fn homes_of(
        &self,
        owner: Id,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, CouponHome, Time)>, Failed> {
        let page = Page { shelf: actors::domain::shelves::COUPONS, owner, after, limit };
        let lines = self.engine.rows(page).await?;
        let home = |line: &actors::store::ListedRow| {
            let (home, at) = actors::domain::coupons::rows::home_of_row(&line.key, &line.body)?;
            Some((line.key.clone(), home, at))
        };
        Ok(lines.iter().filter_map(home).collect())
    }
}

/// The part of a batch that the coupon is in. A voucher is in none.
pub fn part_of(home: &CouponHome) -> Option<Part> {
    match home {
        CouponHome::Campaign { .. } => None,
        CouponHome::Range { name, .. } => Some(Part::Range(*name)),
        CouponHome::Rack { name, batch, .. } => Some(Part::Rack(*name, *batch)),
    }
}
