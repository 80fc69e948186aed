//! An import of foreign codes: which file, on what terms, and how far it has come.
//!
//! A job goes through its file once, or twice if it is to fail on duplicates: first it only checks.
//! What it has said of a row stands: progress never goes back within a pass, and its counts add up.
//! A cancelled job ends where the rows under way end, so that its counts are right. One that failed
//! or was cancelled begins again at the first row when the same file is brought again.

use super::rows;
use super::words::{
    Answer, Command, Event, ImportPass, ImportPlan, ImportState, ImportView, OnDuplicate, Progress,
    Question, Refusal, WhyFailed,
};
use crate::cards::Cards;
use crate::domain::coupons::Serial;
use crate::id::Id;
use crate::machine::{Caller, Machine, Stamp, Verdict};
use crate::store::Row;
use crate::time::Time;
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
pub struct Import {
    job: Option<ImportView>,
}

impl Machine for Import {
    const KIND: &'static str = rows::KIND;
    type Name = Id;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;
    type Question = Question;
    type Answer = Answer;
    type Witness = ();

    fn decide(
        &self,
        command: &Command,
        _: &Caller,
        _: &Stamp,
        _: &Cards<'_>,
    ) -> Result<Verdict<Event>, Refusal> {
        use Verdict::{Already, New};
        let job = match (command, &self.job) {
            (Command::Create(plan), None) => return Ok(New(Event::Planned(plan.clone()))),
            (_, None) => return Err(Refusal::Unknown),
            (_, Some(job)) => job,
        };
        match (command, job.state) {
            (Command::Create(_), ImportState::Failed(_) | ImportState::Cancelled) => {
                Ok(New(Event::Reopened))
            }
            (Command::Create(_), _) => Ok(Already(Event::Planned(job.plan.clone()))),
            (Command::Cancel, ImportState::Running) => Ok(New(Event::Cancelling)),
            (Command::Cancel, ImportState::Cancelling) => Ok(Already(Event::Cancelling)),
            (Command::Cancel | Command::Stop, ImportState::Cancelled) => {
                Ok(Already(Event::Cancelled))
            }
            (Command::Stop, ImportState::Cancelling) => Ok(New(Event::Cancelled)),
            (Command::Finish, ImportState::Finished) => Ok(Already(Event::Finished)),
            (Command::Fail(_), ImportState::Failed(why)) => Ok(Already(Event::Failed(why))),
            (_, ImportState::Finished | ImportState::Failed(_) | ImportState::Cancelled) => {
                Err(Refusal::Ended)
            }
            (Command::Fail(why), _) => Ok(New(Event::Failed(*why))),
            (Command::Advance(progress), _) if *progress == job.progress => {
                Ok(Already(Event::Advanced(*progress)))
            }
            (Command::Advance(progress), _) if job.may_come_to(progress) => {
                Ok(New(Event::Advanced(*progress)))
            }
            (Command::Register { batch }, ImportState::Running) => job.register(*batch),
            (Command::Finish, ImportState::Running) if job.is_through() => Ok(New(Event::Finished)),
            _ => Err(Refusal::OutOfStep),
        }
    }

    fn apply(&mut self, event: &Event, at: Time) {
        let plan = match event {
            Event::Created(first) => Some(first.clone().into()),
            Event::Planned(plan) => Some(plan.clone()),
            _ => None,
        };
        if let (Some(plan), None) = (plan, &self.job) {
            self.job = Some(ImportView::new(plan, at));
        }
        let Some(job) = &mut self.job else { return };
        match event {
            Event::Created(_) | Event::Planned(_) => {}
            Event::Registered { batch } => {
                (job.pass, job.batch, job.progress) =
                    (ImportPass::Importing, Some(*batch), Progress::default())
            }
            Event::Advanced(progress) => job.progress = *progress,
            Event::Cancelling => job.state = ImportState::Cancelling,
            Event::Finished => job.end(ImportState::Finished, at),
            Event::Failed(why) => job.end(ImportState::Failed(*why), at),
            Event::Cancelled => job.end(ImportState::Cancelled, at),
            Event::Reopened => {
                *job = ImportView {
                    batch: job.batch,
                    ..ImportView::new(job.plan.clone(), job.created_at)
                }
            }
        }
    }

    fn look(&self, _: &Question, _: &Cards<'_>) -> Answer {
        self.job.clone()
    }

    fn rows(job: &Id, event: &Event, at: Time, rows: &mut Vec<Row>) {
        rows::declare(job, event, at, rows);
    }

    fn imbalance(&self) -> i64 {
        self.job.as_ref().map_or(0, |job| job.progress.rows as i64 - job.progress.counted() as i64)
    }
}

impl ImportView {
    fn new(plan: ImportPlan, created_at: Time) -> ImportView {
        let checks = plan.dry_run || plan.on_duplicate == OnDuplicate::Fail;
        let pass = if checks { ImportPass::Checking } else { ImportPass::Importing };
        ImportView {
            plan,
            pass,
            state: ImportState::Running,
            batch: None,
            progress: Progress::default(),
            created_at,
            ended_at: None,
        }
    }

    fn end(&mut self, state: ImportState, at: Time) {
        (self.state, self.ended_at) = (state, Some(at));
    }

    fn may_come_to(&self, to: &Progress) -> bool {
        let from = &self.progress;
        let ready = self.pass == ImportPass::Checking || self.batch.is_some();
        let on = to.rows >= from.rows && to.offset >= from.offset && to.offset <= self.plan.bytes;
        let kept = to.imported >= from.imported
            && to.duplicate >= from.duplicate
            && to.invalid >= from.invalid;
        let same_first =
            from.first_duplicate.is_none() || from.first_duplicate == to.first_duplicate;
        ready
            && on
            && kept
            && same_first
            && to.counted() == to.rows
            && to.first_duplicate.is_some() == (to.duplicate > 0)
    }

    fn register(&self, batch: Serial) -> Result<Verdict<Event>, Refusal> {
        match (self.pass, self.batch) {
            (ImportPass::Importing, Some(known)) if known == batch => {
                Ok(Verdict::Already(Event::Registered { batch }))
            }
            (ImportPass::Importing, None) => Ok(Verdict::New(Event::Registered { batch })),
            (ImportPass::Checking, known)
                if known.is_none_or(|known| known == batch)
                    && !self.plan.dry_run
                    && self.has_read_all() =>
            {
                Ok(Verdict::New(Event::Registered { batch }))
            }
            _ => Err(Refusal::OutOfStep),
        }
    }

    pub fn has_read_all(&self) -> bool {
        self.progress.offset == self.plan.bytes
    }

    /// Whether nothing is left to do but to say so.
    pub fn is_through(&self) -> bool {
        let last_pass =
            if self.plan.dry_run { ImportPass::Checking } else { ImportPass::Importing };
        self.pass == last_pass && self.has_read_all()
    }

    /// Why it cannot go on, if it met a duplicate and may not.
    pub fn must_fail(&self) -> Option<WhyFailed> {
        let row = self
            .progress
            .first_duplicate
            .filter(|_| self.plan.on_duplicate == OnDuplicate::Fail)?;
        Some(WhyFailed::Duplicate { row })
    }
}
