//! Works off the voidings that have not ended, some stretches of each in turn.
//!
//! A part says how many it has voided for the job in all. So a stretch that was decided while its
//! answer was lost is counted once, whenever it is asked for again.

use super::Voidings;
use crate::coupons::batches::{BatchPart, parts};
use crate::failure::{Error, Refusal};
use crate::looking::wait_for_news;
use actors::Id;
use actors::domain::coupons::catalogue::BatchPlan;
use actors::domain::coupons::range::{self, Answer, Question, VoidedCounts, VoidingSoFar};
use actors::domain::coupons::voiding::{
    Command, Event, Voiding, VoidingPlan, VoidingProgress, VoidingState, VoidingView,
};
use actors::engine::By;
use actors::machine::partition_id;
use base::journal::{self, Value};
use metrics::{counter, gauge};
use std::sync::Arc;

/// Stretches of one job before the next has its turn.
const STRETCHES: usize = 16;

/// Starts the worker on this thread. It ends when the node stops.
pub fn start(voidings: Arc<Voidings>, stops: impl Fn() -> bool + 'static) {
    actix_rt::spawn(async move {
        while !stops() {
            let Worked { is_any_open, has_moved } = voidings.work(&stops).await;
            if !has_moved {
                wait_for_news(&voidings.engine.node, &voidings.news, is_any_open).await;
            }
        }
    });
}

/// What a turn of all jobs came to.
struct Worked {
    /// Whether any has not ended, here or elsewhere; or nobody knows.
    is_any_open: bool,
    has_moved: bool,
}

/// What a stretch came to: how many were voided in this part so far, and where to go on in it.
struct Stretch {
    here: VoidedCounts,
    next: Option<u64>,
}

impl Voidings {
    /// One turn of each job.
    async fn work(&self, stops: &impl Fn() -> bool) -> Worked {
        let found = self.unfinished().await;
        let mut worked = Worked { is_any_open: true, has_moved: false };
        let Ok(mut jobs) = found else { return worked };
        worked.is_any_open = !jobs.is_empty();
        jobs.retain(|job| self.engine.should_do(&partition_id::<Voiding>(job)));
        gauge!("stampede_voidings_unfinished").set(jobs.len() as f64);
        if !self.engine.node.is_settled() {
            return worked;
        }
        for job in jobs {
            match self.turn(job).await {
                Ok(()) => worked.has_moved = true,
                // A node that stops takes the partitions away under it; the next start goes on.
                Err(_) if stops() => return worked,
                Err(error) => journal::warn(
                    "a voiding waits",
                    &[("job", Value::Text(&job)), ("error", Value::Text(&error))],
                ),
            }
        }
        worked
    }

    async fn turn(&self, job: Id) -> Result<(), Error> {
        let Some(VoidingView { plan, state, progress, .. }) = self.view(job).await? else {
            return Ok(());
        };
        let promotion = self.promotions.find(plan.batch).await?;
        let batch = promotion.as_ref().and_then(|promotion| promotion.batch());
        let part = batch.and_then(|batch| {
            let part = parts(plan.batch, batch).get(usize::from(progress.part)).copied();
            Some((batch, part?))
        });
        match (state, part) {
            (VoidingState::Finished | VoidingState::Cancelled, _) => Ok(()),
            (_, None) => self.end(job, Command::Finish).await,
            (VoidingState::Cancelling, Some((batch, part))) => {
                if !plan.dry_run {
                    let here = self.voided_in(batch, part, job).await?.counts;
                    let progress = VoidingProgress { here, ..progress };
                    self.step(job, Command::Advance(progress)).await?;
                }
                self.end(job, Command::Stop).await
            }
            (VoidingState::Running, Some((batch, part))) => {
                let progress = self.on(job, &plan, (batch, part), progress).await?;
                self.step(job, Command::Advance(progress)).await.map(drop)
            }
        }
    }

    /// Some stretches of a part.
    async fn on(
        &self,
        job: Id,
        plan: &VoidingPlan,
        (batch, part): (&BatchPlan, BatchPart),
        mut progress: VoidingProgress,
    ) -> Result<VoidingProgress, Error> {
        for _ in 0..STRETCHES {
            let stretch = match plan.dry_run {
                true => self.count(plan, (batch, part), &progress).await?,
                false => self.void(job, plan, (batch, part), &progress).await?,
            };
            progress.here = stretch.here;
            match stretch.next {
                Some(next) => progress.slot = next,
                None => return Ok(progress.with_next_part()),
            }
        }
        Ok(progress)
    }

    async fn void(
        &self,
        job: Id,
        plan: &VoidingPlan,
        (batch, part): (&BatchPlan, BatchPart),
        progress: &VoidingProgress,
    ) -> Result<Stretch, Error> {
        let (filter, from) = (plan.filter.clone(), progress.slot);
        let command = range::Command::VoidThose { job, filter, from };
        match self.batches.command(batch, &[part], command, By::SYSTEM).await {
            Ok((_, done)) => match done.event {
                range::Event::VoidedThose { coupons, next, counts, .. } => {
                    if !done.replayed {
                        counter!("stampede_coupons_voided_total").increment(coupons.len() as u64);
                    }
                    Ok(Stretch { here: counts, next })
                }
                _ => Err(Error(actors::engine::Failure::Refused(Refusal::OtherFact))),
            },
            Err(error) => match error.refusal() {
                Some(Refusal::Coupons(range::Refusal::NoneHere { next })) => {
                    Ok(Stretch { here: progress.here, next: Some(*next) })
                }
                // Nothing is left that could be voided, or no line ever fell to this share.
                Some(Refusal::Coupons(
                    range::Refusal::AllVoid | range::Refusal::Expired | range::Refusal::NotOpened,
                )) => {
                    let here = self.voided_in(batch, part, job).await?.counts;
                    Ok(Stretch { here, next: None })
                }
                _ => Err(error),
            },
        }
    }

    async fn count(
        &self,
        plan: &VoidingPlan,
        (batch, part): (&BatchPlan, BatchPart),
        progress: &VoidingProgress,
    ) -> Result<Stretch, Error> {
        let (filter, from) = (plan.filter.clone(), progress.slot);
        let question = Question::WouldVoid { filter, from };
        let (counts, next) = match self.batches.look(batch, &[part], &question).await?.pop() {
            Some(Answer::WouldVoid { counts, next }) => (counts, next),
            _ => (VoidedCounts::default(), None),
        };
        Ok(Stretch { here: [progress.here, counts].into_iter().sum(), next })
    }

    /// What the part has voided for the job, as it says itself.
    async fn voided_in(
        &self,
        batch: &BatchPlan,
        part: BatchPart,
        job: Id,
    ) -> Result<VoidingSoFar, Error> {
        let question = Question::VoidedBy(job);
        Ok(match self.batches.look(batch, &[part], &question).await?.pop() {
            Some(Answer::VoidedBy(Some(so_far))) => so_far,
            _ => VoidingSoFar::default(),
        })
    }

    async fn end(&self, job: Id, how: Command) -> Result<(), Error> {
        let state = match self.step(job, how).await? {
            Event::Finished => "finished",
            _ => "cancelled",
        };
        counter!("stampede_voidings_ended_total", "state" => state).increment(1);
        journal::info(
            "a voiding has ended",
            &[("job", Value::Text(&job)), ("state", Value::Text(&state))],
        );
        Ok(())
    }

    /// A step of a job, which the worker itself commands.
    async fn step(&self, job: Id, command: Command) -> Result<Event, Error> {
        Ok(self.engine.voidings.command(&job, command, By::SYSTEM).await?.event)
    }
}
