//! Making segments: a thread of its own, which reads the oldest frames beside the writer, packs
//! them, and asks the writer for two things only: to write down that there is a segment, and to
//! delete its frames from the table, a few at a time.
//!
//! Nothing is deleted before the file was flushed, read again from its first byte, and found to
//! have every frame as it was. What a crash leaves is a file without a row, which the next segment
//! of that number replaces, or rows that are archived already, which are deleted first.

use super::catalogue::{self, SegmentRow};
use super::reading::{Archive, ArchiveReader};
use super::segment::{LoggedFrame, SegmentFile, pack_segment};
use crate::error::Error;
use crate::files::{at, keep_private, make_folder, private, sync_folder};
use crate::health::DiskHealth;
use crate::job::WriterJob;
use crate::meters::ArchiveMeters;
use crate::queue::{Receiver, Sender};
use crate::sums::META;
use actors::Time;
use actors::engine::record;
use actors::store::{Callback, Frame, Position, StoreError};
use hashbrown::HashMap;
use rusqlite::{Connection, Row};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::sync::{Arc, mpsc};

/// Bytes of frames in a segment. What follows the log reads the blocks of a segment crosswise, so
/// all of them must fit into the memory for what was read last.
const FULL: usize = 8 << 20;
/// Frames in a segment: its index takes eight bytes of memory for each.
const MOST: usize = 65_536;
/// What is added to a frame's records when bytes are counted.
const EACH: usize = 64;
/// Rows deleted in one commit, so that no request waits.
const STEP: i64 = 256;

pub struct ArchiveJob {
    /// Frames of that time or before are moved.
    pub until: Time,
    /// Also if they do not fill a segment, where the oldest is of that time or before.
    pub few_until: Time,
    /// Told which segment was made; none if there was nothing to do.
    pub done: Callback<Result<Option<SegmentRow>, StoreError>>,
}

struct Archiver<'c> {
    connection: &'c Connection,
    archive: Arc<Archive>,
    reader: ArchiveReader<'c>,
    writer: Sender<WriterJob>,
    health: Arc<DiskHealth>,
    meters: ArchiveMeters,
}

/// Until the store is dropped.
pub fn run(
    connection: &Connection,
    archive: Arc<Archive>,
    jobs: &Receiver<ArchiveJob>,
    writer: Sender<WriterJob>,
    health: Arc<DiskHealth>,
    ready: &Sender<rusqlite::Result<()>>,
) {
    let reader = ArchiveReader::new(connection, &archive);
    let begun = reader.and_then(|reader| Ok((reader, catalogue::all(connection)?)));
    match begun {
        Ok((reader, segments)) => {
            let meters = ArchiveMeters::default();
            segments.iter().for_each(|row| meters.count(row.last, row.bytes));
            let mut archiver = Archiver { connection, archive, reader, writer, health, meters };
            // If there is no listener, the store is being given up already.
            let _ = ready.send(Ok(()));
            while let Some(ArchiveJob { until, few_until, done }) = jobs.take_one() {
                done(archiver.archive(until, few_until));
            }
        }
        Err(error) => drop(ready.send(Err(error))),
    }
}

impl Archiver<'_> {
    fn archive(&mut self, until: Time, few_until: Time) -> Result<Option<SegmentRow>, StoreError> {
        // After a doubtful commit of a segment's row another must have taken its place before the
        // file is replaced.
        self.write(|_| Ok(()))?;
        if self.health.is_broken() {
            self.health.verdict()?;
        }
        let newest = catalogue::newest(self.connection).map_err(|error| self.told(error))?;
        self.delete(newest.map_or(0, |row| row.last))?;
        let Some(frames) = self.gather(newest, until, few_until).map_err(|e| self.told(e))? else {
            return Ok(None);
        };
        let made = self.make(newest, frames).map_err(|error| self.told(error))?;
        self.write(move |connection| catalogue::add(connection, &made))?;
        self.meters.count(made.last, made.bytes);
        self.delete(made.last)?;
        Ok(Some(made))
    }

    /// The frames that follow the newest segment: as many as fit, none that is too young, and none
    /// whose rows are not in their tables.
    fn gather(
        &mut self,
        newest: Option<SegmentRow>,
        until: Time,
        few_until: Time,
    ) -> Result<Option<Vec<LoggedFrame>>, Error> {
        let _transaction = self.connection.unchecked_transaction()?;
        let mut select = self.connection.prepare(&format!(
            "SELECT position, partition, previous, from_seq, to_seq, head, records FROM log
             WHERE position > ?1
             AND position <= (SELECT value FROM meta WHERE name = 'reach' AND {})
             ORDER BY position",
            META.whole()
        ))?;
        let mut position = newest.map_or(0, |row| row.last);
        let mut ends: HashMap<i64, (i64, Position)> = HashMap::new();
        let (mut frames, mut bytes) = (Vec::new(), 0);
        let (mut is_full, mut even_few, mut is_young) = (false, false, false);
        let mut rows = select.query([position])?;
        while let Some(row) = rows.next()? {
            let mut logged = logged(row)?;
            let frame = &mut logged.frame;
            let is_after = |time: Time| record::ended_at(frame).is_some_and(|at| at > time);
            if is_after(until) {
                is_young = true;
                break;
            }
            if frames.is_empty() {
                even_few = !is_after(few_until);
            }
            bytes += frame.records.len() + EACH;
            is_full = !frames.is_empty() && bytes > FULL || frames.len() == MOST;
            if is_full {
                break;
            }
            position += 1;
            let before = match ends.get(&logged.partition) {
                Some(end) => *end,
                None => end_before(&mut self.reader, logged.partition, logged.previous)?,
            };
            frame.from.head = before.1.head;
            let follows = (logged.previous, frame.from) == before && logged.position == position;
            if !follows || !is_sound(frame) {
                return Err(Error::Damaged(format!(
                    "the frame {} of the log does not follow the one before it, so it is not \
                     archived; `stampede verify` says more",
                    logged.position
                )));
            }
            ends.insert(logged.partition, (logged.position, frame.to));
            frames.push(logged);
        }
        if !is_full && !is_young {
            // More may be old enough, once it is in its tables.
            let _ = self.writer.send(WriterJob::Sweep);
        }
        Ok(Some(frames).filter(|frames| is_full || even_few && !frames.is_empty()))
    }

    /// Writes the file, and reads it again.
    fn make(
        &self,
        newest: Option<SegmentRow>,
        frames: Vec<LoggedFrame>,
    ) -> Result<SegmentRow, Error> {
        let (number, before) = newest.map_or((1, [0; 32]), |row| (row.number + 1, row.digest));
        let Some(packed) = pack_segment(number, before, frames.clone()) else {
            return Err(Error::Damaged("a segment without frames".to_owned()));
        };
        let folder = self.archive.folder();
        make_folder(folder).map_err(at(folder))?;
        let file = self.archive.file(packed.row);
        let new = file.path.with_extension("segment.new");
        let written = private(OpenOptions::new().write(true).create(true).truncate(true))
            .open(&new)
            .and_then(|mut file| {
                file.write_all(&packed.bytes)?;
                file.sync_all()?;
                keep_private(file)
            });
        written.map_err(at(&new)).inspect_err(|_| drop(fs::remove_file(&new)))?;
        let written = SegmentFile { path: new.clone(), row: packed.row };
        compare(&written, frames).inspect_err(|_| drop(fs::remove_file(&new)))?;
        fs::rename(&new, &file.path).map_err(at(&file.path))?;
        // A name whose flush failed may count as flushed from then on.
        sync_folder(folder).inspect_err(|error| self.health.give_up(error))?;
        Ok(packed.row)
    }

    /// Deletes the rows up to there, which are archived.
    fn delete(&self, archived: i64) -> Result<(), StoreError> {
        loop {
            let oldest = self
                .connection
                .query_row("SELECT min(position) FROM log", [], |row| row.get::<_, Option<i64>>(0));
            let oldest = oldest.map_err(|error| self.told(error))?;
            let Some(oldest) = oldest.filter(|oldest| *oldest <= archived) else { return Ok(()) };
            let last = archived.min(oldest + STEP - 1);
            self.write(move |connection| {
                connection.execute("DELETE FROM log WHERE position <= ?1", [last]).map(drop)
            })?;
        }
    }

    /// Done when it is durable.
    fn write(
        &self,
        write: impl FnOnce(&Connection) -> rusqlite::Result<()> + Send + 'static,
    ) -> Result<(), StoreError> {
        let (to, written) = mpsc::channel();
        let tell = move |result| drop(to.send(result));
        // A job that cannot be sent is dropped, and its teller with it.
        let _ = self.writer.send(WriterJob::write(write, &self.health, tell));
        written.recv().unwrap_or_else(|_| Err(crate::error::closed()))
    }

    fn told(&self, error: impl Into<rusqlite::Error>) -> StoreError {
        self.health.tell(error.into())
    }
}

/// Where a partition's archived frames end, if that is its last one.
fn end_before(
    reader: &mut ArchiveReader<'_>,
    partition: i64,
    last: i64,
) -> Result<(i64, Position), Error> {
    match last {
        0 => Ok((0, Position::default())),
        _ => match reader.frame(last)?.filter(|before| before.partition == partition) {
            Some(before) => Ok((last, before.frame.to)),
            None => Err(Error::Damaged(format!("the frame {last} of the log is missing"))),
        },
    }
}

/// Whether its head is the hash of what it says.
fn is_sound(frame: &Frame) -> bool {
    match frame.to.seq == frame.from.seq {
        true => frame.to == frame.from && frame.records.is_empty(),
        false => record::head_after(&frame.from, frame.to.seq, &frame.records) == frame.to.head,
    }
}

/// Whether the file has these frames, and nothing else.
fn compare(file: &SegmentFile, mut frames: Vec<LoggedFrame>) -> Result<(), Error> {
    frames.sort_unstable_by_key(|frame| (frame.partition, frame.position));
    let index = file.index()?;
    let mut expected = frames.iter();
    let mut same = true;
    file.check(|block| {
        for number in 0..block.count() {
            let next = expected.next();
            same &= block.frame(number).as_ref() == next.map(|logged| &logged.frame);
        }
    })?;
    same &= expected.next().is_none();
    same &= frames.iter().all(|logged| {
        let entry = index.entry(logged.position);
        entry.map(|entry| (entry.partition, entry.previous))
            == Some((logged.partition, logged.previous))
    });
    match same {
        true => Ok(()),
        false => Err(file.is("does not say what was written to it")),
    }
}

/// Without the head that it begins with.
fn logged(row: &Row) -> rusqlite::Result<LoggedFrame> {
    let from = Position { seq: row.get::<_, i64>(3)? as u64, ..Position::default() };
    let to = Position { seq: row.get::<_, i64>(4)? as u64, head: row.get(5)? };
    Ok(LoggedFrame {
        position: row.get(0)?,
        partition: row.get(1)?,
        previous: row.get(2)?,
        frame: Frame { from, to, records: row.get(6)? },
    })
}
