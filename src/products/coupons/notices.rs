//! Telling owners that their coupons expire: every campaign, every batch that expires in the
//! window, and every one whose codes have ends of their own, is asked to tell its own, some at a
//! time.

use crate::coupons::Coupons;
use crate::coupons::batches::{BatchPart, parts};
use crate::failure::{Error, Refusal};
use crate::promotions::Promotion;
use crate::table::Engine;
use actors::domain::Between;
use actors::domain::coupons::redeem::{self, Command, Event};
use actors::domain::coupons::rows::{after_lines_before, notice_of_row};
use actors::domain::coupons::{CouponHome, Serial, SerialKind, campaign, range};
use actors::domain::day::Day;
use actors::domain::notices::{self, Question};
use actors::domain::{Only, shelves};
use actors::engine::By;
use actors::store::{ListedRow, Page, StoreError};
use actors::{Id, Time};
use base::journal;
use base::journal::Value;

/// What is to be told: everything that expires in the window, so many days ahead.
pub struct DueNotices {
    pub days: u16,
    pub since: Time,
    pub until: Time,
}

/// Campaigns and batches that are read from the catalogue at a time.
const AT_ONCE: usize = 100;

/// The last day whose notices were all given.
pub async fn last_day(engine: &Engine) -> Result<Option<Day>, Error> {
    Ok(engine.notices.look(&Only, Question).await?.answer)
}

/// The notices of that day were all given.
pub async fn finish(engine: &Engine, day: Day) -> Result<(), Error> {
    let finish = notices::Command::Finish { day };
    Ok(engine.notices.command(&Only, finish, By::SYSTEM).await.map(drop)?)
}

/// The notices that were given, the oldest first: lines of a list.
pub async fn list(
    engine: &Engine,
    given: &Between,
    after: Option<Vec<u8>>,
    limit: usize,
) -> Result<Vec<ListedRow>, StoreError> {
    let after = after.max(given.from.map(after_lines_before));
    let page = Page { shelf: shelves::NOTICES, owner: Id::SYSTEM, after, limit };
    let mut lines = engine.rows(page).await?;
    let is_before_the_end = |line: &ListedRow| {
        notice_of_row(&line.body).is_none_or(|notice| !given.is_over_at(notice.at))
    };
    lines.retain(is_before_the_end);
    Ok(lines)
}

impl Coupons {
    /// Tells all who have not been told, and says how many.
    pub async fn give_notices(&self, due: &DueNotices) -> Result<u64, Error> {
        let mut told = 0;
        let mut after = None;
        loop {
            let page = self.promotions.page(SerialKind::Campaign, after, AT_ONCE).await?;
            after = page.last().map(|promotion| promotion.serial);
            let full = page.len() == AT_ONCE;
            for promotion in page {
                told += self.tell(&promotion, None, due).await?;
            }
            if !full {
                break;
            }
        }
        let mut after = None;
        loop {
            let page = self.promotions.expiring(due.since, due.until, after, AT_ONCE).await?;
            for (_, serial) in &page {
                told += self.tell_batch(*serial, due).await?;
            }
            after = page.last().copied();
            if page.len() < AT_ONCE {
                break;
            }
        }
        let mut after = None;
        loop {
            let page = self.promotions.with_own_ends(after, AT_ONCE).await?;
            for serial in &page {
                told += self.tell_batch(*serial, due).await?;
            }
            after = page.last().copied();
            if page.len() < AT_ONCE {
                return Ok(told);
            }
        }
    }

    async fn tell_batch(&self, serial: Serial, due: &DueNotices) -> Result<u64, Error> {
        let Some(batch) = self.promotions.find(serial).await? else { return Ok(0) };
        let mut told = 0;
        for part in batch.batch().map_or_else(Vec::new, |plan| parts(serial, plan)) {
            told += self.tell(&batch, Some(part), due).await?;
        }
        Ok(told)
    }

    /// Those of one partition: a part of a batch, or a whole campaign.
    async fn tell(
        &self,
        promotion: &Promotion,
        part: Option<BatchPart>,
        due: &DueNotices,
    ) -> Result<u64, Error> {
        let DueNotices { days, since, until } = *due;
        let (mut told, mut from) = (0, Some(0));
        while let Some(slot) = from {
            let command = Command::Notice { days, since, until, from: slot };
            from = match self.ask_to_tell(promotion, part, command).await? {
                Ok(Event::Noticed { coupons, expires_at, .. }) => {
                    told += coupons.len() as u64;
                    for ((slot, owner), expires_at) in coupons.iter().zip(&expires_at) {
                        self.print_notice(promotion, part, *slot, *owner, days, *expires_at)
                            .await?;
                    }
                    coupons.last().map(|(slot, _)| slot + 1)
                }
                Ok(_) => None,
                Err(next) => next,
            };
        }
        Ok(told)
    }

    /// Whom it told, or where it would go on.
    async fn ask_to_tell(
        &self,
        promotion: &Promotion,
        part: Option<BatchPart>,
        command: Command,
    ) -> Result<Result<Event, Option<u64>>, Error> {
        let told = match (part, promotion.batch()) {
            (Some(part), Some(plan)) => self.redeem_in(plan, part, command, By::SYSTEM).await,
            _ => self.redeem_voucher(promotion, command, By::SYSTEM).await,
        };
        let error = match told {
            Ok(done) => return Ok(Ok(done.event)),
            Err(error) => error,
        };
        match error.refusal() {
            Some(
                Refusal::Coupons(range::Refusal::Coupon(redeem::Refusal::NobodyToTell { next }))
                | Refusal::Campaign(campaign::Refusal::Coupon(redeem::Refusal::NobodyToTell {
                    next,
                })),
            ) => Ok(Err(*next)),
            // A share of a rack that no line of this batch fell to has nobody.
            Some(Refusal::Coupons(range::Refusal::NotOpened)) => Ok(Err(None)),
            _ => Err(error),
        }
    }

    async fn print_notice(
        &self,
        promotion: &Promotion,
        part: Option<BatchPart>,
        slot: u64,
        owner: Id,
        days: u16,
        expires_at: Time,
    ) -> Result<(), Error> {
        let home = part
            .map_or(CouponHome::Campaign { campaign: promotion.serial, rank: slot }, |part| {
                part.home(slot)
            });
        let code = self.code(promotion, &home).await?;
        let expires_at = jiff::Timestamp::from_millisecond(expires_at.0).unwrap_or_default();
        journal::info(
            "a coupon expires soon",
            &[
                ("code", Value::Text(&code)),
                ("owner", Value::Text(&owner)),
                ("days", Value::Whole(i64::from(days))),
                ("expires_at", Value::Text(&expires_at)),
            ],
        );
        Ok(())
    }
}
