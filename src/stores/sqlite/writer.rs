//! The writer: whatever waits becomes one transaction with one flush, and then all callers are
//! answered.
//!
//! It checks sequence and head of every append in memory. If a commit fails, memory goes back to
//! where it was, every caller in it hears that the outcome is unknown, and the next commit starts
//! afresh. It never waits for company: a batch is what arrived while the last one was being
//! flushed. What can wait (rows, tails, folding the write-ahead log into the database) is done in
//! short steps beside, or when no job waits.

use super::batch::WriteBatch;
use super::fold::{Beside, Fold};
use super::health::DiskHealth;
use super::job::WriterJob;
use super::log::Log;
use super::meters::WriterMeters;
use super::queue::{NothingTaken, Receiver, Sender};
use super::reader::{Desk, ReaderJob};
use super::rows::Fresh;
use super::sweep::Sweep;
use super::transaction::Transaction;
use actors::store::{AppendOutcome, Opened, StoreError};
use rusqlite::Connection;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Rows that wait, or frames that a start would have to read again, before a sweep begins in the
/// middle of work. Rows of one owner lie on one page, so the more wait, the fewer pages change for
/// each; and each takes some 200 bytes of memory.
pub const SWEEP_AFTER_ROWS: usize = 200_000;
const SWEEP_AFTER_FRAMES: i64 = 50_000;
/// No job has come for so long: time to tidy up.
const IDLE: Duration = Duration::from_secs(2);
/// After a failed commit no sweep is tried for so long, so that it does not take the appends down
/// with it.
const SWEEP_PAUSE: Duration = Duration::from_secs(10);
/// Jobs in one transaction.
const BATCH: usize = 4096;

pub fn run(
    connection: &Connection,
    jobs: &Receiver<WriterJob>,
    readers: Desk,
    log: Log,
    fresh: &Fresh,
    beside: Beside,
    ready: &Sender<rusqlite::Result<()>>,
) {
    match Writer::new(connection, jobs, readers, log, fresh, beside) {
        Ok(mut writer) => {
            // If there is no listener, the store is being given up already.
            let _ = ready.send(Ok(()));
            writer.serve();
            writer.tidy_up();
        }
        Err(error) => drop(ready.send(Err(error))),
    }
}

struct Writer<'c> {
    transaction: Transaction<'c>,
    jobs: &'c Receiver<WriterJob>,
    readers: Desk,
    log: Log,
    fresh: &'c Fresh,
    sweep: Option<Sweep>,
    no_sweep_until: Option<Instant>,
    fold: Fold<'c>,
    health: Arc<DiskHealth>,
    meters: WriterMeters,
}

impl<'c> Writer<'c> {
    fn new(
        connection: &'c Connection,
        jobs: &'c Receiver<WriterJob>,
        readers: Desk,
        log: Log,
        fresh: &'c Fresh,
        beside: Beside,
    ) -> rusqlite::Result<Writer<'c>> {
        Ok(Writer {
            transaction: Transaction::new(connection)?,
            jobs,
            readers,
            log,
            fresh,
            sweep: None,
            no_sweep_until: None,
            health: beside.health.clone(),
            fold: Fold::new(connection, beside)?,
            meters: WriterMeters::default(),
        })
    }

    /// Until the store is dropped.
    fn serve(&mut self) {
        let mut batch = Vec::new();
        loop {
            match self.jobs.take(BATCH, self.patience(), &mut batch) {
                Ok(()) => {
                    self.meters.queue_depth.set(self.jobs.len() as f64);
                    self.sweep_if_much_waits();
                    self.turn(&mut batch);
                    self.fold.after_a_commit();
                }
                Err(NothingTaken::Yet) => self.use_the_silence(),
                Err(NothingTaken::Ever) => return,
            }
        }
    }

    /// How long to wait for a job before using the silence.
    fn patience(&self) -> Option<Duration> {
        match self.sweep {
            Some(_) => Some(Duration::ZERO),
            None => (!self.log.is_followed() || self.fold.is_owed()).then_some(IDLE),
        }
    }

    /// One transaction.
    fn turn(&mut self, jobs: &mut Vec<WriterJob>) {
        let started = Instant::now();
        let mut batch = WriteBatch::begin(&self.log);
        let done = self.stage(jobs, &mut batch).and_then(|()| self.transaction.commit());
        match done {
            Ok(wrote) => {
                if wrote {
                    self.fold.has_an_age();
                    self.meters.commits.succeeded(started.elapsed(), batch.events);
                }
                self.settle(batch);
            }
            Err(error) => self.go_back(batch, error),
        }
    }

    /// Writes everything down. After the first failure nothing more is tried, but every job is
    /// noted.
    fn stage(&mut self, jobs: &mut Vec<WriterJob>, batch: &mut WriteBatch) -> rusqlite::Result<()> {
        let mut staged = Ok(());
        let (log, transaction) = (&mut self.log, &mut self.transaction);
        for job in jobs.drain(..) {
            match job {
                WriterJob::Append(append, done) => {
                    let outcome = match staged {
                        Ok(()) => batch.append(append, log, transaction),
                        Err(_) => Ok(AppendOutcome::Fenced),
                    };
                    batch.appends.push((
                        done,
                        outcome.as_ref().map_or(AppendOutcome::Fenced, AppendOutcome::clone),
                    ));
                    staged = staged.and(outcome.map(drop));
                }
                WriterJob::Save(partition, snapshot) if staged.is_ok() => {
                    staged = batch.save(partition, &snapshot, log, transaction)
                }
                WriterJob::Write(write) if staged.is_ok() => {
                    staged = transaction.run(write).map(|staged| batch.writes.extend(staged));
                }
                WriterJob::Note(outsider, done) => {
                    batch.notes.push(done);
                    staged = staged.and_then(|()| batch.note(&outsider, log, transaction));
                }
                WriterJob::Forget(partition) if staged.is_ok() => {
                    staged = batch.forget(partition, log, transaction)
                }
                WriterJob::Save(..) | WriterJob::Forget(_) | WriterJob::Write(_) => {}
                WriterJob::Open(..)
                | WriterJob::Sleepers(..)
                | WriterJob::Sweep
                | WriterJob::Settle(_) => batch.looks.push(job),
            }
        }
        staged?;
        transaction.dispel_doubt()?;
        if let Some(sweep) = self.sweep.take() {
            transaction.begin()?;
            let tables = &mut transaction.sql.sweep;
            let step = sweep.step(log, self.fresh, batch.rows.len(), tables);
            self.sweep = Some(sweep);
            batch.step = Some(step?);
        }
        if self.fold.asks_for_an_age() { transaction.grow_older() } else { Ok(()) }
    }

    /// Everything is durable. Rows come first, so that an answered caller finds them.
    fn settle(&mut self, mut batch: WriteBatch) {
        self.transaction.in_doubt = false;
        if let (Some(sweep), Some(step)) = (self.sweep.take(), batch.step.take()) {
            self.sweep = sweep.settle(step, &mut self.log, self.fresh);
        }
        if !batch.rows.is_empty() {
            self.fresh.gather(batch.rows);
        }
        batch.appends.into_iter().for_each(|(done, outcome)| done(outcome));
        batch.writes.into_iter().for_each(|written| (written.answer)(Ok(())));
        batch.notes.into_iter().for_each(|done| done(Ok(())));
        batch.looks.into_iter().for_each(|look| self.pass_on(look));
    }

    /// Nothing was kept, as far as this process will ever see. But if the flush failed and the
    /// machine crashes before the next commit, it might come back. So until a commit has taken its
    /// place nothing is opened, because a caller would build on its absence.
    fn go_back(&mut self, mut batch: WriteBatch, error: rusqlite::Error) {
        self.meters.commits.failed();
        self.transaction.roll_back();
        batch.undo(&mut self.log);
        self.no_sweep_until = Some(Instant::now() + SWEEP_PAUSE);
        if let Some(sweep) = self.sweep.take() {
            sweep.give_up(&mut self.log);
        }
        let unknown = AppendOutcome::Unknown(error.to_string());
        let unavailable = self.health.tell(error);
        batch.appends.into_iter().for_each(|(done, _)| done(unknown.clone()));
        batch.writes.into_iter().for_each(|written| (written.answer)(Err(unavailable.clone())));
        batch.notes.into_iter().for_each(|done| done(Err(unavailable.clone())));
        batch.looks.into_iter().for_each(|look| self.pass_on(look));
    }

    /// To the readers, with what only the writer knows.
    fn pass_on(&mut self, look: WriterJob) {
        let job = match look {
            WriterJob::Open(_, done) if self.transaction.in_doubt => {
                return done(Err(last_write_failed()));
            }
            WriterJob::Open(partition, done) => match self.log.tails.get(partition.as_str()) {
                Some(tail) => ReaderJob::Open(*tail, done),
                None => return done(Ok(Opened::default())),
            },
            WriterJob::Sleepers(until, done) => return done(Ok(self.log.sleepers(until))),
            WriterJob::Settle(done) => {
                self.tidy_up();
                let is_settled = self.log.is_followed();
                return done(is_settled.then_some(()).ok_or_else(last_write_failed));
            }
            WriterJob::Sweep => {
                if !self.log.is_followed() && self.may_sweep() {
                    self.begin_sweep();
                }
                return;
            }
            WriterJob::Append(..)
            | WriterJob::Save(..)
            | WriterJob::Forget(_)
            | WriterJob::Note(..)
            | WriterJob::Write(_) => return,
        };
        // The caller was told if it cannot be done.
        let _ = self.readers.ask(job);
    }

    fn sweep_if_much_waits(&mut self) {
        let waiting = self.fresh.len();
        self.meters.rows_waiting.set(waiting as f64);
        let much =
            waiting >= SWEEP_AFTER_ROWS || self.log.end - self.log.reach >= SWEEP_AFTER_FRAMES;
        if much && self.may_sweep() {
            self.begin_sweep();
        }
    }

    fn may_sweep(&self) -> bool {
        self.no_sweep_until.is_none_or(|instant| Instant::now() >= instant)
    }

    fn begin_sweep(&mut self) {
        if self.sweep.is_none() {
            self.sweep = Some(Sweep::begin(&mut self.log));
        }
    }

    /// Sweeps, a step at a time, and folds the write-ahead log in when that is done.
    fn use_the_silence(&mut self) {
        if self.sweep.is_some() || !self.log.is_followed() {
            self.begin_sweep();
            self.turn(&mut Vec::new());
            self.meters.rows_waiting.set(self.fresh.len() as f64);
        }
        if self.sweep.is_none() {
            self.fold.now();
        }
    }

    /// Before the end. What cannot be written now is made again from the log at the next start.
    fn tidy_up(&mut self) {
        // One that is under way goes only as far as the log went when it began.
        for _ in 0..2 {
            if !self.log.is_followed() {
                self.begin_sweep();
            }
            while self.sweep.is_some() {
                self.turn(&mut Vec::new());
            }
        }
        self.fold.now();
    }
}

fn last_write_failed() -> StoreError {
    StoreError::Unavailable("its last write failed".into())
}
