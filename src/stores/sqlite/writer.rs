//! The writer: whatever waits becomes one transaction with one flush, and then everybody is
//! answered.
//!
//! It checks sequence and head of every append in memory. If a commit fails, memory goes back to
//! where it was, everybody in it hears that nobody knows, and the next commit starts afresh. It
//! never waits for company: a batch is what arrived while the last one was being flushed. What can
//! wait (rows, tails, folding the write-ahead log into the database) is done in short steps beside,
//! or when nobody asks for anything.

use super::fold::{Beside, Fold};
use super::health::Health;
use super::job::{Job, Write, Written};
use super::log::{Log, Saved, Tail};
use super::meters::Meters;
use super::queue::{Nothing, Receiver, Sender};
use super::reader::{self, Desk};
use super::rows::Fresh;
use super::statements::Statements;
use super::sweep::{Step, Sweep};
use actors::store::{
    Append, AppendOutcome, Callback, Frame, Opened, Position, Row, Snapshot, StoreError,
};
use rusqlite::{Connection, ErrorCode};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Rows that wait, or frames that a start would have to read again, before a sweep begins in the
/// middle of work.
const SWEEP_AFTER_ROWS: usize = 50_000;
const SWEEP_AFTER_FRAMES: i64 = 50_000;
/// Nobody has asked for anything for so long: time to tidy up.
const IDLE: Duration = Duration::from_secs(2);
/// After a failed commit no sweep is tried for so long, so that it does not take the appends down
/// with it.
const SWEEP_PAUSE: Duration = Duration::from_secs(10);
/// Jobs in one transaction.
const BATCH: usize = 4096;

pub fn run(
    connection: &Connection,
    jobs: &Receiver<Job>,
    readers: Desk,
    log: Log,
    fresh: &Fresh,
    beside: Beside,
    ready: &Sender<rusqlite::Result<()>>,
) {
    match Writer::new(connection, jobs, readers, log, fresh, beside) {
        Ok(mut writer) => {
            // Nobody listens only if the store is being given up already.
            let _ = ready.send(Ok(()));
            writer.serve();
            writer.tidy_up();
        }
        Err(error) => drop(ready.send(Err(error))),
    }
}

struct Writer<'c> {
    connection: &'c Connection,
    sql: Statements<'c>,
    jobs: &'c Receiver<Job>,
    readers: Desk,
    log: Log,
    fresh: &'c Fresh,
    sweep: Option<Sweep>,
    no_sweep_until: Option<Instant>,
    /// The last commit failed in a way that leaves open whether a crash would bring it back.
    in_doubt: bool,
    in_transaction: bool,
    fold: Fold<'c>,
    health: Arc<Health>,
    meters: Meters,
}

/// What one transaction has promised so far.
#[derive(Default)]
struct Batch {
    appends: Vec<(Callback<AppendOutcome>, AppendOutcome)>,
    writes: Vec<Written>,
    /// What waits for the end of the transaction, to see all of it.
    looks: Vec<Job>,
    rows: Vec<Row>,
    events: u64,
    /// How to go back, last change first.
    undo: Vec<(Arc<str>, Option<Tail>)>,
    end_before: i64,
    last_id_before: i64,
    step: Option<Step>,
}

impl<'c> Writer<'c> {
    fn new(
        connection: &'c Connection,
        jobs: &'c Receiver<Job>,
        readers: Desk,
        log: Log,
        fresh: &'c Fresh,
        beside: Beside,
    ) -> rusqlite::Result<Writer<'c>> {
        Ok(Writer {
            connection,
            sql: Statements::new(connection)?,
            jobs,
            readers,
            log,
            fresh,
            sweep: None,
            no_sweep_until: None,
            in_doubt: false,
            in_transaction: false,
            health: beside.health.clone(),
            fold: Fold::new(connection, beside)?,
            meters: Meters::default(),
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
                Err(Nothing::Yet) => self.use_the_silence(),
                Err(Nothing::Ever) => return,
            }
        }
    }

    /// How long to wait for somebody before using the silence.
    fn patience(&self) -> Option<Duration> {
        match self.sweep {
            Some(_) => Some(Duration::ZERO),
            None => (self.log.reach < self.log.end || self.fold.is_owed()).then_some(IDLE),
        }
    }

    /// One transaction.
    fn turn(&mut self, jobs: &mut Vec<Job>) {
        let started = Instant::now();
        let mut batch = Batch {
            end_before: self.log.end,
            last_id_before: self.log.last_id,
            ..Batch::default()
        };
        let done = self.stage(jobs, &mut batch).and_then(|()| self.commit());
        match done {
            Ok(wrote) => {
                if wrote {
                    self.meters.commits.succeeded(started.elapsed(), batch.events);
                }
                self.settle(batch);
            }
            Err(error) => self.go_back(batch, error),
        }
    }

    /// Writes everything down. After the first failure nothing more is tried, but everybody is
    /// noted.
    fn stage(&mut self, jobs: &mut Vec<Job>, batch: &mut Batch) -> rusqlite::Result<()> {
        let mut staged = Ok(());
        for job in jobs.drain(..) {
            match job {
                Job::Append(append, done) => {
                    let outcome = if staged.is_ok() {
                        self.append(append, batch)
                    } else {
                        Ok(AppendOutcome::Fenced)
                    };
                    batch.appends.push((
                        done,
                        outcome.as_ref().map_or(AppendOutcome::Fenced, AppendOutcome::clone),
                    ));
                    staged = staged.and(outcome.map(drop));
                }
                Job::Save(partition, snapshot) if staged.is_ok() => {
                    staged = self.save(partition, &snapshot, batch)
                }
                Job::Write(write) if staged.is_ok() => staged = self.write(write, batch),
                Job::Forget(partition) if staged.is_ok() => staged = self.forget(partition, batch),
                Job::Save(..) | Job::Forget(_) | Job::Write(_) => {}
                Job::Open(..) | Job::Sleepers(..) | Job::Settle(_) => batch.looks.push(job),
            }
        }
        staged?;
        if self.in_doubt {
            self.begin()?;
            self.sql.doubt.execute([])?;
        }
        if let Some(sweep) = self.sweep.take() {
            self.begin()?;
            let step = sweep.step(&self.log, self.fresh, batch.rows.len(), &mut self.sql.sweep);
            self.sweep = Some(sweep);
            batch.step = Some(step?);
        }
        Ok(())
    }

    fn begin(&mut self) -> rusqlite::Result<()> {
        if !self.in_transaction {
            self.sql.begin.execute([])?;
            self.in_transaction = true;
        }
        Ok(())
    }

    fn append(&mut self, append: Append, batch: &mut Batch) -> rusqlite::Result<AppendOutcome> {
        let Append { partition, frame, rows } = append;
        let before = self.log.tails.get(&partition).copied();
        if before.map_or(Position::default(), |tail| tail.at) != frame.from {
            return Ok(AppendOutcome::Fenced);
        }
        self.begin()?;
        let mut tail = match before {
            Some(tail) => tail,
            None => self.introduce(&partition)?,
        };
        self.insert(&tail, &frame)?;
        (tail.at, tail.last) = (frame.to, self.log.end);
        if !std::mem::replace(&mut tail.behind, true) {
            self.log.behind.push(partition.clone());
        }
        self.remember(partition, tail, batch);
        batch.events += frame.to.seq - frame.from.seq;
        batch.rows.extend(rows);
        Ok(AppendOutcome::Durable)
    }

    fn introduce(&mut self, partition: &str) -> rusqlite::Result<Tail> {
        self.log.last_id += 1;
        let id = self.log.last_id;
        self.sql.introduce.execute((id, partition))?;
        Ok(Tail { id, at: Position::default(), last: 0, saved: None, behind: false })
    }

    fn insert(&mut self, tail: &Tail, frame: &Frame) -> rusqlite::Result<()> {
        self.log.end += 1;
        let (from, to) = (frame.from.seq as i64, frame.to.seq as i64);
        self.sql.append.execute((
            self.log.end,
            tail.id,
            tail.last,
            from,
            to,
            frame.to.head,
            &frame.records,
        ))?;
        Ok(())
    }

    fn remember(&mut self, partition: Arc<str>, tail: Tail, batch: &mut Batch) {
        let before = self.log.tails.insert(partition.clone(), tail);
        batch.undo.push((partition, before));
    }

    /// A snapshot that cannot fit the log, or is older than the one there, is not kept.
    fn save(
        &mut self,
        partition: Arc<str>,
        snapshot: &Snapshot,
        batch: &mut Batch,
    ) -> rusqlite::Result<()> {
        let Some(mut tail) = self.log.tails.get(&partition).copied() else { return Ok(()) };
        let Snapshot { at, due, state } = snapshot;
        if at.seq > tail.at.seq
            || (at.seq == tail.at.seq && *at != tail.at)
            || tail.saved.is_some_and(|saved| saved.seq > at.seq)
        {
            return Ok(());
        }
        self.begin()?;
        self.sql.save.execute((tail.id, at.seq as i64, at.head, due.map(|due| due.0), state))?;
        tail.saved = Some(Saved { seq: at.seq, due: *due });
        self.remember(partition, tail, batch);
        Ok(())
    }

    fn forget(&mut self, partition: Arc<str>, batch: &mut Batch) -> rusqlite::Result<()> {
        let Some(mut tail) = self.log.tails.get(&partition).copied() else { return Ok(()) };
        self.begin()?;
        self.sql.forget.execute([tail.id])?;
        tail.saved = None;
        self.remember(partition, tail, batch);
        Ok(())
    }

    /// Runs somebody else's write. What it did is undone if it fails, without harm to the others; a
    /// panic counts as failing.
    fn write(&mut self, write: Write, batch: &mut Batch) -> rusqlite::Result<()> {
        self.begin()?;
        self.sql.savepoint.execute([])?;
        let written = catch_unwind(AssertUnwindSafe(|| write(self.connection)));
        if written.as_ref().map_or(true, |written| written.failed) {
            self.sql.undo.execute([])?;
        }
        batch.writes.extend(written);
        self.sql.release.execute([]).map(drop)
    }

    /// Whether there was anything to commit.
    fn commit(&mut self) -> rusqlite::Result<bool> {
        if self.in_transaction {
            // A full disk leaves no doubt: the end of the commit was not written.
            let doubtful =
                |error: &rusqlite::Error| error.sqlite_error_code() != Some(ErrorCode::DiskFull);
            self.sql.commit.execute([]).inspect_err(|error| self.in_doubt |= doubtful(error))?;
        }
        Ok(std::mem::take(&mut self.in_transaction))
    }

    /// Everything is durable. Rows come first, so that whoever is answered finds them.
    fn settle(&mut self, mut batch: Batch) {
        self.in_doubt = false;
        if let (Some(sweep), Some(step)) = (self.sweep.take(), batch.step.take()) {
            self.sweep = sweep.settle(step, &mut self.log, self.fresh);
        }
        if !batch.rows.is_empty() {
            self.fresh.gather(batch.rows);
        }
        batch.appends.into_iter().for_each(|(done, outcome)| done(outcome));
        batch.writes.into_iter().for_each(|written| (written.answer)(Ok(())));
        batch.looks.into_iter().for_each(|look| self.pass_on(look));
    }

    /// Nothing was kept, as far as this process will ever see. But if the flush failed and the
    /// machine crashes before the next commit, it might come back. So until a commit has taken its
    /// place nothing is opened: nobody shall build on its absence.
    fn go_back(&mut self, batch: Batch, error: rusqlite::Error) {
        self.meters.commits.failed();
        self.in_transaction = false;
        if !self.connection.is_autocommit() {
            // If even this fails, the next commit fails too, and says so.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        for (partition, before) in batch.undo.into_iter().rev() {
            match before {
                Some(tail) => self.log.tails.insert(partition, tail),
                None => self.log.tails.remove(&partition),
            };
        }
        (self.log.end, self.log.last_id) = (batch.end_before, batch.last_id_before);
        self.no_sweep_until = Some(Instant::now() + SWEEP_PAUSE);
        if let Some(sweep) = self.sweep.take() {
            sweep.give_up(&mut self.log);
        }
        let unknown = AppendOutcome::Unknown(error.to_string());
        let unavailable = self.health.tell(error);
        batch.appends.into_iter().for_each(|(done, _)| done(unknown.clone()));
        batch.writes.into_iter().for_each(|written| (written.answer)(Err(unavailable.clone())));
        batch.looks.into_iter().for_each(|look| self.pass_on(look));
    }

    /// To the readers, with what only the writer knows.
    fn pass_on(&mut self, look: Job) {
        let job = match look {
            Job::Open(_, done) if self.in_doubt => return done(Err(last_write_failed())),
            Job::Open(partition, done) => match self.log.tails.get(partition.as_str()) {
                Some(tail) => reader::Job::Open(*tail, done),
                None => return done(Ok(Opened::default())),
            },
            Job::Sleepers(until, done) => return done(Ok(self.log.sleepers(until))),
            Job::Settle(done) => {
                self.tidy_up();
                let is_settled = self.log.reach == self.log.end;
                return done(is_settled.then_some(()).ok_or_else(last_write_failed));
            }
            Job::Append(..) | Job::Save(..) | Job::Forget(_) | Job::Write(_) => return,
        };
        // Whoever asked was told if it cannot be done.
        let _ = self.readers.ask(job);
    }

    fn sweep_if_much_waits(&mut self) {
        let waiting = self.fresh.len();
        self.meters.rows_waiting.set(waiting as f64);
        let much =
            waiting >= SWEEP_AFTER_ROWS || self.log.end - self.log.reach >= SWEEP_AFTER_FRAMES;
        if much && self.no_sweep_until.is_none_or(|instant| Instant::now() >= instant) {
            self.begin_sweep();
        }
    }

    fn begin_sweep(&mut self) {
        if self.sweep.is_none() {
            self.sweep = Some(Sweep::begin(&mut self.log));
        }
    }

    /// Sweeps, a step at a time, and folds the write-ahead log in when that is done.
    fn use_the_silence(&mut self) {
        if self.sweep.is_some() || self.log.reach < self.log.end {
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
        if self.log.reach < self.log.end {
            self.begin_sweep();
        }
        while self.sweep.is_some() {
            self.turn(&mut Vec::new());
        }
        self.fold.now();
    }
}

fn last_write_failed() -> StoreError {
    StoreError::Unavailable("its last write failed".into())
}
