//! What a campaign is called, revised and withdrawn with it: the catalogue has its names, and the
//! campaign itself says which of them it keeps.
//!
//! A name is taken in a turn, the campaign follows it, and all other names are given back. Any node
//! may do so at any time. One that comes late is refused by the campaign, and takes another turn;
//! one that dies leaves names behind, which the next one gives back, or who looks now and then.

use super::{Campaigns, may_have_happened_unseen};
use crate::failure::{Error, Refusal};
use crate::promotions::Promotion;
use actors::domain::coupons::Serial;
use actors::domain::coupons::campaign::{self, CampaignChanges, Command, Overview};
use actors::engine::{By, Done, Failure};
use std::sync::MutexGuard;

/// So many turns are taken while others are quicker.
const TURNS: usize = 32;

const NOT_ITS_TURN: Refusal = Refusal::Campaign(campaign::Refusal::NotItsTurn);

impl Campaigns {
    /// Anything of it, until the first claim.
    pub async fn revise(
        &self,
        promotion: &Promotion,
        changes: CampaignChanges,
        by: By,
    ) -> Result<Done<Overview>, Error> {
        // What needs no other name is done so, a repeat is answered, and whatever else speaks
        // against it is said before a name is taken.
        let outcome = self.change(promotion, &Command::Revise(changes.clone()), by).await;
        let Some(name) = changes.name.clone() else { return outcome };
        let done = match outcome {
            Err(error) if error.refusal() == Some(&NOT_ITS_TURN) => {
                return self.rename(promotion, &name, changes, by).await;
            }
            outcome => outcome?,
        };
        if done.replayed && !by.is_dry_run() {
            // Whoever did it may have died before names were given back.
            self.give_back_names(promotion, None).await?;
        }
        Ok(done)
    }

    async fn rename(
        &self,
        promotion: &Promotion,
        name: &str,
        changes: CampaignChanges,
        by: By,
    ) -> Result<Done<Overview>, Error> {
        for _ in 0..TURNS {
            let now = self.known_overview(promotion).await?.plan.name;
            let turn = self.promotions.take_name(promotion.serial, name, &now, by.how).await?;
            let revise = Command::ReviseInTurn { changes: changes.clone(), turn };
            let outcome = self.change(promotion, &revise, by).await;
            match &outcome {
                Err(error) if error.refusal() == Some(&NOT_ITS_TURN) => continue,
                outcome if may_have_happened_unseen(outcome) || by.is_dry_run() => {}
                _ => self.give_back_names(promotion, Some(turn)).await?,
            }
            return outcome;
        }
        self.give_back_names(promotion, None).await?;
        Err(Error(Failure::Busy))
    }

    /// Until the first claim. Its name is free again.
    pub async fn withdraw(&self, promotion: &Promotion, by: By) -> Result<Done<Overview>, Error> {
        let done = self.change(promotion, &Command::Withdraw, by).await?;
        if !by.is_dry_run() {
            self.give_back_names(promotion, None).await?;
        }
        Ok(done)
    }

    /// Gives back what somebody who died between two steps of a rename has left over. To be called
    /// now and then: whoever is only slow has time until the next call.
    pub async fn finish_renames(&self) -> Result<(), Error> {
        let now = self.promotions.with_several_names().await?;
        let before = std::mem::replace(&mut *self.unfinished(), now.clone());
        for (serial, _) in now.into_iter().filter(|known| before.contains(known)) {
            if let Some(promotion) = self.promotions.find(serial).await? {
                self.give_back_names(&promotion, None).await?;
            }
        }
        Ok(())
    }

    fn unfinished(&self) -> MutexGuard<'_, Vec<(Serial, u32)>> {
        self.unfinished.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Those that are not the campaign's now. Whoever has a turn does so for that turn only: if it
    /// is not the last, another has a later one.
    async fn give_back_names(&self, promotion: &Promotion, mine: Option<u32>) -> Result<(), Error> {
        let known = self.promotions.names_of(promotion.serial).await?;
        if mine.is_some_and(|mine| mine < known.turn) {
            return Ok(());
        }
        let mut now = self.known_overview(promotion).await?;
        let called = now.plan.name.to_lowercase();
        let nothing_is_left_over = match &known.names[..] {
            [] => now.withdrawn,
            [only] => !now.withdrawn && only.to_lowercase() == called,
            _ => false,
        };
        if nothing_is_left_over {
            return Ok(());
        }
        if now.turn < known.turn {
            // From here on it is not renamed in this turn, so what it is called now, it stays.
            self.command(promotion, &Command::PassTurn(known.turn), By::SYSTEM).await?;
            now = self.known_overview(promotion).await?;
        }
        let Overview { plan, withdrawn, .. } = now;
        self.promotions.keep_name(promotion.serial, known.turn, plan.name, withdrawn).await
    }

    async fn known_overview(&self, promotion: &Promotion) -> Result<Overview, Error> {
        let overview = self.overview(promotion).await?;
        Ok(overview.ok_or(Failure::Refused(campaign::Refusal::NotOpened))?)
    }
}
