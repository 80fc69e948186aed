//! The transaction under way, and what is said to SQLite in it.

use super::age;
use super::job::{StagedWrite, WriteCall};
use super::log::Tail;
use super::statements::WriterStatements;
use actors::store::{Frame, Snapshot};
use ports::directory::Outsider;
use rusqlite::{Connection, ErrorCode};
use std::panic::{AssertUnwindSafe, catch_unwind};

pub struct Transaction<'c> {
    connection: &'c Connection,
    pub sql: WriterStatements<'c>,
    is_begun: bool,
    /// The last commit failed in a way that leaves open whether a crash would bring it back.
    pub in_doubt: bool,
}

impl<'c> Transaction<'c> {
    pub fn new(connection: &'c Connection) -> rusqlite::Result<Transaction<'c>> {
        let sql = WriterStatements::new(connection)?;
        Ok(Transaction { connection, sql, is_begun: false, in_doubt: false })
    }

    /// Begins it, unless it is under way.
    pub fn begin(&mut self) -> rusqlite::Result<()> {
        if !self.is_begun {
            self.sql.begin.execute([])?;
            self.is_begun = true;
        }
        Ok(())
    }

    pub fn introduce(&mut self, id: i64, partition: &str) -> rusqlite::Result<()> {
        self.begin()?;
        self.sql.introduce.execute((id, partition)).map(drop)
    }

    /// Writes the next frame of the partition whose tail that is.
    pub fn append(&mut self, position: i64, tail: &Tail, frame: &Frame) -> rusqlite::Result<()> {
        self.begin()?;
        let (from, to) = (frame.from.seq as i64, frame.to.seq as i64);
        let row = (position, tail.id, tail.last, from, to, frame.to.head, &frame.records);
        self.sql.append.execute(row).map(drop)
    }

    pub fn note(&mut self, position: i64, outsider: &Outsider) -> rusqlite::Result<()> {
        self.begin()?;
        self.sql.notes.note(position, outsider)
    }

    pub fn save(&mut self, partition: i64, snapshot: &Snapshot) -> rusqlite::Result<()> {
        self.begin()?;
        let Snapshot { at, keys_after, due, state } = snapshot;
        let (seq, keys_after, due) = (at.seq as i64, *keys_after as i64, due.map(|due| due.0));
        let row = (partition, seq, at.head, keys_after, due, state);
        self.sql.save.execute(row).map(drop)
    }

    pub fn forget(&mut self, partition: i64) -> rusqlite::Result<()> {
        self.begin()?;
        self.sql.forget.execute([partition]).map(drop)
    }

    /// Runs the write of a caller. What it did is undone if it fails, without harm to the others. A
    /// panic counts as failing; then there is nobody to answer.
    pub fn run(&mut self, write: WriteCall) -> rusqlite::Result<Option<StagedWrite>> {
        self.begin()?;
        self.sql.savepoint.execute([])?;
        let staged = catch_unwind(AssertUnwindSafe(|| write(self.connection))).ok();
        if staged.as_ref().is_none_or(|staged| staged.failed) {
            self.sql.undo.execute([])?;
        }
        self.sql.release.execute([])?;
        Ok(staged)
    }

    /// After a doubtful commit: something to write, so that the next commit takes its place.
    pub fn dispel_doubt(&mut self) -> rusqlite::Result<()> {
        if self.in_doubt {
            self.begin()?;
            self.sql.doubt.execute([])?;
        }
        Ok(())
    }

    /// Makes the database older, if there is anything to commit.
    pub fn grow_older(&self) -> rusqlite::Result<()> {
        if self.is_begun { age::grow_older(self.connection) } else { Ok(()) }
    }

    /// Whether there was anything to commit.
    pub fn commit(&mut self) -> rusqlite::Result<bool> {
        if self.is_begun {
            // A full disk leaves no doubt: the end of the commit was not written.
            let doubtful =
                |error: &rusqlite::Error| error.sqlite_error_code() != Some(ErrorCode::DiskFull);
            self.sql.commit.execute([]).inspect_err(|error| self.in_doubt |= doubtful(error))?;
        }
        Ok(std::mem::take(&mut self.is_begun))
    }

    pub fn roll_back(&mut self) {
        self.is_begun = false;
        if !self.connection.is_autocommit() {
            // If even this fails, the next commit fails too, and says so.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }
}
