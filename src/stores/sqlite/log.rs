//! Reading the log: where each partition's frames end, and the way back from there.
//!
//! A frame's row names the position of the one before it, so a partition is read backwards, from
//! its tail to its snapshot, and handed out forwards. A follower of all partitions reads it
//! forwards, by position. Where the table has a frame no more, the archive has it. The tails are
//! kept in memory by the writer; a start reads them as of the last sweep and follows the log from
//! there.

use super::archive::{Archive, ArchiveReader};
use super::outsiders::{self, Noted};
use super::rows::{Fresh, RowsOf};
use super::sums::{META, PARTITIONS};
use actors::engine::record;
use actors::store::{
    FEED_BYTES, FeedFrame, FeedPage, Frame, Head, Opened, Position, Sleeper, Snapshot,
};
use actors::time::Time;
use hashbrown::HashMap;
use rusqlite::{Connection, OptionalExtension, Row, Statement};
use std::sync::Arc;

/// How far a partition's log has come.
#[derive(Clone, Copy, Debug)]
pub struct Tail {
    pub id: i64,
    pub at: Position,
    /// The position of its last frame in the log; 0 if there is none.
    pub last: i64,
    /// Its newest snapshot, as long as that can be believed.
    pub saved: Option<Saved>,
    /// The table of partitions lags behind, and will be told by the next sweep.
    pub behind: bool,
}

/// What a snapshot says of the sleep that it began.
#[derive(Clone, Copy, Debug)]
pub struct Saved {
    pub seq: u64,
    pub due: Option<Time>,
}

impl Tail {
    /// Of a partition that has written nothing yet.
    pub fn new(id: i64) -> Tail {
        Tail { id, at: Position::default(), last: 0, saved: None, behind: false }
    }

    pub fn is_awake(&self) -> bool {
        self.saved.is_none_or(|saved| saved.seq != self.at.seq)
    }

    /// Whether it must be woken, and if it sleeps, since when.
    pub fn must_wake(&self, until: Time) -> Option<Option<Time>> {
        match self.saved {
            Some(Saved { due, .. }) if !self.is_awake() => {
                due.filter(|due| *due <= until).map(Some)
            }
            _ => Some(None),
        }
    }
}

/// What is known of the log without reading it again.
pub struct Log {
    pub tails: HashMap<Arc<str>, Tail>,
    /// The last position.
    pub end: i64,
    /// Everything up to here has been written to the tables that follow the log.
    pub reach: i64,
    /// The partitions whose tails have changed since.
    pub behind: Vec<Arc<str>>,
    pub last_id: i64,
    pub outsiders: Noted,
}

impl Log {
    /// Whether the tables that follow have something to be told.
    pub fn is_followed(&self) -> bool {
        self.reach == self.end && self.outsiders.reach == self.outsiders.end
    }

    pub fn sleepers(&self, until: Time) -> Vec<Sleeper> {
        let sleeper = |(name, tail): (&Arc<str>, &Tail)| {
            tail.must_wake(until).map(|due| Sleeper { partition: name.to_string(), due })
        };
        self.tails.iter().filter_map(sleeper).collect()
    }
}

/// Finds the tails, and gathers all rows that are not written yet: those of members of services,
/// and those of every frame that the tables which follow the log have not seen.
pub fn load(connection: &Connection, fresh: &Fresh, rows_of: &RowsOf) -> rusqlite::Result<Log> {
    let outsiders = outsiders::load(connection, |row| fresh.gather([row]))?;
    connection.query_row(
        &format!("SELECT count(*) FROM meta WHERE {}", META.whole()),
        [],
        |_| Ok(()),
    )?;
    let reach = connection
        .query_row("SELECT value FROM meta WHERE name = 'reach'", [], |row| row.get(0))?;
    let mut log =
        Log { tails: HashMap::new(), end: reach, reach, behind: Vec::new(), last_id: 0, outsiders };
    let mut names = HashMap::new();
    let mut partitions = connection.prepare(&format!(
        "SELECT p.id, p.name, p.last, p.seq, p.head, s.seq, s.due, s.sum IS row_sum(s.partition, \
         s.seq, s.head, s.keys_after, s.due)
         FROM partitions p LEFT JOIN snapshots s ON s.partition = p.id WHERE {} ORDER BY p.id",
        PARTITIONS.whole_as("p.")
    ))?;
    let mut rows = partitions.query([])?;
    while let Some(row) = rows.next()? {
        let name: Arc<str> = row.get_ref(1)?.as_str()?.into();
        // One that is damaged counts for nothing: its partition is woken, replays its log, and
        // saves another.
        let saved = row.get::<_, Option<i64>>(5)?.filter(|_| row.get(7).unwrap_or(false));
        let due = row.get::<_, Option<i64>>(6)?.map(Time);
        let saved = saved.map(|seq| Saved { seq: seq as u64, due });
        let tail = Tail {
            id: row.get(0)?,
            at: position(row, 3)?,
            last: row.get(2)?,
            saved,
            behind: false,
        };
        // They are numbered from 1 and none is ever removed.
        if tail.id != log.last_id + 1 {
            return Err(missing("partition", log.last_id + 1));
        }
        log.last_id = tail.id;
        names.insert(tail.id, name.clone());
        log.tails.insert(name, tail);
    }

    let mut newer = connection.prepare(
        "SELECT previous, from_seq, to_seq, head, records, position, partition FROM log \
            WHERE position > ?1 ORDER BY position",
    )?;
    let mut rows = newer.query([reach])?;
    while let Some(row) = rows.next()? {
        let (previous, mut frame) = link(row)?;
        log.end = row.get(5)?;
        let id: i64 = row.get(6)?;
        let known = names.get(&id).and_then(|name| Some((name, log.tails.get_mut(name)?)));
        let (name, tail) = known.ok_or_else(|| missing("partition", id))?;
        // A sweep that was cut off may have written the tail already, and perhaps not the rows.
        if tail.last < log.end {
            if (tail.last, tail.at.seq) != (previous, frame.from.seq) {
                return Err(missing("frame before", log.end));
            }
            frame.from.head = tail.at.head;
            (tail.at, tail.last) = (frame.to, log.end);
            if !std::mem::replace(&mut tail.behind, true) {
                log.behind.push(name.clone());
            }
            if record::head_after(&frame.from, frame.to.seq, &frame.records) != frame.to.head {
                // It declares nothing; the opening of its partition says what is wrong with it.
                continue;
            }
        }
        fresh.gather(rows_of(name, &frame));
    }
    Ok(log)
}

/// Finds a partition's snapshot and frames.
pub struct Finder<'c> {
    frame: Statement<'c>,
    previous: Statement<'c>,
    snapshot: Statement<'c>,
    archive: ArchiveReader<'c>,
}

impl<'c> Finder<'c> {
    pub fn new(connection: &'c Connection, archive: &Arc<Archive>) -> rusqlite::Result<Finder<'c>> {
        Ok(Finder {
            archive: ArchiveReader::new(connection, archive)?,
            frame: connection.prepare(
                "SELECT previous, from_seq, to_seq, head, records FROM log WHERE position \
                    = ?1 AND partition = ?2",
            )?,
            previous: connection.prepare(
                "SELECT previous FROM log WHERE position = ?1 AND \
                partition = ?2",
            )?,
            snapshot: connection.prepare(
                "SELECT seq, head, keys_after, due, state FROM snapshots WHERE partition = ?1",
            )?,
        })
    }

    /// The snapshot, the frames after it, and those before it whose keys are remembered. A snapshot
    /// that does not fit the log is not used: it is only a cache.
    pub fn open(&mut self, tail: &Tail) -> rusqlite::Result<Opened> {
        let snapshot = self.snapshot(tail.id)?;
        let mut frames = Vec::new();
        let (mut fits, mut is_enough) = (false, false);
        let mut before = Position::default();
        let mut position = tail.last;
        while position != 0 && !is_enough {
            let (previous, frame) = self.frame(tail, position)?;
            if let Some(Snapshot { at, keys_after, .. }) = &snapshot {
                fits |= frame.to == *at;
                is_enough = fits && frame.to.seq <= *keys_after;
            }
            match is_enough {
                true => before = frame.to,
                false => frames.push(frame),
            }
            position = previous;
        }
        frames.reverse();
        for frame in &mut frames {
            frame.from.head = before.head;
            before = frame.to;
        }
        Ok(Opened { snapshot: snapshot.filter(|_| fits), frames })
    }

    pub fn snapshot(&mut self, partition: i64) -> rusqlite::Result<Option<Snapshot>> {
        let snapshot = |row: &Row| {
            Ok(Snapshot {
                at: position(row, 0)?,
                keys_after: row.get::<_, i64>(2)? as u64,
                due: row.get::<_, Option<i64>>(3)?.map(Time),
                state: row.get(4)?,
            })
        };
        self.snapshot.query_row([partition], snapshot).optional()
    }

    /// Every position of the partition's frames, first to last: eight bytes each.
    pub fn positions(&mut self, tail: &Tail) -> rusqlite::Result<Vec<i64>> {
        let mut positions = Vec::new();
        let mut position = tail.last;
        while position != 0 {
            positions.push(position);
            let previous =
                self.previous.query_row([position, tail.id], |row| row.get(0)).optional()?;
            position = match previous {
                Some(previous) => previous,
                None => match self.archive.link(position)? {
                    Some((partition, previous)) if partition == tail.id => previous,
                    _ => return Err(missing("frame", position)),
                },
            };
        }
        positions.reverse();
        Ok(positions)
    }

    /// The partition's frame at that position, and the position of the one before it. The head with
    /// which it begins is not to be relied on.
    pub fn frame(&mut self, tail: &Tail, position: i64) -> rusqlite::Result<(i64, Frame)> {
        match self.frame.query_row([position, tail.id], link).optional()? {
            Some(found) => Ok(found),
            None => match self.archive.frame(position)? {
                Some(found) if found.partition == tail.id => Ok((found.previous, found.frame)),
                _ => Err(missing("frame", position)),
            },
        }
    }
}

/// Reads the log in the order of its commits, whichever partition a frame is of. A reader sees a
/// commit only after its flush, so what is read is durable.
pub struct Follower<'c> {
    frames: Statement<'c>,
    end: Statement<'c>,
    name: Statement<'c>,
    archive: ArchiveReader<'c>,
}

impl<'c> Follower<'c> {
    pub fn new(
        connection: &'c Connection,
        archive: &Arc<Archive>,
    ) -> rusqlite::Result<Follower<'c>> {
        let frames = "SELECT l.previous, l.from_seq, l.to_seq, l.head, l.records, l.position, \
            p.name, b.head FROM log l
            JOIN partitions p ON p.id = l.partition LEFT JOIN log b ON b.position = l.previous
            WHERE l.position > ?1 ORDER BY l.position LIMIT ?2";
        let end = "SELECT coalesce(max(position), 0) FROM log";
        Ok(Follower {
            frames: connection.prepare(frames)?,
            end: connection.prepare(end)?,
            name: connection.prepare("SELECT name FROM partitions WHERE id = ?1")?,
            archive: ArchiveReader::new(connection, archive)?,
        })
    }

    pub fn feed(&mut self, after: u64, limit: usize) -> rusqlite::Result<FeedPage> {
        let archived = self.archive.end()?;
        let in_table: i64 = self.end.query_row([], |row| row.get(0))?;
        let mut feed = FeedPage { frames: Vec::new(), end: in_table.max(archived) as u64 };
        if after >= feed.end {
            return Ok(feed);
        }
        let (mut bytes, mut after) = (0, after as i64);
        while bytes < FEED_BYTES && feed.frames.len() < limit && after < archived {
            after += 1;
            let found = self.archive.frame(after)?.ok_or_else(|| missing("frame", after))?;
            let partition: Arc<str> = self
                .name
                .query_row([found.partition], |row| Ok(row.get_ref(0)?.as_str()?.into()))?;
            bytes += found.frame.records.len();
            feed.frames.push(FeedFrame { position: after as u64, partition, frame: found.frame });
        }
        let left = limit.saturating_sub(feed.frames.len()).min(i64::MAX as usize) as i64;
        let mut rows = self.frames.query((after, left))?;
        while bytes < FEED_BYTES
            && let Some(row) = rows.next()?
        {
            let (previous, mut frame) = link(row)?;
            frame.from.head = match row.get::<_, Option<Head>>(7)? {
                Some(head) => head,
                None => self.archive.frame(previous)?.map_or(Head::default(), |f| f.frame.to.head),
            };
            bytes += frame.records.len();
            feed.frames.push(FeedFrame {
                position: row.get::<_, i64>(5)? as u64,
                partition: row.get_ref(6)?.as_str()?.into(),
                frame,
            });
        }
        Ok(feed)
    }
}

fn link(row: &Row) -> rusqlite::Result<(i64, Frame)> {
    let from = Position { seq: row.get::<_, i64>(1)? as u64, head: Head::default() };
    Ok((row.get(0)?, Frame { from, to: position(row, 2)?, records: row.get(4)? }))
}

/// A sequence and the head beside it.
fn position(row: &Row, column: usize) -> rusqlite::Result<Position> {
    Ok(Position { seq: row.get::<_, i64>(column)? as u64, head: row.get(column + 1)? })
}

/// Counted as damage, because nothing of the log is ever lost.
fn missing(what: &str, number: i64) -> rusqlite::Error {
    let corrupt = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    rusqlite::Error::SqliteFailure(corrupt, Some(format!("the {what} {number} is missing")))
}
