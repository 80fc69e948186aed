//! One partition's turn: its appends, openings and snapshots, one after the other, in the order in
//! which they were asked for.
//!
//! So there is never more than one conditional statement under way for a partition, from this node.
//! Nobody waits here when nothing is to be done: a worker begins with the first job and ends after
//! the last. What was lost (taken over, or unknown) is refused until it is opened again.

use super::claim::Claim;
use super::lookups::Lines;
use super::publisher::News;
use super::store::Shared;
use actors::store::{Append, AppendOutcome, Callback, Opened, Snapshot, StoreError};
use base::journal;
use base::journal::Value;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::oneshot;
use tokio::time::Instant;

pub enum Job {
    Append(Append, Callback<AppendOutcome>),
    Open(Callback<Result<Opened, StoreError>>),
    Save(Snapshot),
    /// Its snapshot cannot be used.
    Forget,
    /// Answered when everything before it is done.
    Settle(oneshot::Sender<()>),
}

/// What this node knows of its right to write.
enum Right {
    /// It has not opened the partition. The first append takes it over, for whoever does not open
    /// first.
    Unclaimed,
    Claimed(Claim),
    Lost,
}

pub struct Owner {
    name: Arc<str>,
    queue: Mutex<Queue>,
}

struct Queue {
    jobs: VecDeque<Job>,
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
        }
    }

    pub fn ask(self: &Arc<Self>, job: Job, shared: &Arc<Shared>) {
        let mut queue = self.queue();
        queue.snapshots_waiting += matches!(job, Job::Save(_)) as usize;
        queue.jobs.push_back(job);
        let Some(right) = queue.right.take() else { return };
        drop(queue);
        self.work(right, shared);
    }

    fn work(self: &Arc<Self>, right: Right, shared: &Arc<Shared>) {
        let worker =
            Worker { owner: self.clone(), shared: shared.clone(), right, has_ended: false };
        shared.work(worker.run());
    }

    pub fn saves(&self) -> bool {
        self.queue().snapshots_waiting > 0
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

struct Worker {
    owner: Arc<Owner>,
    shared: Arc<Shared>,
    right: Right,
    has_ended: bool,
}

impl Drop for Worker {
    /// If it ends before its time, something panicked, such as the making of rows: what is then
    /// known of the partition counts for nothing, and whoever waits behind must not wait for ever.
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        let mut queue = self.owner.queue();
        let has_jobs = !queue.jobs.is_empty();
        queue.right = (!has_jobs).then_some(Right::Lost);
        drop(queue);
        if has_jobs {
            self.owner.work(Right::Lost, &self.shared);
        }
    }
}

impl Worker {
    async fn run(mut self) {
        while let Some(job) = self.next() {
            match job {
                Job::Append(append, done) => self.append(&append, done).await,
                Job::Open(done) => self.open(done).await,
                Job::Save(snapshot) => self.save(&snapshot).await,
                Job::Forget => self.forget().await,
                Job::Settle(settled) => drop(settled.send(())),
            }
        }
    }

    /// Leaves the right behind when there is nothing left to do.
    fn next(&mut self) -> Option<Job> {
        let mut queue = self.owner.queue();
        let job = queue.jobs.pop_front();
        if job.is_none() {
            queue.right = Some(std::mem::replace(&mut self.right, Right::Lost));
            self.has_ended = true;
        }
        job
    }

    async fn append(&mut self, append: &Append, done: Callback<AppendOutcome>) {
        let began = Instant::now();
        let outcome = self.written(append).await;
        match &outcome {
            AppendOutcome::Durable => self
                .shared
                .commits
                .succeeded(began.elapsed(), append.frame.to.seq - append.frame.from.seq),
            AppendOutcome::Fenced | AppendOutcome::Unknown(_) => self.shared.commits.failed(),
        }
        answer(done, outcome);
        self.rotate_when_full().await;
    }

    async fn written(&mut self, append: &Append) -> AppendOutcome {
        if let Err(error) = self.claim_if_first().await {
            // Nothing was sent.
            return AppendOutcome::Unknown(error.to_string());
        }
        let (name, tables) = (&*self.owner.name, &self.shared.tables);
        let Right::Claimed(claim) = &mut self.right else { return AppendOutcome::Fenced };
        let frame = &append.frame;
        if frame.from != claim.at {
            return AppendOutcome::Fenced;
        }
        let is_confirmation = frame.to.seq == frame.from.seq;
        let outcome = match is_confirmation {
            true => tables.confirm(name, claim).await,
            false => match tables.enter_as_awake(name, claim).await {
                Ok(()) => tables.append(name, claim, frame).await,
                Err(error) => AppendOutcome::Unknown(error.to_string()),
            },
        };
        if outcome != AppendOutcome::Durable {
            self.right = Right::Lost;
            return outcome;
        }
        if is_confirmation {
            return outcome;
        }
        claim.at = frame.to;
        claim.bytes += frame.records.len() as u64;
        self.shared.tell(News::Landed {
            name: append.partition.clone(),
            generation: claim.generation,
            from: frame.from.seq,
            to: frame.to.seq,
        });
        let mut lines = Lines::default();
        lines.add(append.rows.iter().cloned(), frame.to.seq);
        match tables.write_lines(name, lines, tables.deadline()).await {
            Ok(()) => AppendOutcome::Durable,
            // It is durable, but its rows are not; to open the partition again is to write them.
            Err(error) => {
                self.right = Right::Lost;
                AppendOutcome::Unknown(error.to_string())
            }
        }
    }

    async fn claim_if_first(&mut self) -> Result<(), StoreError> {
        if let Right::Unclaimed = self.right {
            self.right = Right::Claimed(self.shared.tables.take_over(&self.owner.name).await?);
        }
        Ok(())
    }

    async fn rotate_when_full(&mut self) {
        match std::mem::replace(&mut self.right, Right::Lost) {
            Right::Claimed(claim) if self.shared.tables.is_full(&claim) => {
                if let Some(claim) = self.shared.tables.rotate(&self.owner.name, claim).await {
                    self.right = Right::Claimed(claim);
                }
            }
            right => self.right = right,
        }
    }

    async fn open(&mut self, done: Callback<Result<Opened, StoreError>>) {
        self.right = Right::Lost;
        let opened = match self.opened().await {
            Ok((claim, opened)) => {
                if claim.at.seq > 0 {
                    self.shared.tell(News::Opened { name: self.owner.name.clone() });
                }
                self.right = Right::Claimed(claim);
                Ok(opened)
            }
            Err(error) => Err(error),
        };
        // Whoever asked replays the log in his answer, which may take long.
        let answered = tokio::task::spawn_blocking(move || answer(done, opened));
        let _ = answered.await;
    }

    async fn opened(&self) -> Result<(Claim, Opened), StoreError> {
        let (name, tables) = (&*self.owner.name, &self.shared.tables);
        let mut claim = tables.take_over(name).await?;
        let until = tables.deadline();
        let opened = tables.insist(until, || tables.read_up_to(name, claim.at)).await?;
        let mut lines = Lines::default();
        opened
            .frames
            .iter()
            .for_each(|frame| lines.add((self.shared.rows_of)(name, frame), frame.to.seq));
        tables.write_lines(name, lines, until).await?;
        claim.is_awake = false;
        Ok((claim, opened))
    }

    async fn save(&mut self, snapshot: &Snapshot) {
        if let Err(error) = self.saved(snapshot).await {
            journal::warn(
                "a snapshot could not be written",
                &[("partition", Value::Text(&self.owner.name)), ("error", Value::Text(&error))],
            );
        }
        self.owner.queue().snapshots_waiting -= 1;
    }

    /// A snapshot that is still there is found to be useless again by whoever opens next.
    async fn forget(&mut self) {
        let Right::Claimed(claim) = &mut self.right else { return };
        if let Err(error) = self.shared.tables.forget_snapshot(&self.owner.name, claim).await {
            journal::warn(
                "a snapshot could not be forgotten",
                &[("partition", Value::Text(&self.owner.name)), ("error", Value::Text(&error))],
            );
        }
    }

    async fn saved(&mut self, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.claim_if_first().await?;
        let (name, tables) = (&*self.owner.name, &self.shared.tables);
        let Right::Claimed(claim) = &mut self.right else { return Ok(()) };
        if tables.save_snapshot(name, claim, snapshot).await? && snapshot.at == claim.at {
            tables.let_sleep(name, claim, snapshot.due).await?;
        }
        Ok(())
    }
}

/// An answer may run a machine's own code. If it panics, only that answer is lost.
fn answer<T>(done: Callback<T>, answer: T) {
    let _ = catch_unwind(AssertUnwindSafe(|| done(answer)));
}
