//! One partition's turn: its appends, openings and snapshots, one after the other, in the order in
//! which they were asked for.
//!
//! So there is never more than one conditional statement under way for a partition, from this node,
//! and no look at its fence beside one. Only the list rows of what is in the log are written beside
//! the next append. No thread waits here: a worker begins with the first job and ends after the
//! last. What was lost (taken over, or unknown) is refused until it is opened again.

use super::claim::WriteClaim;
use super::context::Context;
use super::in_order::AnswersInOrder;
use super::lookups::LastWords;
use super::publisher::News;
use actors::store::{Append, AppendOutcome, Callback, Opened, Snapshot, StoreError};
use base::journal;
use base::journal::Value;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::oneshot;
use tokio::time::Instant;

pub enum PartitionJob {
    /// The first is told when the frame is in the log, the second when its rows are visible, too.
    Append(Append, Callback<()>, Callback<AppendOutcome>),
    Open(Callback<Result<Opened, StoreError>>),
    Save(Snapshot),
    /// Its snapshot cannot be used.
    Forget,
    /// Answered when everything before it is done.
    Settle(oneshot::Sender<()>),
}

/// What this node knows of its right to write.
enum Right {
    /// It has not opened the partition. The first append takes it over, if no opening came first.
    Unclaimed,
    Claimed(WriteClaim),
    Lost,
}

pub struct Owner {
    name: Arc<str>,
    queue: Mutex<Queue>,
    answers: Mutex<AnswersInOrder>,
}

struct Queue {
    jobs: VecDeque<PartitionJob>,
    /// None while a worker has it.
    right: Option<Right>,
    snapshots_waiting: usize,
}

impl Owner {
    pub fn new(name: &str) -> Owner {
        Owner {
            name: name.into(),
            queue: Mutex::new(Queue {
                jobs: VecDeque::new(),
                right: Some(Right::Unclaimed),
                snapshots_waiting: 0,
            }),
            answers: Mutex::default(),
        }
    }

    pub fn ask(self: &Arc<Self>, job: PartitionJob, context: &Arc<Context>) {
        let mut queue = self.queue();
        queue.snapshots_waiting += matches!(job, PartitionJob::Save(_)) as usize;
        queue.jobs.push_back(job);
        let Some(right) = queue.right.take() else { return };
        drop(queue);
        self.work(right, context);
    }

    fn work(self: &Arc<Self>, right: Right, context: &Arc<Context>) {
        let worker =
            Worker { owner: self.clone(), context: context.clone(), right, has_ended: false };
        context.work(worker.run());
    }

    pub fn saves(&self) -> bool {
        self.queue().snapshots_waiting > 0
    }

    fn answers(&self) -> MutexGuard<'_, AnswersInOrder> {
        self.answers.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

struct Worker {
    owner: Arc<Owner>,
    context: Arc<Context>,
    right: Right,
    has_ended: bool,
}

impl Drop for Worker {
    /// If it ends before its time, something panicked, such as the making of rows: what is then
    /// known of the partition counts for nothing, and a job that waits behind must not wait for
    /// ever.
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        let mut queue = self.owner.queue();
        let has_jobs = !queue.jobs.is_empty();
        queue.right = (!has_jobs).then_some(Right::Lost);
        drop(queue);
        if has_jobs {
            self.owner.work(Right::Lost, &self.context);
        }
    }
}

impl Worker {
    async fn run(mut self) {
        while let Some(job) = self.next() {
            match job {
                PartitionJob::Append(append, stands, done) => {
                    self.append(append, stands, done).await
                }
                PartitionJob::Open(done) => self.open(done).await,
                PartitionJob::Save(snapshot) => self.save(&snapshot).await,
                PartitionJob::Forget => self.forget().await,
                PartitionJob::Settle(settled) => drop(settled.send(())),
            }
        }
    }

    /// Leaves the right behind when there is nothing left to do.
    fn next(&mut self) -> Option<PartitionJob> {
        let mut queue = self.owner.queue();
        let job = queue.jobs.pop_front();
        if job.is_none() {
            queue.right = Some(std::mem::replace(&mut self.right, Right::Lost));
            self.has_ended = true;
        }
        job
    }

    async fn append(
        &mut self,
        append: Append,
        stands: Callback<()>,
        done: Callback<AppendOutcome>,
    ) {
        let began = Instant::now();
        let outcome = self.write(&append).await;
        let place = self.owner.answers().next();
        let is_in_log = outcome == AppendOutcome::Durable;
        let (context, name, frame) = (self.context.clone(), self.owner.name.clone(), append.frame);
        let mut lines = LastWords::default();
        if is_in_log {
            lines.add(append.rows, frame.to.seq);
            // Before anybody can be told that the rows are visible.
            tell(stands, ());
        }
        self.context.work(async move {
            let (tables, until) = (&context.tables, context.tables.db.deadline());
            let rows = tables.lookups.write(&name, lines, until).await;
            match &rows {
                Ok(()) if is_in_log => {
                    context.commits.succeeded(began.elapsed(), frame.to.seq - frame.from.seq)
                }
                _ => context.commits.failed(),
            }
            place.answer(outcome, rows, done).await;
        });
        self.rotate_when_full().await;
    }

    /// Brings the frame into the log; one without records only looks at the fence.
    async fn write(&mut self, append: &Append) -> AppendOutcome {
        if let Err(error) = self.claim_if_first().await {
            // Nothing was sent.
            return AppendOutcome::Unknown(error.to_string());
        }
        if self.owner.answers().lack_rows() {
            self.right = Right::Lost;
        }
        let (name, tables) = (&*self.owner.name, &self.context.tables);
        let Right::Claimed(claim) = &mut self.right else { return AppendOutcome::Fenced };
        let frame = &append.frame;
        if frame.from != claim.at {
            return AppendOutcome::Fenced;
        }
        if frame.to.seq == frame.from.seq {
            let outcome = tables.log.confirm(name, claim).await;
            if outcome != AppendOutcome::Durable {
                self.right = Right::Lost;
            }
            return outcome;
        }
        let outcome = match tables.sleepers.enter_as_awake(name, claim).await {
            Ok(()) => tables.log.append(name, claim, frame).await,
            Err(error) => AppendOutcome::Unknown(error.to_string()),
        };
        if outcome != AppendOutcome::Durable {
            self.right = Right::Lost;
            return outcome;
        }
        claim.at = frame.to;
        claim.bytes += frame.records.len() as u64;
        self.context.tell(News::Landed {
            name: append.partition.clone(),
            generation: claim.generation,
            from: frame.from.seq,
            to: frame.to.seq,
        });
        outcome
    }

    async fn claim_if_first(&mut self) -> Result<(), StoreError> {
        if let Right::Unclaimed = self.right {
            self.right =
                Right::Claimed(self.context.tables.generations.take_over(&self.owner.name).await?);
        }
        Ok(())
    }

    async fn rotate_when_full(&mut self) {
        match std::mem::replace(&mut self.right, Right::Lost) {
            Right::Claimed(claim) if self.context.tables.generations.is_full(&claim) => {
                if let Some(claim) =
                    self.context.tables.generations.rotate(&self.owner.name, claim).await
                {
                    self.right = Right::Claimed(claim);
                }
            }
            right => self.right = right,
        }
    }

    async fn open(&mut self, done: Callback<Result<Opened, StoreError>>) {
        self.right = Right::Lost;
        let opened = match self.take_over().await {
            Ok((claim, opened)) => {
                if claim.at.seq > 0 {
                    self.context.tell(News::Opened { name: self.owner.name.clone() });
                }
                self.right = Right::Claimed(claim);
                Ok(opened)
            }
            Err(error) => Err(error),
        };
        // The caller replays the log in the answer, which may take long.
        let answered = tokio::task::spawn_blocking(move || tell(done, opened));
        let _ = answered.await;
    }

    async fn take_over(&self) -> Result<(WriteClaim, Opened), StoreError> {
        let (name, tables) = (&*self.owner.name, &self.context.tables);
        let mut claim = tables.generations.take_over(name).await?;
        let until = tables.db.deadline();
        let opened = tables.db.insist(until, || tables.read_up_to(name, claim.at)).await?;
        let mut lines = LastWords::default();
        let saved_at = opened.snapshot.as_ref().map_or(0, |snapshot| snapshot.at.seq);
        opened
            .frames
            .iter()
            .filter(|frame| frame.to.seq > saved_at)
            .for_each(|frame| lines.add((self.context.rows_of)(name, frame), frame.to.seq));
        tables.lookups.write(name, lines, until).await?;
        self.owner.answers().have_all_rows();
        claim.is_awake = false;
        Ok((claim, opened))
    }

    async fn save(&mut self, snapshot: &Snapshot) {
        if let Err(error) = self.keep(snapshot).await {
            journal::warn(
                "a snapshot could not be written",
                &[("partition", Value::Text(&self.owner.name)), ("error", Value::Text(&error))],
            );
        }
        self.owner.queue().snapshots_waiting -= 1;
    }

    /// A snapshot that is still there is found to be useless again by the next opening.
    async fn forget(&mut self) {
        let Right::Claimed(claim) = &mut self.right else { return };
        if let Err(error) = self.context.tables.snapshots.forget(&self.owner.name, claim).await {
            journal::warn(
                "a snapshot could not be forgotten",
                &[("partition", Value::Text(&self.owner.name)), ("error", Value::Text(&error))],
            );
        }
    }

    async fn keep(&mut self, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.claim_if_first().await?;
        let (name, tables) = (&*self.owner.name, &self.context.tables);
        let Right::Claimed(claim) = &mut self.right else { return Ok(()) };
        if tables.snapshots.save(name, claim, snapshot).await? && snapshot.at == claim.at {
            tables.sleepers.let_sleep(name, claim, snapshot.due).await?;
        }
        Ok(())
    }
}

/// An answer may run a machine's own code. If it panics, only that answer is lost.
fn tell<T>(done: Callback<T>, answer: T) {
    let _ = catch_unwind(AssertUnwindSafe(|| done(answer)));
}
