//! What the writer says to SQLite, prepared once.

use super::outsiders::NoteStatements;
use super::sweep::SweepTables;
use rusqlite::{Connection, Statement};

pub struct WriterStatements<'c> {
    pub begin: Statement<'c>,
    pub commit: Statement<'c>,
    pub introduce: Statement<'c>,
    pub append: Statement<'c>,
    pub save: Statement<'c>,
    pub forget: Statement<'c>,
    pub doubt: Statement<'c>,
    pub savepoint: Statement<'c>,
    pub undo: Statement<'c>,
    pub release: Statement<'c>,
    pub notes: NoteStatements<'c>,
    pub sweep: SweepTables<'c>,
}

impl<'c> WriterStatements<'c> {
    pub fn new(connection: &'c Connection) -> rusqlite::Result<WriterStatements<'c>> {
        Ok(WriterStatements {
            begin: connection.prepare("BEGIN IMMEDIATE")?,
            commit: connection.prepare("COMMIT")?,
            introduce: connection.prepare(
                "INSERT INTO partitions (id, name, last, seq, head, sum)
                 VALUES (?1, ?2, 0, 0, zeroblob(32), row_sum(?1, ?2, 0, 0, zeroblob(32)))",
            )?,
            append: connection.prepare(
                "INSERT INTO log (position, partition, previous, from_seq, to_seq, head, records) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?,
            save: connection.prepare(
                "INSERT OR REPLACE INTO snapshots (partition, seq, head, keys_after, due, state, \
                 sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, row_sum(?1, ?2, ?3, ?4, ?5))",
            )?,
            forget: connection.prepare("DELETE FROM snapshots WHERE partition = ?1")?,
            doubt: connection.prepare("UPDATE meta SET value = value + 1 WHERE name = 'doubts'")?,
            savepoint: connection.prepare("SAVEPOINT one")?,
            undo: connection.prepare("ROLLBACK TO one")?,
            release: connection.prepare("RELEASE one")?,
            notes: NoteStatements::new(connection)?,
            sweep: SweepTables::new(connection)?,
        })
    }
}
