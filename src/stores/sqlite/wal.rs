//! The write-ahead log, looked at before SQLite reads it: whether commits stand behind the place
//! where SQLite would stop, and whether it was written upon the database that it lies beside.
//!
//! SQLite believes its frames up to the first one whose checksum does not follow from the frame
//! before, and drops the rest without a word. A power cut may tear the last commit only: each is
//! flushed before it is answered, and the frames of the next are written after that. So a torn tail
//! leaves frames of one commit behind the break. A frame that follows *a commit's last frame* by
//! its checksum was written when that commit, with all before it, was flushed. Where both stand
//! behind a break, the break is damage. What a failed commit left behind proves nothing: whatever
//! was written over its beginning has other checksums, so nothing follows it. WalFrames of former
//! generations have other salts.
//!
//! The file `-shm` tells more, as long as it is there: it says how many frames there were, and is
//! written after their flush. A log that was cut between two commits and has lost its `-shm` cannot
//! be told from a shorter one.
//!
//! The database has an age (`age`). The first frame that the log has of its first page is one
//! older. What is folded in later has an age that is in the log, too. SQLite would lay the frames
//! over any other database without a word, and pages of two times would lie side by side.

mod frames;

use super::age::FileAge;
use super::error::Error;
use super::files::{at, create_private};
use frames::{WalFrame, WalFrames, WalIndex};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Another process may be writing meanwhile; what is damaged stays so.
const LOOKS: usize = 3;

/// Where SQLite would stop although there was more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Counted from 1. One behind the last if the log was cut.
    pub frame: u64,
    /// Commits that stand behind it; none if only `-shm` knows of them.
    pub commits: u64,
    /// What SQLite would keep.
    kept_bytes: u64,
}

/// What SQLite would not mind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFlaw {
    Loss(Loss),
    /// It was not written upon this database.
    Stray(Stray),
}

/// How old the database is, and from which age to which the log goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stray {
    found: FileAge,
    ages: (FileAge, FileAge),
    /// Whole ones in the log.
    pub commits: u64,
}

/// Refuses a log of which SQLite would drop commits that were answered, and one of another
/// database.
pub fn check(database: &Path) -> Result<(), Error> {
    let log = beside(database, "-wal");
    match find_flaw(database)? {
        None => Ok(()),
        Some(LogFlaw::Loss(Loss { frame, commits, .. })) => {
            Err(Error::LosesCommits { log, frame, commits })
        }
        Some(LogFlaw::Stray(Stray { found, ages, .. })) => {
            Err(Error::OtherDatabase { database: database.into(), log, found, ages })
        }
    }
}

/// Writes the log again as it is, and flushes it, before anything is built on it.
///
/// A process whose flush failed may have left frames that the kernel shows and counts as clean, but
/// that are not on the disk. SQLite believes what it is shown, and no later flush would cover them.
pub fn write_again(database: &Path) -> Result<(), Error> {
    let log = beside(database, "-wal");
    match rewrite(&log) {
        // Some file systems need room for that, too. A log without room cannot grow, so little can
        // be built on it.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::StorageFull) =>
        {
            Ok(())
        }
        rewritten => rewritten.map_err(at(&log)),
    }
}

fn rewrite(log: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(log)?;
    let mut piece = vec![0; 1 << 20];
    loop {
        let begin = file.stream_position()?;
        let length = file.read(&mut piece)?;
        if length == 0 {
            return file.sync_all();
        }
        file.seek(SeekFrom::Start(begin))?;
        file.write_all(&piece[..length])?;
    }
}

/// Gives up what stands behind the break, or all of a log of another database. The log as it was
/// is kept beside.
pub fn accept_loss(database: &Path) -> Result<Option<(LogFlaw, PathBuf)>, Error> {
    let Some(flaw) = find_flaw(database)? else { return Ok(None) };
    let kept_bytes = match flaw {
        LogFlaw::Loss(loss) => loss.kept_bytes,
        LogFlaw::Stray(_) => 0,
    };
    let (log, kept) = (beside(database, "-wal"), beside(database, "-wal.damaged"));
    keep_a_copy(&log, &kept)?;
    let file =
        OpenOptions::new().write(true).create(true).truncate(false).open(&log).map_err(at(&log))?;
    file.set_len(kept_bytes).and_then(|()| file.sync_all()).map_err(at(&log))?;
    match fs::remove_file(beside(database, "-shm")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(database)(error)),
        _ => Ok(Some((flaw, kept))),
    }
}

fn keep_a_copy(log: &Path, to: &Path) -> Result<(), Error> {
    let mut copy = create_private(to)?;
    match File::open(log) {
        Ok(mut log) => io::copy(&mut log, &mut copy).and_then(|_| copy.sync_all()).map_err(at(to)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(at(log)(error)),
    }
}

/// What is found the same twice is there.
fn find_flaw(database: &Path) -> Result<Option<LogFlaw>, Error> {
    let mut found = look(database).map_err(at(database))?;
    for _ in 1..LOOKS {
        let Some(flaw) = found else { break };
        found = look(database).map_err(at(database))?;
        if found == Some(flaw) {
            return Ok(found);
        }
    }
    Ok(None)
}

fn look(database: &Path) -> io::Result<Option<LogFlaw>> {
    // Both before the log, so that neither knows of more than the log has.
    let found = age_of(database)?;
    let index = WalIndex::read(&beside(database, "-shm"))?;
    let log = match File::open(beside(database, "-wal")) {
        Ok(log) => log,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(lose_all(index));
        }
        Err(error) => return Err(error),
    };
    let mut frames = match WalFrames::begin(log)? {
        Some(frames) => frames,
        None => return Ok(lose_all(index)),
    };
    let mut scan = Scan { kept_bytes: frames.kept_bytes(0), ..Scan::default() };
    while let Some(frame) = frames.next_frame()? {
        scan.see(&frame, &frames);
    }
    let index = index.filter(|index| index.salts == frames.salts);
    let loss = scan.loss(frames.number + 1, index).map(LogFlaw::Loss);
    Ok(loss.or_else(|| scan.stray(found?).map(LogFlaw::Stray)))
}

/// None if there is no database to speak of.
fn age_of(database: &Path) -> io::Result<Option<FileAge>> {
    let mut page = Vec::new();
    match File::open(database) {
        Ok(file) => file.take(100).read_to_end(&mut page)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(FileAge::of_page(&page).filter(|_| page.starts_with(b"SQLite format 3\0")))
}

/// The log itself is gone or empty.
fn lose_all(index: Option<WalIndex>) -> Option<LogFlaw> {
    let is_missed = index.is_some_and(|index| index.knows_of_more());
    is_missed.then_some(LogFlaw::Loss(Loss { frame: 1, commits: 0, kept_bytes: 0 }))
}

fn beside(database: &Path, part: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(part);
    name.into()
}

/// What was seen so far.
#[derive(Default)]
struct Scan {
    broke_at: Option<u64>,
    /// The last frame of the last commit before the break.
    kept: u64,
    kept_bytes: u64,
    commits: u64,
    commits_behind: u64,
    ends_a_commit: bool,
    is_damage: bool,
    /// Of the first page, in the order of the commits; one that stays is noted once.
    ages: Vec<FileAge>,
    /// In the commit that has not ended yet.
    coming: Option<FileAge>,
}

impl Scan {
    fn see(&mut self, frame: &WalFrame, frames: &WalFrames) {
        if !frame.follows && self.broke_at.is_none() {
            self.broke_at = Some(frame.number);
        }
        if self.broke_at.is_some() {
            // The header is flushed before the first frame is written, so frames behind a broken
            // one are proof enough.
            self.is_damage |= frame.follows && (self.ends_a_commit || !frames.header_is_whole);
            self.commits_behind += u64::from(frame.is_ours && frame.ends_a_commit);
        } else {
            self.coming = frame.age.or(self.coming);
            if frame.ends_a_commit {
                self.keep(frame, frames);
            }
        }
        self.ends_a_commit = self.broke_at.is_some() && frame.ends_a_commit;
    }

    /// All up to this frame.
    fn keep(&mut self, frame: &WalFrame, frames: &WalFrames) {
        (self.kept, self.kept_bytes) = (frame.number, frames.kept_bytes(frame.number));
        self.commits += 1;
        let coming = self.coming.take();
        self.ages.extend(coming.filter(|age| self.ages.last() != Some(age)));
    }

    /// A log that has nothing of the first page was written before files had an age.
    fn stray(&self, found: FileAge) -> Option<Stray> {
        let ages = (self.ages.first()?.before(), *self.ages.last()?);
        // What a log that was cut short while it was folded in has left of one age over another.
        let all: Vec<FileAge> = [ages.0].iter().chain(&self.ages).copied().collect();
        let is_torn = |(place, age): (usize, &FileAge)| {
            all[..place].iter().any(|over| age.may_leave(*over, found))
        };
        let is_ours = all.contains(&found) || all.iter().enumerate().any(is_torn);
        (!is_ours).then_some(Stray { found, ages, commits: self.commits })
    }

    fn loss(&self, end: u64, index: Option<WalIndex>) -> Option<Loss> {
        if index.is_some_and(|index| !index.knows_of_more()) {
            // The database has all of it.
            return None;
        }
        let is_cut = index.is_some_and(|index| index.frames > self.kept);
        let frame = self.broke_at.unwrap_or(end);
        (self.is_damage || is_cut).then_some(Loss {
            frame,
            commits: self.commits_behind,
            kept_bytes: self.kept_bytes,
        })
    }
}
