//! Everything that was ever written, read from beside: for a reader who checks the log, also while
//! a server writes on.
//!
//! It sees the moment at which it was opened, and nothing later. Frames are read one at a time; a
//! partition costs eight bytes of memory for each of its frames while it is read. As long as the
//! view is open, the write-ahead log of a running server can only grow.

use super::archive::{Archive, ArchiveReader};
use super::error::Error;
use super::log::{self, Finder, Tail};
use super::outsiders;
use super::rows::{Fresh, RowsOf};
use super::{folder, schema, sums};
use actors::Id;
use actors::store::{Frame, Head, Row, Shelf, Snapshot};
use ports::History;
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Bytes that are remembered of what was read of the archive last. Partition after partition goes
/// through the same segments.
const ARCHIVE_MEMORY: usize = 64 << 20;

pub struct SqliteHistory {
    connection: Connection,
    archive: Arc<Archive>,
    tails: BTreeMap<Arc<str>, Tail>,
    /// Look-up rows that no sweep has written yet.
    fresh: Fresh,
}

impl SqliteHistory {
    pub fn open(folder: &Path, rows_of: &RowsOf) -> Result<SqliteHistory, Error> {
        let (connection, archive) = folder::look_into(folder)?;
        let archive = Archive::new(archive, ARCHIVE_MEMORY);
        connection.execute_batch("BEGIN")?;
        archive.look(&connection)?;
        let fresh = Fresh::default();
        let log = log::load(&connection, &fresh, rows_of)?;
        Ok(SqliteHistory { connection, archive, tails: log.tails.into_iter().collect(), fresh })
    }

    /// Every partition that ever wrote anything, in the order of their names.
    pub fn partitions(&self) -> impl Iterator<Item = &str> {
        self.tails.keys().map(|name| &**name)
    }

    pub fn snapshot_of(&self, partition: &str) -> Result<Option<Snapshot>, Error> {
        match self.tails.get(partition) {
            Some(tail) => Ok(self.finder()?.snapshot(tail.id)?),
            None => Ok(None),
        }
    }

    /// Shows every frame of the partition, from the first to the last. The visitor ends it by
    /// failing.
    pub fn frames_of<E: From<Error>>(
        &self,
        partition: &str,
        mut visit: impl FnMut(Frame) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(tail) = self.tails.get(partition) else { return Ok(()) };
        let mut finder = self.finder()?;
        let mut head = Head::default();
        for position in finder.positions(tail).map_err(Error::from)? {
            let (_, mut frame) = finder.frame(tail, position).map_err(Error::from)?;
            frame.from.head = std::mem::replace(&mut head, frame.to.head);
            visit(frame)?;
        }
        Ok(())
    }

    fn finder(&self) -> Result<Finder<'_>, Error> {
        Ok(Finder::new(&self.connection, &self.archive)?)
    }

    /// Checks what no chain covers: the file itself, every row that has a sum, every byte of the
    /// archive, and that each frame is one of a partition.
    pub fn check_the_rest(&self) -> Result<(), Error> {
        schema::check_pages(&self.connection)?;
        sums::check(&self.connection)?;
        self.archive.check(&self.connection)?;
        let archived = ArchiveReader::new(&self.connection, &self.archive)?.end()?;
        let mut finder = self.finder()?;
        let mut linked = 0;
        for tail in self.tails.values() {
            linked += finder.positions(tail)?.len();
        }
        // Positions begin with 1, and segments leave none out.
        let frames = archived
            + self.connection.query_row(
                "SELECT count(*) FROM log WHERE position NOT BETWEEN 1 AND ?1",
                [archived],
                |row| row.get::<_, i64>(0),
            )?;
        match frames as usize == linked {
            true => Ok(()),
            false => Err(Error::Damaged(format!(
                "of {frames} frames only {linked} are some partition's"
            ))),
        }
    }

    /// Shows every look-up row as lists show it: those that were swept up, and those that wait.
    pub fn each_row(&self, mut visit: impl FnMut(Row)) -> Result<(), Error> {
        let select = "SELECT shelf, owner, key, body FROM lookups WHERE shelf <> ?1";
        let mut select = self.connection.prepare(select)?;
        let mut rows = select.query([outsiders::SHELF.0])?;
        while let Some(row) = rows.next()? {
            let row = Row {
                shelf: Shelf(row.get(0)?),
                owner: Id(row.get(1)?),
                key: row.get(2)?,
                body: Some(row.get(3)?),
            };
            if !self.fresh.replaces(&row) {
                visit(row);
            }
        }
        self.fresh.each(|row| {
            if row.shelf != outsiders::SHELF {
                visit(row);
            }
        });
        Ok(())
    }
}

impl History for SqliteHistory {
    fn partitions(&self) -> anyhow::Result<Vec<String>> {
        Ok(self.partitions().map(str::to_owned).collect())
    }

    fn snapshot_of(&self, partition: &str) -> anyhow::Result<Option<Snapshot>> {
        Ok(self.snapshot_of(partition)?)
    }

    fn frames_of(
        &self,
        partition: &str,
        visit: &mut dyn FnMut(Frame) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.frames_of(partition, visit)
    }

    fn check_the_rest(&self) -> anyhow::Result<()> {
        Ok(self.check_the_rest()?)
    }

    fn each_row(&self, visit: &mut dyn FnMut(Row)) -> anyhow::Result<bool> {
        self.each_row(visit)?;
        Ok(true)
    }
}
