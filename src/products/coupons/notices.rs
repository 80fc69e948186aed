//! Telling owners that their coupons expire: every campaign, and every batch that expires in the
//! window, is asked to tell its own, some at a time.

use crate::catalogue::{Failed, Known, Promotions};
use crate::coupons::batches::{Part, parts};
use actors::domain::coupons::SerialKind;
use actors::domain::coupons::redeem::{Command, Event, Refusal};
use actors::domain::coupons::{CouponHome, campaign, range};
use actors::engine::By;
use actors::engine::Failure;
use actors::{Id, Time};
use base::journal;
use base::journal::Value;
use std::sync::Arc;

/// What is to be told: everything that expires in the window, so many days ahead.
pub struct Due {
    pub days: u16,
    pub since: Time,
    pub until: Time,
}

/// Campaigns and batches that are read from the catalogue at a time.
const AT_ONCE: usize = 100;

impl Promotions {
    /// Tells all who have not been told, and says how many.
    pub async fn give_notices(&self, due: &Due) -> Result<u64, Failed> {
        let mut told = 0;
        let mut after = None;
        loop {
            let page = self.page(SerialKind::Campaign, after, AT_ONCE).await?;
            after = page.last().map(|known| known.serial);
            let full = page.len() == AT_ONCE;
            for known in page {
                told += self.tell(&Arc::new(known), None, due).await?;
            }
            if !full {
                break;
            }
        }
        let mut after = None;
        loop {
            let page = self.expiring(due.since, due.until, after, AT_ONCE).await?;
            for (_, serial) in &page {
                let Some(known) = self.known(*serial).await? else { continue };
                for part in known.batch().map_or_else(Vec::new, |plan| parts(*serial, plan)) {
                    told += self.tell(&known, Some(part), due).await?;
                }
            }
            after = page.last().copied();
            if page.len() < AT_ONCE {
                return Ok(told);
            }
        }
    }

    /// Those of one partition: a part of a batch, or a whole campaign.
    async fn tell(&self, known: &Known, part: Option<Part>, due: &Due) -> Result<u64, Failed> {
        let Due { days, since, until } = *due;
        let (mut told, mut from) = (0, Some(0));
        while let Some(slot) = from {
            let command = Command::Notice { days, since, until, from: slot };
            from = match self.ask_to_tell(known, part, command).await? {
                Ok(Event::Noticed { coupons, expires_at, .. }) => {
                    told += coupons.len() as u64;
                    for ((slot, owner), expires_at) in coupons.iter().zip(&expires_at) {
                        self.print_notice(known, part, *slot, *owner, days, *expires_at).await?;
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
        known: &Known,
        part: Option<Part>,
        command: Command,
    ) -> Result<Result<Event, Option<u64>>, Failed> {
        let told = match (part, known.batch()) {
            (Some(part), Some(plan)) => {
                let told = self
                    .command_any(plan, &[part], range::Command::Redeem(command), By::SYSTEM)
                    .await;
                told.map(|(_, done)| match done.event {
                    range::Event::Redeemed(event) => Some(event),
                    _ => None,
                })
            }
            _ => {
                let told = self
                    .command_campaign(known, &campaign::Command::Redeem(command), By::SYSTEM)
                    .await;
                told.map(|done| match done.event {
                    campaign::Event::Redeemed(event) => Some(event),
                    _ => None,
                })
            }
        };
        match told {
            Ok(event) => Ok(event.ok_or(None)),
            Err(Failed::Range(Failure::Refused(range::Refusal::Coupon(
                Refusal::NobodyToTell { next },
            )))) => Ok(Err(next)),
            Err(Failed::Campaign(Failure::Refused(campaign::Refusal::Coupon(
                Refusal::NobodyToTell { next },
            )))) => Ok(Err(next)),
            // A share of a rack that no line of this batch fell to has nobody.
            Err(Failed::Range(Failure::Refused(range::Refusal::NotOpened))) => Ok(Err(None)),
            Err(failed) => Err(failed),
        }
    }

    async fn print_notice(
        &self,
        known: &Known,
        part: Option<Part>,
        slot: u64,
        owner: Id,
        days: u16,
        expires_at: Time,
    ) -> Result<(), Failed> {
        let home = part
            .map_or(CouponHome::Campaign { campaign: known.serial, rank: slot }, |part| {
                part.home(slot)
            });
        let code = self.code(known, &home).await?;
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
