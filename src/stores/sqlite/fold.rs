//! Folding the write-ahead log into the database: beside the writer as far as it goes, and the short rest in its turn.
//!
//! While a long log is copied and flushed, nobody could commit. So a thread of its own does that, while the writer
//! goes on and makes the log longer. What came meanwhile is little; when the writer has folded that in, the log begins anew.

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};
use rusqlite::{Connection, Statement};
use std::fs::File;

/// Pages of 4 KiB in the log after which it is folded in. While that goes on everybody waits longer, for the disk and for a processor, so it should be short:
/// 1 to 2 ms, four times a second. Sixteen times as many pages took 30 ms each time, and whoever asked meanwhile was the tail.
const LONG: i64 = 1_024;
/// Commits after which its length is looked at.
const LOOK_EVERY: u32 = 32;

/// The writer's side.
pub struct Fold<'c> {
    connection: &'c Connection,
    length: Statement<'c>,
    commits_since_look: u32,
    beside: Beside,
    is_under_way: bool,
}

/// The way to the thread that folds beside, and its word that it is done.
pub struct Beside {
    ask: Sender<()>,
    done: Receiver<()>,
}

/// That thread's side.
pub struct Helper {
    asked: Receiver<()>,
    done: Sender<()>,
}

pub fn beside() -> (Beside, Helper) {
    let ((ask, asked), (tell, done)) = (bounded(1), bounded(1));
    (Beside { ask, done }, Helper { asked, done: tell })
}

impl Helper {
    /// Until the writer has ended. SQLite flushes the database only when the log was folded in to its end, which is in the writer's turn; what was copied so
    /// far is flushed here already, so that little is left for then. Should this fail, that one will fail, too.
    pub fn run(&self, connection: &Connection, database: &File) {
        for () in &self.asked {
            fold_in(connection);
            let _ = database.sync_data();
            let _ = self.done.send(());
        }
    }
}

impl<'c> Fold<'c> {
    pub fn new(connection: &'c Connection, beside: Beside) -> rusqlite::Result<Fold<'c>> {
        let length = connection.prepare("PRAGMA wal_checkpoint(NOOP)")?;
        Ok(Fold { connection, length, commits_since_look: 0, beside, is_under_way: false })
    }

    pub fn after_a_commit(&mut self) {
        if self.is_under_way {
            return match self.beside.done.try_recv() {
                Err(TryRecvError::Empty) => {}
                Ok(()) | Err(TryRecvError::Disconnected) => self.rest(),
            };
        }
        self.commits_since_look += 1;
        if self.commits_since_look >= LOOK_EVERY {
            self.commits_since_look = 0;
            let is_long = self.length.query_row([], |row| row.get::<_, i64>(1)).is_ok_and(|pages| pages > LONG);
            self.is_under_way = is_long && self.beside.ask.send(()).is_ok();
        }
    }

    /// All of it, when nobody waits.
    pub fn now(&mut self) {
        if self.is_under_way {
            let _ = self.beside.done.recv();
        }
        self.rest();
    }

    fn rest(&mut self) {
        self.is_under_way = false;
        fold_in(self.connection);
    }
}

/// If it fails, the log stays as it is: longer, and as good.
fn fold_in(connection: &Connection) {
    let _ = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
}
