//! The write-ahead log, looked at before SQLite reads it: whether commits stand behind the place
//! where SQLite would stop.
//!
//! SQLite believes its frames up to the first one whose checksum does not follow from the frame
//! before, and drops the rest without a word. A power cut may tear the last commit only: each is
//! flushed before it is answered, and the frames of the next are written after that. So a torn tail
//! leaves frames of one commit behind the break. A frame that follows *a commit's last frame* by
//! its checksum was written when that commit, with all before it, was flushed. Where both stand
//! behind a break, the break is damage. What a failed commit left behind proves nothing: whatever
//! was written over its beginning has other checksums, so nothing follows it. Frames of former
//! generations have other salts.
//!
//! The file `-shm` tells more, as long as it is there: it says how many frames there were, and is
//! written after their flush. A log that was cut between two commits and has lost its `-shm` cannot
//! be told from a shorter one.

use super::Error;
use super::folder::{at, create_private};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
/// One half of the two alike that `-shm` begins with.
const INDEX_HEADER: usize = 48;
const MAGIC: u32 = 0x377f_0682;
/// Another process may be writing while somebody looks; what is damaged stays so.
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

/// Refuses a log of which SQLite would drop commits that were answered.
pub fn check(database: &Path) -> Result<(), Error> {
    let log = beside(database, "-wal");
    match find_loss(database)? {
        None => Ok(()),
        Some(Loss { frame, commits, .. }) => Err(Error::LosesCommits { log, frame, commits }),
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

/// What is lost, in words.
pub fn behind(commits: u64) -> String {
    match commits {
        0 => "what came behind is gone".to_owned(),
        1 => "1 commit behind it would be lost without a word".to_owned(),
        commits => format!("{commits} commits behind it would be lost without a word"),
    }
}

/// Gives up what stands behind the break. The damaged log is kept beside.
pub fn accept_loss(database: &Path) -> Result<Option<(Loss, PathBuf)>, Error> {
    let Some(loss) = find_loss(database)? else { return Ok(None) };
    let (log, kept) = (beside(database, "-wal"), beside(database, "-wal.damaged"));
    keep_a_copy(&log, &kept)?;
    let file =
        OpenOptions::new().write(true).create(true).truncate(false).open(&log).map_err(at(&log))?;
    file.set_len(loss.kept_bytes).and_then(|()| file.sync_all()).map_err(at(&log))?;
    match fs::remove_file(beside(database, "-shm")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(database)(error)),
        _ => Ok(Some((loss, kept))),
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
fn find_loss(database: &Path) -> Result<Option<Loss>, Error> {
    let mut found = look(database).map_err(at(database))?;
    for _ in 1..LOOKS {
        let Some(loss) = found else { break };
        found = look(database).map_err(at(database))?;
        if found == Some(loss) {
            return Ok(found);
        }
    }
    Ok(None)
}

fn look(database: &Path) -> io::Result<Option<Loss>> {
    // Before the log, so that it never knows of more than the log has.
    let index = Index::read(&beside(database, "-shm"))?;
    let log = match File::open(beside(database, "-wal")) {
        Ok(log) => log,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(index.and_then(|index| index.misses_all()));
        }
        Err(error) => return Err(error),
    };
    let mut frames = match Frames::begin(log)? {
        Some(frames) => frames,
        None => return Ok(index.and_then(|index| index.misses_all())),
    };
    let mut scan = Scan { kept_bytes: frames.kept_bytes(0), ..Scan::default() };
    while let Some(frame) = frames.next_frame()? {
        scan.see(&frame, &frames);
    }
    Ok(scan.loss(frames.number + 1, index.filter(|index| index.salts == frames.salts)))
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
    commits_behind: u64,
    ends_a_commit: bool,
    is_damage: bool,
}

impl Scan {
    fn see(&mut self, frame: &Frame, frames: &Frames) {
        if !frame.follows && self.broke_at.is_none() {
            self.broke_at = Some(frame.number);
        }
        if self.broke_at.is_some() {
            // The header is flushed before the first frame is written, so frames behind a broken
            // one are proof enough.
            self.is_damage |= frame.follows && (self.ends_a_commit || !frames.header_is_whole);
            self.commits_behind += u64::from(frame.is_ours && frame.ends_a_commit);
        } else if frame.ends_a_commit {
            (self.kept, self.kept_bytes) = (frame.number, frames.kept_bytes(frame.number));
        }
        self.ends_a_commit = self.broke_at.is_some() && frame.ends_a_commit;
    }

    fn loss(&self, end: u64, index: Option<Index>) -> Option<Loss> {
        if index.is_some_and(|index| index.frames <= index.folded_in) {
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

/// The frames of the file in their order, whatever generation they are of.
struct Frames {
    file: BufReader<File>,
    page: Vec<u8>,
    salts: [u8; 8],
    is_big_endian: bool,
    /// As the frame before says, and as it should say.
    checksum: [u32; 2],
    computed: [u32; 2],
    number: u64,
    header_is_whole: bool,
}

struct Frame {
    number: u64,
    /// Of this generation.
    is_ours: bool,
    /// Of this generation, and its checksum follows from the frame before.
    follows: bool,
    ends_a_commit: bool,
}

impl Frames {
    /// None if there is no log to speak of.
    fn begin(file: File) -> io::Result<Option<Frames>> {
        let mut file = BufReader::with_capacity(1 << 18, file);
        let mut header = [0; HEADER];
        if !fill(&mut file, &mut header)? {
            return Ok(None);
        }
        let word = |at: usize| big_endian(&header[at..]);
        let stored = [word(24), word(28)];
        let says_big_endian = word(0) & 1 == 1;
        let header_is_whole =
            word(0) & !1 == MAGIC && sum([0; 2], &header[..24], says_big_endian) == stored;
        let (is_big_endian, size) = match header_is_whole {
            true => (says_big_endian, word(8)),
            // What this machine would write.
            false => (cfg!(target_endian = "big"), 4096),
        };
        let mut salts = [0; 8];
        salts.copy_from_slice(&header[16..24]);
        let page = vec![0; size as usize];
        let (checksum, computed) = (stored, stored);
        Ok(Some(Frames {
            file,
            page,
            salts,
            is_big_endian,
            checksum,
            computed,
            number: 0,
            header_is_whole,
        }))
    }

    fn next_frame(&mut self) -> io::Result<Option<Frame>> {
        let mut header = [0; FRAME_HEADER];
        if !fill(&mut self.file, &mut header)? || !fill(&mut self.file, &mut self.page)? {
            return Ok(None);
        }
        self.number += 1;
        let stored = [big_endian(&header[16..]), big_endian(&header[20..])];
        let (page, order) = (&self.page, self.is_big_endian);
        let after = |checksum| sum(sum(checksum, &header[..8], order), page, order);
        let computed = after(self.checksum);
        // What is damaged of the frame before may be its checksum and nothing else.
        let is_next = computed == stored
            || (self.computed != self.checksum && after(self.computed) == stored);
        (self.checksum, self.computed) = (stored, computed);
        // One whole half is enough: a flipped bit in the salts harms one of them, another
        // generation has both others.
        let (salts, ours) = (&header[8..16], &self.salts[..]);
        let is_ours = if self.header_is_whole {
            salts == ours
        } else {
            salts[..4] == ours[..4] || salts[4..] == ours[4..]
        };
        let follows = is_ours && is_next && (self.header_is_whole || self.number > 1);
        Ok(Some(Frame {
            number: self.number,
            is_ours,
            follows,
            ends_a_commit: big_endian(&header[4..]) != 0,
        }))
    }

    fn kept_bytes(&self, frames: u64) -> u64 {
        match frames {
            0 => 0,
            frames => HEADER as u64 + frames * (FRAME_HEADER + self.page.len()) as u64,
        }
    }
}

/// What `-shm` knows of the log. Its numbers are in this machine's own order.
#[derive(Clone, Copy)]
struct Index {
    frames: u64,
    folded_in: u64,
    salts: [u8; 8],
}

impl Index {
    fn read(file: &Path) -> io::Result<Option<Index>> {
        let mut bytes = [0; 2 * INDEX_HEADER + 4];
        let mut file = match File::open(file) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if !fill(&mut file, &mut bytes)? {
            return Ok(None);
        }
        let folded_in = u64::from(native(&bytes[2 * INDEX_HEADER..]));
        let halves = bytes[..2 * INDEX_HEADER]
            .chunks(INDEX_HEADER)
            .filter_map(|half| Index::of(half, folded_in));
        Ok(halves.max_by_key(|index| index.frames))
    }

    fn of(half: &[u8], folded_in: u64) -> Option<Index> {
        let is_whole = sum([0; 2], &half[..40], cfg!(target_endian = "big"))
            == [native(&half[40..]), native(&half[44..])];
        let mut salts = [0; 8];
        salts.copy_from_slice(&half[32..40]);
        (is_whole && half[12] == 1).then(|| Index {
            frames: u64::from(native(&half[16..])),
            folded_in,
            salts,
        })
    }

    /// The log itself is gone or empty.
    fn misses_all(&self) -> Option<Loss> {
        (self.frames > self.folded_in).then_some(Loss { frame: 1, commits: 0, kept_bytes: 0 })
    }
}

/// Fills the buffer. False if the file ends before.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn big_endian(bytes: &[u8]) -> u32 {
    u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

fn native(bytes: &[u8]) -> u32 {
    u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// The checksum of SQLite's write-ahead log, over whole pairs of words.
fn sum([mut first, mut second]: [u32; 2], bytes: &[u8], is_big_endian: bool) -> [u32; 2] {
    let word = |bytes: &[u8]| {
        let word = big_endian(bytes);
        if is_big_endian { word } else { word.swap_bytes() }
    };
    for pair in bytes.chunks_exact(8) {
        first = first.wrapping_add(word(pair)).wrapping_add(second);
        second = second.wrapping_add(word(&pair[4..])).wrapping_add(first);
    }
    [first, second]
}
