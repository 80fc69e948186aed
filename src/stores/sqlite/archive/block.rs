//! A block of a segment: frames that lie together, packed as one.
//!
//! It consists of *runs*, each of frames of one partition that follow each other. A run says where
//! it begins in the partition's log; its frames are records only. Their sequences and heads follow
//! from there, because a head is the hash of what stands before it: 32 bytes of each frame that no
//! compression makes smaller need not be kept.

use super::numbers::{ByteCursor, push};
use actors::engine::record::head_after;
use actors::store::{Frame, Position};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use std::io::{Read, Write};
use std::ops::Range;

/// A block takes no further frame beyond so many bytes. What is read for one frame is a block.
pub const FULL: usize = 256 << 10;

/// A block in the making.
#[derive(Default)]
pub struct BlockWriter {
    raw: Vec<u8>,
    run: Vec<u8>,
    begins: Position,
    run_frames: u64,
    pub frames: u32,
}

impl BlockWriter {
    /// Begins a run there, for frames of another partition.
    pub fn begin_run(&mut self, at: Position) {
        self.end_run();
        self.begins = at;
    }

    /// The next frame of the run.
    pub fn push(&mut self, frame: &Frame) {
        push(&mut self.run, frame.to.seq - frame.from.seq);
        push(&mut self.run, frame.records.len() as u64);
        self.run.extend_from_slice(&frame.records);
        self.run_frames += 1;
        self.frames += 1;
    }

    pub fn is_full_with(&self, frame: &Frame) -> bool {
        self.frames > 0 && self.raw.len() + self.run.len() + frame.records.len() > FULL
    }

    fn end_run(&mut self) {
        if self.run_frames > 0 {
            push(&mut self.raw, self.run_frames);
            push(&mut self.raw, self.begins.seq);
            self.raw.extend_from_slice(&self.begins.head);
            self.raw.append(&mut self.run);
            self.run_frames = 0;
        }
    }

    /// What was written, and how long it was before it was packed.
    pub fn finish(mut self) -> (Vec<u8>, usize) {
        self.end_run();
        (pack(&self.raw), self.raw.len())
    }
}

/// A block that was unpacked.
pub struct OpenedBlock {
    raw: Vec<u8>,
    frames: Vec<(Position, Position, Range<usize>)>,
}

impl OpenedBlock {
    /// None if it is not what a block must be.
    pub fn read(packed: &[u8], length: usize) -> Option<OpenedBlock> {
        let raw = unpack(packed, length)?;
        let mut frames = Vec::new();
        let mut rest = ByteCursor(&raw);
        while !rest.0.is_empty() {
            let run_frames = rest.number()?;
            let mut at = Position { seq: rest.number()?, head: rest.array()? };
            for _ in 0..run_frames {
                let (count, length) = (rest.number()?, rest.number()?);
                let begin = raw.len() - rest.0.len();
                rest.skip(length)?;
                let records = begin..raw.len() - rest.0.len();
                let seq = at.seq.checked_add(count)?;
                let to = match count {
                    0 => at,
                    _ => Position { seq, head: head_after(&at, seq, &raw[records.clone()]) },
                };
                frames.push((at, to, records));
                at = to;
            }
        }
        Some(OpenedBlock { raw, frames })
    }

    pub fn count(&self) -> usize {
        self.frames.len()
    }

    pub fn frame(&self, number: usize) -> Option<Frame> {
        let (from, to, records) = self.frames.get(number)?;
        Some(Frame { from: *from, to: *to, records: self.raw[records.clone()].to_vec() })
    }

    /// Bytes of memory that it takes.
    pub fn weight(&self) -> usize {
        self.raw.len() + self.frames.len() * size_of::<(Position, Position, Range<usize>)>()
    }
}

pub fn pack(raw: &[u8]) -> Vec<u8> {
    let mut packer = DeflateEncoder::new(Vec::new(), Compression::default());
    packer.write_all(raw).and_then(|()| packer.finish()).expect("a Vec takes all bytes")
}

/// None if it does not come to so many bytes. No more than that are ever made of it.
pub fn unpack(packed: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut raw = Vec::new();
    let most = length as u64 + 1;
    DeflateDecoder::new(packed).take(most).read_to_end(&mut raw).ok()?;
    (raw.len() == length).then_some(raw)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actors::engine::record;

    #[test]
    fn runs_come_back_with_the_sequences_and_heads_that_they_had() {
        let mut block = BlockWriter::default();
        let mut written = Vec::new();
        for partition in 0..3u8 {
            let mut at = Position { seq: u64::from(partition) * 10, head: [partition; 32] };
            block.begin_run(at);
            for count in [2, 0, 1] {
                let frame = record::frame(at, count, vec![partition; count as usize * 9]);
                block.push(&frame);
                at = frame.to;
                written.push(frame);
            }
        }
        let (packed, length) = block.finish();
        let opened = OpenedBlock::read(&packed, length).unwrap();
        let read: Vec<_> = (0..opened.count()).filter_map(|number| opened.frame(number)).collect();
        assert_eq!(read, written);
        assert_eq!(opened.frame(written.len()), None);
        assert!(OpenedBlock::read(&packed, length - 1).is_none());
        assert!(OpenedBlock::read(&packed, length + 1).is_none());
        assert!(OpenedBlock::read(&packed[..packed.len() - 1], length).is_none());
    }
}
