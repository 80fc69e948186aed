//! Folding the write-ahead log into the database: beside the writer as far as it goes, and the
//! short rest in its turn.
//!
//! While a long log is copied and flushed, no commit is possible. So a thread of its own does that,
//! while the writer goes on and makes the log longer. What came meanwhile is little; when the
//! writer has folded that in, the log begins anew.
//!
//! After a failed flush nothing is folded in any more. SQLite has counted pages as copied before
//! they were flushed, and the kernel counts pages as clean that it could not write: a later flush
//! would succeed without them, and the log that has them would begin anew. For want of room it is
//! tried again: a page that was not written is not counted as copied.
//!
//! A commit after a fold, or beside one, makes the database older (`age`). So whatever of the log
//! was folded in last is told from what was folded in before, and a log names the database that it
//! begins upon.

use super::health::DiskHealth;
use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};
use rusqlite::{Connection, ErrorCode, Statement};
use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Pages of 4 KiB in the log after which it is folded in. While that goes on every caller waits
/// longer, for the disk and for a processor, so it should be short: 1 to 2 ms, four times a second.
/// Sixteen times as many pages took 30 ms each time, and those who asked meanwhile were the slowest
/// of all.
const LONG: i64 = 1_024;
/// Commits after which its length is looked at.
const LOOK_EVERY: u32 = 32;
/// After it found no room it is not tried for so long.
const PAUSE: Duration = Duration::from_secs(1);

/// The writer's side.
pub struct Fold<'c> {
    connection: &'c Connection,
    length: Statement<'c>,
    commits_since_look: u32,
    beside: Beside,
    is_under_way: bool,
    /// The next commit may be the first of a log that begins anew.
    may_begin_anew: bool,
    tried_at: Instant,
}

/// The way to the thread that folds beside, and its word that it is done.
pub struct Beside {
    ask: Sender<()>,
    done: Receiver<()>,
    pub health: Arc<DiskHealth>,
}

/// That thread's side.
pub struct Helper {
    asked: Receiver<()>,
    done: Sender<()>,
    health: Arc<DiskHealth>,
}

/// Both sides, which share what they know against the disk.
pub fn beside(health: &Arc<DiskHealth>) -> (Beside, Helper) {
    let ((ask, asked), (tell, done)) = (bounded(1), bounded(1));
    (
        Beside { ask, done, health: health.clone() },
        Helper { asked, done: tell, health: health.clone() },
    )
}

impl Helper {
    /// Until the writer has ended. SQLite flushes the database only when the log was folded in to
    /// its end, which is in the writer's turn; what was copied so far is flushed here already, so
    /// that little is left for then.
    pub fn run(&self, connection: &Connection, database: &File) {
        for () in &self.asked {
            fold_in(connection, &self.health);
            if let Err(error) = database.sync_data() {
                self.health.give_up(&error);
            }
            let _ = self.done.send(());
        }
    }
}

impl<'c> Fold<'c> {
    pub fn new(connection: &'c Connection, beside: Beside) -> rusqlite::Result<Fold<'c>> {
        let length = connection.prepare("PRAGMA wal_checkpoint(NOOP)")?;
        let tried_at = Instant::now();
        Ok(Fold {
            connection,
            length,
            commits_since_look: 0,
            beside,
            is_under_way: false,
            may_begin_anew: true,
            tried_at,
        })
    }

    /// Whether the next commit must make the database older.
    pub fn asks_for_an_age(&self) -> bool {
        self.is_under_way || self.may_begin_anew
    }

    /// That commit is durable.
    pub fn has_an_age(&mut self) {
        self.may_begin_anew = false;
    }

    pub fn after_a_commit(&mut self) {
        if self.is_under_way {
            return match self.beside.done.try_recv() {
                Err(TryRecvError::Empty) => {}
                Ok(()) | Err(TryRecvError::Disconnected) => self.rest(),
            };
        }
        self.commits_since_look += 1;
        if self.is_time_to_look() {
            self.commits_since_look = 0;
            self.tried_at = Instant::now();
            self.is_under_way = self.is_worth_it() && self.beside.ask.send(()).is_ok();
        }
    }

    fn is_time_to_look(&self) -> bool {
        match self.beside.health.is_cramped() {
            true => self.tried_at.elapsed() >= PAUSE,
            false => self.commits_since_look >= LOOK_EVERY,
        }
    }

    fn is_worth_it(&mut self) -> bool {
        if self.beside.health.is_broken() {
            return false;
        }
        let pages = self.length.query_row([], |row| row.get::<_, i64>(1));
        self.beside.health.is_cramped()
            || pages
                .inspect_err(|error| self.beside.health.note(error))
                .is_ok_and(|pages| pages > LONG)
    }

    /// It found no room, and is to be tried again.
    pub fn is_owed(&self) -> bool {
        self.beside.health.is_cramped() && !self.beside.health.is_broken()
    }

    /// All of it, when no job waits.
    pub fn now(&mut self) {
        if self.is_under_way {
            let _ = self.beside.done.recv();
        }
        self.rest();
    }

    fn rest(&mut self) {
        self.is_under_way = false;
        self.may_begin_anew = true;
        fold_in(self.connection, &self.beside.health);
    }
}

/// If it fails, the log stays as it is: longer, and as good.
fn fold_in(connection: &Connection, health: &DiskHealth) {
    if !health.is_broken() {
        health.note_fold(checkpoint(connection));
    }
}

/// Whether all of the log is in the database and flushed. That others are at it, or still read what
/// is older, is no failure.
fn checkpoint(connection: &Connection) -> rusqlite::Result<bool> {
    let whole = |row: &rusqlite::Row| {
        Ok(row.get::<_, i64>(0)? == 0 && row.get::<_, i64>(1)? == row.get::<_, i64>(2)?)
    };
    match connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], whole) {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseLocked) => Ok(false),
        folded => folded,
    }
}
