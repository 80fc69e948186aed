//! A batch is revised or withdrawn, as long as nothing of it was assigned.
//!
//! Each change has a turn, which the first part of the batch gives: all parts freeze in it, which
//! one of which anything was assigned refuses; then they are changed, and then they thaw. The first
//! part is always the last, so what it says holds for all. A part obeys no turn but the last in
//! which it froze. So of several who change a batch at once, at whichever nodes, one is the last,
//! and all parts have its terms; whoever was overtaken takes another turn. What somebody who died
//! left frozen, the next one brings to an end.

use super::batches::{BatchPart, Batches, foresee, foresee_command, parts};
use crate::failure::{Error, Refusal, pick};
use actors::Time;
use actors::domain::coupons::catalogue::BatchPlan;
use actors::domain::coupons::range::{self, Command, Event, RangeOverview};
use actors::domain::coupons::{Offer, Serial};
use actors::engine::{By, Done, Failure};
use futures_util::future::{join_all, try_join_all};
use std::time::Duration;

const NOT_FROZEN: Refusal = Refusal::Coupons(range::Refusal::NotFrozen);
const IN_USE: Refusal = Refusal::Coupons(range::Refusal::InUse);

/// So many turns are taken while others are quicker.
const TURNS: u32 = 9;
/// Before the second turn; twice as long before each other one, so that the others come to an end.
const PAUSE: Duration = Duration::from_millis(20);

/// A batch as a whole, and who changes it.
struct Revision<'a> {
    batches: &'a Batches,
    plan: &'a BatchPlan,
    parts: Vec<BatchPart>,
    by: By,
}

impl Batches {
    /// Anything of it, until the first assignment.
    pub async fn revise(
        &self,
        batch: Serial,
        plan: &BatchPlan,
        (offer, expires_at): (Offer, Time),
        by: By,
    ) -> Result<Done<RangeOverview>, Error> {
        if !by.is_dry_run() {
            self.list_expiry(batch, expires_at).await?;
        }
        let revise = |turn| Command::Revise { offer, expires_at, turn };
        self.while_untouched(batch, plan, &revise, by).await
    }

    /// Until the first assignment.
    pub async fn withdraw(
        &self,
        batch: Serial,
        plan: &BatchPlan,
        by: By,
    ) -> Result<Done<RangeOverview>, Error> {
        self.while_untouched(batch, plan, &|turn| Command::Withdraw { turn }, by).await
    }

    async fn while_untouched(
        &self,
        batch: Serial,
        plan: &BatchPlan,
        change: &(dyn Fn(u32) -> Command + Sync),
        by: By,
    ) -> Result<Done<RangeOverview>, Error> {
        let revision = Revision { batches: self, plan, parts: parts(batch, plan), by };
        if !by.is_dry_run() {
            self.open_shares(plan, &revision.parts).await?;
        }
        // A repeat is answered, and so is what is so already.
        let done = match self.command_one(plan, revision.parts[0], change(0), by).await {
            Err(error) if error.refusal() == Some(&NOT_FROZEN) => None,
            outcome => outcome?,
        };
        let mut overview = self.overview(batch, plan).await?;
        let done = match done {
            Some(done) => {
                self.bring_to_an_end(batch, plan, by).await?;
                done
            }
            None if by.is_dry_run() => {
                let frozen = revision.would_freeze().await?;
                foresee_command(&mut overview, &change(0));
                return pick(frozen, |_| Some(overview));
            }
            None => {
                let done = revision.carry_out(change).await?;
                overview = self.overview(batch, plan).await?;
                done
            }
        };
        // As it became then, whatever others have made of it since.
        foresee(&mut overview, &done.event);
        pick(done, |_| Some(overview))
    }

    /// What somebody has left frozen becomes as its first part says, and thaws.
    pub(super) async fn bring_to_an_end(
        &self,
        batch: Serial,
        plan: &BatchPlan,
        by: By,
    ) -> Result<(), Error> {
        let revision =
            Revision { batches: self, plan, parts: parts(batch, plan), by: By { key: None, ..by } };
        if by.is_dry_run() || !revision.overviews().await?.iter().any(|part| part.frozen) {
            return Ok(());
        }
        for attempt in 0..TURNS {
            pause_before(attempt).await;
            let outcome = match revision.freeze().await {
                Ok(turn) => revision.settle(turn).await,
                Err(error) => Err(error),
            };
            match outcome {
                Err(error) if error.refusal() == Some(&NOT_FROZEN) => {}
                // Whoever froze it had done all but thaw it.
                Err(error) if error.refusal() == Some(&IN_USE) => {
                    return revision.thaw(u32::MAX).await;
                }
                outcome => return outcome,
            }
        }
        Err(Error(Failure::Busy))
    }
}

impl Revision<'_> {
    async fn carry_out(
        &self,
        change: &(dyn Fn(u32) -> Command + Sync),
    ) -> Result<Done<Event>, Error> {
        for attempt in 0..TURNS {
            pause_before(attempt).await;
            match self.carry_out_in_a_turn(change).await {
                Err(error) if error.refusal() == Some(&NOT_FROZEN) => {}
                outcome => return outcome,
            }
        }
        Err(Error(Failure::Busy))
    }

    /// What fails half-way stays frozen until it is asked for again.
    async fn carry_out_in_a_turn(
        &self,
        change: &(dyn Fn(u32) -> Command + Sync),
    ) -> Result<Done<Event>, Error> {
        let turn = self.freeze().await?;
        let outcome = self.tell(change(turn)).await;
        match &outcome {
            Ok(_) => self.thaw(turn).await?,
            Err(error) if error.refusal().is_some_and(|refusal| *refusal != NOT_FROZEN) => {
                self.unkeyed().settle(turn).await?;
            }
            Err(_) => {}
        }
        outcome
    }

    /// All parts become as the first one is, or are withdrawn if one of them is.
    async fn settle(&self, turn: u32) -> Result<(), Error> {
        let all = self.overviews().await?;
        let range::RangeTerms { offer, expires_at, .. } = all[0].terms;
        let command = match all.iter().any(|part| part.withdrawn) {
            true => Command::Withdraw { turn },
            false => Command::Revise { offer, expires_at, turn },
        };
        match self.tell(command).await {
            Err(error) if error.refusal() == Some(&NOT_FROZEN) => return Err(error),
            // It is void or over, and nobody asks what it was worth.
            Err(error) if error.refusal().is_some() => {}
            outcome => drop(outcome?),
        }
        self.thaw(turn).await
    }

    /// Says in which turn all are frozen.
    async fn freeze(&self) -> Result<u32, Error> {
        let (first, others) = self.first_and_others()?;
        let unkeyed = By { key: None, ..self.by };
        let freeze = |part, turn| {
            self.batches.command_one(self.plan, part, Command::Freeze { turn }, unkeyed)
        };
        let Some(Done { event: Event::FrozenInTurn(turn), .. }) = freeze(first, None).await? else {
            return Err(Error(Failure::Unknown));
        };
        let others = others.iter().map(|part| freeze(*part, Some(turn)));
        // Of all of them it is known what came of it, before any thaws.
        let outcomes = join_all(others).await;
        match worst(outcomes) {
            Some(error) => {
                if error.refusal().is_some_and(|refusal| *refusal != NOT_FROZEN) {
                    self.thaw(turn).await?;
                }
                Err(error)
            }
            None => Ok(turn),
        }
    }

    async fn would_freeze(&self) -> Result<Done<()>, Error> {
        let (first, others) = self.first_and_others()?;
        let freeze = |part, turn| {
            self.batches.command_one(self.plan, part, Command::Freeze { turn }, self.by)
        };
        let all = others.iter().map(|part| freeze(*part, Some(u32::MAX)));
        try_join_all(all.chain([freeze(first, None)])).await?;
        let at = self.batches.now();
        Ok(Done { event: (), at, replayed: false, witness: None })
    }

    /// The first part alone knows the key: if another change comes between, a repeat of this one
    /// must not find it done in some of the parts.
    async fn tell(&self, command: Command) -> Result<Done<Event>, Error> {
        let (first, others) = self.first_and_others()?;
        let unkeyed = By { key: None, ..self.by };
        let tell = |part, by| self.batches.command_one(self.plan, part, command.clone(), by);
        let others = join_all(others.iter().map(|part| tell(*part, unkeyed))).await;
        if let Some(error) = worst(others) {
            return Err(error);
        }
        tell(first, self.by).await?.ok_or(Error(Failure::Unknown))
    }

    async fn thaw(&self, turn: u32) -> Result<(), Error> {
        self.unkeyed().tell(Command::Thaw { turn }).await.map(drop)
    }

    fn unkeyed(&self) -> Revision<'_> {
        let Revision { batches, plan, ref parts, by } = *self;
        Revision { batches, plan, parts: parts.clone(), by: By { key: None, ..by } }
    }

    async fn overviews(&self) -> Result<Vec<RangeOverview>, Error> {
        let look = |part: &BatchPart| self.batches.overview_by(self.plan, *part);
        try_join_all(self.parts.iter().map(look)).await
    }

    fn first_and_others(&self) -> Result<(BatchPart, &[BatchPart]), Error> {
        let (first, others) = self.parts.split_first().ok_or(Error(Failure::Unknown))?;
        Ok((*first, others))
    }
}

/// That a later turn has begun counts more than what went wrong in this one; a failure, of which
/// nobody knows what came of it, more than a refusal.
fn worst<T>(outcomes: Vec<Result<T, Error>>) -> Option<Error> {
    let weight = |error: &Error| match error.refusal() {
        Some(refusal) if *refusal == NOT_FROZEN => 2,
        Some(_) => 0,
        None => 1,
    };
    outcomes.into_iter().filter_map(Result::err).max_by_key(weight)
}

async fn pause_before(attempt: u32) {
    if let Some(doublings) = attempt.checked_sub(1) {
        actix_rt::time::sleep(PAUSE * 2u32.pow(doublings)).await;
    }
}

#[cfg(test)]
mod tests;
