//! The frames of a write-ahead log, and what its index `-shm` knows of them, byte by byte.

use crate::age::FileAge;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
/// One half of the two alike that `-shm` begins with.
const INDEX_HEADER: usize = 48;
const MAGIC: u32 = 0x377f_0682;
/// The frames of the file in their order, whatever generation they are of.
pub struct WalFrames {
    file: BufReader<File>,
    page: Vec<u8>,
    pub salts: [u8; 8],
    is_big_endian: bool,
    /// As the frame before says, and as it should say.
    checksum: [u32; 2],
    computed: [u32; 2],
    pub number: u64,
    pub header_is_whole: bool,
}

pub struct WalFrame {
    pub number: u64,
    /// Of this generation.
    pub is_ours: bool,
    /// Of this generation, and its checksum follows from the frame before.
    pub follows: bool,
    pub ends_a_commit: bool,
    /// Of the database, if this is its first page.
    pub age: Option<FileAge>,
}

impl WalFrames {
    /// None if there is no log to speak of.
    pub fn begin(file: File) -> io::Result<Option<WalFrames>> {
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
        Ok(Some(WalFrames {
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

    pub fn next_frame(&mut self) -> io::Result<Option<WalFrame>> {
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
        Ok(Some(WalFrame {
            number: self.number,
            is_ours,
            follows,
            ends_a_commit: big_endian(&header[4..]) != 0,
            age: (big_endian(&header) == 1).then(|| FileAge::of_page(&self.page)).flatten(),
        }))
    }

    pub fn kept_bytes(&self, frames: u64) -> u64 {
        match frames {
            0 => 0,
            frames => HEADER as u64 + frames * (FRAME_HEADER + self.page.len()) as u64,
        }
    }
}

/// What `-shm` knows of the log. Its numbers are in this machine's own order.
#[derive(Clone, Copy)]
pub struct WalIndex {
    pub frames: u64,
    folded_in: u64,
    pub salts: [u8; 8],
}

impl WalIndex {
    pub fn read(file: &Path) -> io::Result<Option<WalIndex>> {
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
            .filter_map(|half| WalIndex::of(half, folded_in));
        Ok(halves.max_by_key(|index| index.frames))
    }

    fn of(half: &[u8], folded_in: u64) -> Option<WalIndex> {
        let is_whole = sum([0; 2], &half[..40], cfg!(target_endian = "big"))
            == [native(&half[40..]), native(&half[44..])];
        let mut salts = [0; 8];
        salts.copy_from_slice(&half[32..40]);
        (is_whole && half[12] == 1).then(|| WalIndex {
            frames: u64::from(native(&half[16..])),
            folded_in,
            salts,
        })
    }

    /// Whether frames of it are not in the database yet.
    pub fn knows_of_more(&self) -> bool {
        self.frames > self.folded_in
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
