//! Everything that was ever written, read from beside: for whoever checks the log, also while a server writes on.
//!
//! It sees the moment at which it was opened, and nothing later. Frames are read one at a time; a partition costs eight bytes of
//! memory for each of its frames while it is read. As long as the view is open, the write-ahead log of a running server can only grow.

use super::log::{self, Finder, Tail};
use super::{Error, folder};
use actors::store::{Frame, Head, Snapshot};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

pub struct View {
    connection: Connection,
    tails: BTreeMap<Arc<str>, Tail>,
}

impl View {
    pub fn open(folder: &Path) -> Result<View, Error> {
        let connection = folder::look_into(folder)?;
        connection.execute_batch("BEGIN")?;
        let tails = log::load(&connection, |_, _| {})?.tails.into_iter().collect();
        Ok(View { connection, tails })
    }

    /// Every partition that ever wrote anything, in the order of their names.
    pub fn partitions(&self) -> impl Iterator<Item = &str> {
        self.tails.keys().map(|name| &**name)
    }

    pub fn snapshot_of(&self, partition: &str) -> Result<Option<Snapshot>, Error> {
        match self.tails.get(partition) {
            Some(tail) => Ok(Finder::new(&self.connection)?.snapshot(tail.id)?),
            None => Ok(None),
        }
    }

    /// Shows every frame of the partition, from the first to the last. The visitor ends it by failing.
    pub fn frames_of<E: From<Error>>(&self, partition: &str, mut visit: impl FnMut(Frame) -> Result<(), E>) -> Result<(), E> {
        let Some(tail) = self.tails.get(partition) else { return Ok(()) };
        let mut finder = Finder::new(&self.connection).map_err(Error::from)?;
        let mut head = Head::default();
        for position in finder.positions(tail).map_err(Error::from)? {
            let (_, mut frame) = finder.frame(position).map_err(Error::from)?;
            frame.from.head = std::mem::replace(&mut head, frame.to.head);
            visit(frame)?;
        }
        Ok(())
    }
}
