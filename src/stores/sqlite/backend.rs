//! The embedded store as a whole, as a process uses it.

use super::error::Error;
use super::rows::RowsOf;
use super::store::SqliteStore;
use actors::Time;
use actors::store::Store;
use ports::directory::Directory;
use ports::{Answer, Backend};
use std::path::Path;
use std::sync::Arc;

const DAY_S: u32 = 86_400;

pub struct SqliteBackend(Arc<SqliteStore>);

impl SqliteBackend {
    /// What is kept in that folder. `rows` says which look-up rows a frame declares.
    pub fn open(data: &Path, rows: &RowsOf) -> Result<SqliteBackend, Error> {
        Ok(SqliteBackend(Arc::new(SqliteStore::open(data, rows)?)))
    }
}

impl Backend for SqliteBackend {
    fn log(&self) -> Arc<dyn Store> {
        self.0.clone()
    }

    fn directory(&self) -> Arc<dyn Directory> {
        self.0.clone()
    }

    /// What does not fill a segment waits for a day, so that a small installation has one for each
    /// day at most, and nothing stays much longer than it was told to.
    fn archive(&self, until: Time) -> Answer<bool> {
        let made = self.0.archive(until, until.minus_s(DAY_S));
        Box::pin(async { Ok(made.await?.is_some()) })
    }

    fn ready(&self) -> Answer<()> {
        Box::pin(self.0.ready())
    }

    fn settled(&self) -> Answer<()> {
        Box::pin(self.0.settle())
    }
}
