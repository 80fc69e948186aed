//! A segment as a whole: how frames become one, and how its file is read and checked.
//!
//! ```text
//! mark | blocks … | index | footer
//! ```
//!
//! Frames lie by partition, because what follows each other in one log is alike and packs well.

use super::block::{BlockWriter, OpenedBlock, pack, unpack};
use super::catalogue::SegmentRow;
use super::footer::{self, Footer, MARK, digest};
use super::index::{BlockEntry, IndexWriter, SegmentIndex};
use crate::error::Error;
use crate::files::at;
use actors::store::Frame;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::PathBuf;

/// A frame of the log with all that its row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedFrame {
    pub position: i64,
    pub partition: i64,
    /// The position of the partition's frame before; 0 if there is none.
    pub previous: i64,
    pub frame: Frame,
}

/// A segment before it is a file.
pub struct PackedSegment {
    pub row: SegmentRow,
    pub bytes: Vec<u8>,
}

/// The frames of consecutive positions, in any order. Each must follow the one that it names.
pub fn pack_segment(
    number: i64,
    before: [u8; 32],
    mut frames: Vec<LoggedFrame>,
) -> Option<PackedSegment> {
    let first = frames.iter().map(|frame| frame.position).min()?;
    let last = first + frames.len() as i64 - 1;
    frames.sort_unstable_by_key(|frame| (frame.partition, frame.position));
    let (mut bytes, mut index) = (MARK.to_vec(), IndexWriter::new(first));
    let mut block = BlockWriter::default();
    let mut partition = None;
    for LoggedFrame { position, partition: of, previous, frame } in &frames {
        let is_new = partition != Some(*of);
        if is_new {
            index.begin_group(*of, *previous);
        }
        let is_full = block.is_full_with(frame);
        if is_full {
            end_block(std::mem::take(&mut block), &mut bytes, &mut index);
        }
        if is_new || is_full {
            block.begin_run(frame.from);
        }
        block.push(frame);
        index.push(*position);
        partition = Some(*of);
    }
    end_block(block, &mut bytes, &mut index);
    let raw = index.finish();
    let packed = pack(&raw);
    let footer = Footer {
        number,
        first,
        last,
        index_at: bytes.len() as u64,
        index_packed: packed.len() as u64,
        index_raw: raw.len() as u64,
        index_digest: digest(&packed),
        before,
    };
    bytes.extend_from_slice(&packed);
    let footer = footer.to_bytes();
    bytes.extend_from_slice(&footer);
    let length = bytes.len() as i64;
    let row = SegmentRow { number, first, last, digest: digest(&footer), bytes: length };
    Some(PackedSegment { row, bytes })
}

fn end_block(block: BlockWriter, bytes: &mut Vec<u8>, index: &mut IndexWriter) {
    let frames = block.frames;
    let (packed, raw) = block.finish();
    index.push_block(frames, packed.len(), raw, digest(&packed));
    bytes.extend_from_slice(&packed);
}

/// The file of a segment whose row is known.
pub struct SegmentFile {
    pub path: PathBuf,
    pub row: SegmentRow,
}

/// The footer of a file that no row knows. None: it is no segment, or only a part of one.
pub fn footer_of_unknown(file: &mut File) -> std::io::Result<Option<Footer>> {
    let Some(begin) = file.metadata()?.len().checked_sub(footer::LENGTH as u64) else {
        return Ok(None);
    };
    let mut bytes = [0; footer::LENGTH];
    file.seek(SeekFrom::Start(begin))?;
    file.read_exact(&mut bytes)?;
    Ok(Footer::read(&bytes).ok())
}

impl SegmentFile {
    /// Whether it is there, and by its length and its footer the right one.
    pub fn footer(&self) -> Result<Footer, Error> {
        self.footer_in(&mut self.open()?)
    }

    pub fn index(&self) -> Result<SegmentIndex, Error> {
        let mut file = self.open()?;
        let footer = self.footer_in(&mut file)?;
        self.index_in(&mut file, &footer)
    }

    pub fn block(&self, entry: &BlockEntry) -> Result<OpenedBlock, Error> {
        self.block_in(&mut self.open()?, entry)
    }

    /// Reads every byte, and shows every block. Nothing is in a segment but what is checked here:
    /// the mark, the blocks one behind the other, the index and the footer.
    pub fn check(&self, mut visit: impl FnMut(&OpenedBlock)) -> Result<(), Error> {
        let mut file = self.open()?;
        let footer = self.footer_in(&mut file)?;
        let mark = self.bytes_in(&mut file, 0, MARK.len() as u64)?;
        footer::must_be_known(&mark).map_err(|why| self.is(&why))?;
        for entry in &self.index_in(&mut file, &footer)?.blocks {
            visit(&self.block_in(&mut file, entry)?);
        }
        Ok(())
    }

    fn open(&self) -> Result<File, Error> {
        File::open(&self.path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => self.is("is missing"),
            _ => Error::File { path: self.path.clone(), error },
        })
    }

    fn footer_in(&self, file: &mut File) -> Result<Footer, Error> {
        let length = file.metadata().map_err(at(&self.path))?.len();
        if length != self.row.bytes as u64 {
            return Err(self.is(&format!(
                "is damaged: it has {length} bytes, and {} are expected",
                self.row.bytes
            )));
        }
        let begin = length.saturating_sub(footer::LENGTH as u64);
        let bytes = self.bytes_in(file, begin, length - begin)?;
        let bytes: [u8; footer::LENGTH] =
            bytes.try_into().map_err(|_| self.is("is no segment of stampede"))?;
        let SegmentRow { number, first, last, .. } = self.row;
        let footer = Footer::read(&bytes).map_err(|why| self.is(&why))?;
        if digest(&bytes) != self.row.digest
            || (footer.number, footer.first, footer.last) != (number, first, last)
        {
            return Err(self.is("is damaged or another one: its digest is not the expected one"));
        }
        let index_end = footer.index_at.checked_add(footer.index_packed);
        match index_end == Some(begin) {
            true => Ok(footer),
            false => Err(self.is("is damaged: its index is not where it should be")),
        }
    }

    fn index_in(&self, file: &mut File, footer: &Footer) -> Result<SegmentIndex, Error> {
        let packed = self.bytes_in(file, footer.index_at, footer.index_packed)?;
        let raw = match digest(&packed) == footer.index_digest {
            true => unpack(&packed, footer.index_raw as usize),
            false => None,
        };
        let positions = (footer.first, footer.last);
        raw.and_then(|raw| SegmentIndex::read(&raw, positions, MARK.len() as u64, footer.index_at))
            .ok_or_else(|| self.is("is damaged in its index"))
    }

    fn block_in(&self, file: &mut File, entry: &BlockEntry) -> Result<OpenedBlock, Error> {
        let packed = self.bytes_in(file, entry.at, u64::from(entry.packed))?;
        let opened = match digest(&packed) == entry.digest {
            true => OpenedBlock::read(&packed, entry.raw as usize),
            false => None,
        };
        opened
            .filter(|block| block.count() == entry.frames as usize)
            .ok_or_else(|| self.is(&format!("is damaged in the block at byte {}", entry.at)))
    }

    fn bytes_in(&self, file: &mut File, begin: u64, length: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(begin)).map_err(at(&self.path))?;
        file.take(length).read_to_end(&mut bytes).map_err(at(&self.path))?;
        match bytes.len() as u64 == length {
            true => Ok(bytes),
            false => Err(self.is("is damaged: it is cut off")),
        }
    }

    pub fn is(&self, why: &str) -> Error {
        Error::Segment { path: self.path.clone(), why: why.to_owned() }
    }
}
