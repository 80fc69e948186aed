//! `stampede archive`: archives on a stopped server, and gives the space back.

use crate::error::Error;
use crate::files::at;
use crate::folder::{Folder, let_closing_fold};
use crate::rows::RowsOf;
use crate::store::SqliteStore;
use actors::Time;
use std::fmt;
use std::path::Path;

/// What was done, for the operator who asked for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArchiveReport {
    pub frames: u64,
    pub segments: u64,
    /// Bytes of the database.
    pub before: u64,
    pub after: u64,
    /// Bytes of the segments that were made.
    pub packed: u64,
}

impl fmt::Display for ArchiveReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ArchiveReport { frames, segments, before, after, packed } = self;
        write!(
            f,
            "archived {frames} frames in {segments} segments of {packed} bytes; the database had \
             {before} bytes and has {after}"
        )
    }
}

/// Archives what is of `until` or before, also if it does not fill a segment. SQLite copies the
/// whole database to make it smaller, so there must be room for that. Tells how many segments are
/// made.
pub async fn archive(
    folder: &Path,
    until: Time,
    rows_of: &RowsOf,
    tell: &mut dyn FnMut(u64),
) -> Result<ArchiveReport, Error> {
    let folder = Folder::lock(folder)?;
    folder.must_hold_database()?;
    let mut report = ArchiveReport::default();
    {
        let store = SqliteStore::start(folder.clone(), rows_of)?;
        store.settle().await?;
        while let Some(made) = store.archive(until, until).await? {
            report.frames += made.frames;
            report.packed += made.bytes;
            report.segments += 1;
            tell(report.segments);
        }
    }
    report.before = length(&folder)?;
    let connection = folder.connect()?;
    connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
    let_closing_fold(&connection)?;
    drop(connection);
    report.after = length(&folder)?;
    Ok(report)
}

fn length(folder: &Folder) -> Result<u64, Error> {
    let database = folder.database();
    Ok(database.metadata().map_err(at(&database))?.len())
}
