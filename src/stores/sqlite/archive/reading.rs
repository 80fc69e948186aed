//! Reading frames out of the archive, wherever the log is read.

use super::block::OpenedBlock;
use super::cache::{CachedPart, PartCache};
use super::catalogue::{self, SegmentRow};
use super::footer::Footer;
use super::index::{IndexEntry, SegmentIndex};
use super::segment::{self, LoggedFrame, SegmentFile};
use crate::error::Error;
use crate::files::at;
use rusqlite::{Connection, OptionalExtension, Statement};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// The segments of one data folder, and what was read of them last, for all who read.
pub struct Archive {
    folder: PathBuf,
    parts: Mutex<PartCache>,
}

impl Archive {
    /// That remembers so many bytes of what was read.
    pub fn new(folder: PathBuf, memory: usize) -> Arc<Archive> {
        Arc::new(Archive { folder, parts: Mutex::new(PartCache::new(memory)) })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn file(&self, row: SegmentRow) -> SegmentFile {
        SegmentFile { path: self.folder.join(file_name(row.number)), row }
    }

    /// Whether every segment that there must be is there, by its length and its footer the right
    /// one, and the next of the one before it.
    pub fn look(&self, connection: &Connection) -> Result<(), Error> {
        self.each(connection, |file| file.footer().map(|footer| footer.before))?;
        self.must_have_no_more(connection)
    }

    /// A crash leaves a file without its row, but its frames are still in the log. Where one has
    /// frames that the log has not, the database is an older one than the archive.
    fn must_have_no_more(&self, connection: &Connection) -> Result<(), Error> {
        let known = catalogue::newest(connection)?.map_or((0, 0), |row| (row.number, row.last));
        let of_log = "SELECT coalesce(max(position), 0) FROM log";
        let end = connection.query_row(of_log, [], |row| row.get::<_, i64>(0))?.max(known.1);
        for number in known.0 + 1.. {
            let path = self.folder.join(file_name(number));
            let Ok(mut file) = File::open(&path) else { return Ok(()) };
            let footer = segment::footer_of_unknown(&mut file).map_err(at(&path))?;
            if let Some(Footer { last, .. }) = footer.filter(|footer| footer.last > end) {
                let why = format!(
                    "has frames up to {last}, and the database ends at {end}: the database is \
                     older than the archive"
                );
                return Err(Error::Segment { path, why });
            }
        }
        Ok(())
    }

    /// Reads every byte of every segment.
    pub fn check(&self, connection: &Connection) -> Result<(), Error> {
        self.each(connection, |file| {
            file.check(|_| ())?;
            file.footer().map(|footer| footer.before)
        })
    }

    fn each(
        &self,
        connection: &Connection,
        mut before: impl FnMut(&SegmentFile) -> Result<[u8; 32], Error>,
    ) -> Result<(), Error> {
        let (mut number, mut first, mut digest) = (1, 1, [0; 32]);
        for row in catalogue::all(connection)? {
            let file = self.file(row);
            let follows = row.number == number && row.first == first && row.last >= first;
            if before(&file)? != digest || !follows {
                return Err(file.is("is not the one that follows the segment before"));
            }
            (number, first, digest) = (row.number + 1, row.last + 1, row.digest);
        }
        Ok(())
    }

    fn index(&self, row: SegmentRow) -> Result<Arc<SegmentIndex>, Error> {
        if let Some(CachedPart::Index(index)) = self.parts().get((row.number, None)) {
            return Ok(index);
        }
        let index = Arc::new(self.file(row).index()?);
        self.parts().keep((row.number, None), CachedPart::Index(index.clone()));
        Ok(index)
    }

    fn block(
        &self,
        row: SegmentRow,
        index: &SegmentIndex,
        number: usize,
    ) -> Result<Arc<OpenedBlock>, Error> {
        let key = (row.number, Some(number));
        if let Some(CachedPart::Block(block)) = self.parts().get(key) {
            return Ok(block);
        }
        let block = Arc::new(self.file(row).block(&index.blocks[number])?);
        self.parts().keep(key, CachedPart::Block(block.clone()));
        Ok(block)
    }

    fn parts(&self) -> std::sync::MutexGuard<'_, PartCache> {
        self.parts.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

pub fn file_name(number: i64) -> String {
    format!("{number:06}.segment")
}

/// The way into the archive from one connection, whose transaction says what is archived.
pub struct ArchiveReader<'c> {
    archive: Arc<Archive>,
    begun_by: Statement<'c>,
    end: Statement<'c>,
}

impl<'c> ArchiveReader<'c> {
    pub fn new(connection: &'c Connection, archive: &Arc<Archive>) -> rusqlite::Result<Self> {
        Ok(ArchiveReader {
            archive: archive.clone(),
            begun_by: connection.prepare(&catalogue::begun_by())?,
            end: connection.prepare("SELECT coalesce(max(last), 0) FROM segments")?,
        })
    }

    /// The position of the last frame that is archived; 0 if none is.
    pub fn end(&mut self) -> rusqlite::Result<i64> {
        self.end.query_row([], |row| row.get(0))
    }

    /// The frame at that position, if it is archived.
    pub fn frame(&mut self, position: i64) -> rusqlite::Result<Option<LoggedFrame>> {
        let Some((row, entry)) = self.find(position)? else { return Ok(None) };
        let index = self.archive.index(row)?;
        let block = self.archive.block(row, &index, entry.block)?;
        let IndexEntry { partition, previous, number, .. } = entry;
        Ok(block.frame(number).map(|frame| LoggedFrame { position, partition, previous, frame }))
    }

    /// Whose frame is at that position, and where the one before it is, if it is archived.
    pub fn link(&mut self, position: i64) -> rusqlite::Result<Option<(i64, i64)>> {
        let found = self.find(position)?;
        Ok(found.map(|(_, IndexEntry { partition, previous, .. })| (partition, previous)))
    }

    fn find(&mut self, position: i64) -> rusqlite::Result<Option<(SegmentRow, IndexEntry)>> {
        let row = self.begun_by.query_row([position], catalogue::segment).optional()?;
        let Some(row) = row.filter(|row| position <= row.last) else { return Ok(None) };
        Ok(self.archive.index(row)?.entry(position).map(|entry| (row, entry)))
    }
}

/// So that it passes through the statements of the log, to whoever asked.
impl From<Error> for rusqlite::Error {
    fn from(error: Error) -> rusqlite::Error {
        match error {
            Error::Sqlite(error) => error,
            other => rusqlite::Error::UserFunctionError(Box::new(other)),
        }
    }
}
