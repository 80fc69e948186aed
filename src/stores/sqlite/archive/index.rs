//! The index of a segment: where each frame lies in it, and which is before it.
//!
//! Frames lie by partition and in each by position, so the index needs a byte or two for each: the
//! distance from the partition's frame before. What is in memory is made from that when it is read.

use super::numbers::{ByteCursor, push};

/// The frames of one partition in a segment.
#[derive(Clone, Copy, Debug)]
struct Group {
    partition: i64,
    /// The position of the partition's last frame in an earlier segment; 0 if there is none.
    previous: i64,
    /// Its first frame, counted in the order in which they lie.
    start: u32,
}

/// Where a block lies in the file, and what is in it.
#[derive(Clone, Debug)]
pub struct BlockEntry {
    pub at: u64,
    pub packed: u32,
    pub raw: u32,
    /// Its first frame, counted in the order in which they lie.
    start: u32,
    pub frames: u32,
    pub digest: [u8; 32],
}

pub struct SegmentIndex {
    first: i64,
    groups: Vec<Group>,
    pub blocks: Vec<BlockEntry>,
    /// For each frame in the order in which they lie: how far its position is from the first.
    offsets: Vec<u32>,
    /// The same the other way round.
    places: Vec<u32>,
}

/// What the index says of one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    pub partition: i64,
    pub previous: i64,
    /// Which block has it, and as which of its frames.
    pub block: usize,
    pub number: usize,
}

/// An index in the making. Frames are told in the order in which they lie.
pub struct IndexWriter {
    first: i64,
    groups: Vec<u8>,
    group: Vec<u8>,
    group_frames: u64,
    last: i64,
    count: u64,
    blocks: Vec<u8>,
    block_count: u64,
}

impl IndexWriter {
    pub fn new(first: i64) -> IndexWriter {
        IndexWriter {
            first,
            groups: Vec::new(),
            group: Vec::new(),
            group_frames: 0,
            last: 0,
            count: 0,
            blocks: Vec::new(),
            block_count: 0,
        }
    }

    pub fn begin_group(&mut self, partition: i64, previous: i64) {
        self.end_group();
        push(&mut self.groups, partition as u64);
        push(&mut self.groups, previous as u64);
        self.last = self.first - 1;
        self.count += 1;
    }

    pub fn push(&mut self, position: i64) {
        push(&mut self.group, (position - self.last) as u64);
        self.group_frames += 1;
        self.last = position;
    }

    fn end_group(&mut self) {
        if self.group_frames > 0 {
            push(&mut self.groups, self.group_frames);
            self.groups.append(&mut self.group);
            self.group_frames = 0;
        }
    }

    pub fn push_block(&mut self, frames: u32, packed: usize, raw: usize, digest: [u8; 32]) {
        push(&mut self.blocks, u64::from(frames));
        push(&mut self.blocks, packed as u64);
        push(&mut self.blocks, raw as u64);
        self.blocks.extend_from_slice(&digest);
        self.block_count += 1;
    }

    pub fn finish(mut self) -> Vec<u8> {
        self.end_group();
        let mut bytes = Vec::new();
        push(&mut bytes, self.count);
        bytes.append(&mut self.groups);
        push(&mut bytes, self.block_count);
        bytes.append(&mut self.blocks);
        bytes
    }
}

impl SegmentIndex {
    /// None unless it has each frame from the first position to the last exactly once, in blocks
    /// that lie one behind the other from `begin` to `end`.
    pub fn read(bytes: &[u8], (first, last): (i64, i64), begin: u64, end: u64) -> Option<Self> {
        let mut rest = ByteCursor(bytes);
        let frames = usize::try_from(last.checked_sub(first)?.checked_add(1)?).ok()?;
        let mut index = SegmentIndex {
            first,
            groups: Vec::new(),
            blocks: Vec::new(),
            offsets: Vec::new(),
            places: vec![u32::MAX; frames],
        };
        for _ in 0..rest.number()? {
            let (partition, previous) = (rest.number()? as i64, rest.number()? as i64);
            let start = index.offsets.len() as u32;
            if previous >= first {
                return None;
            }
            index.groups.push(Group { partition, previous, start });
            let mut beyond = 0u64;
            for _ in 0..rest.number()? {
                beyond = beyond.checked_add(rest.number().filter(|step| *step > 0)?)?;
                let offset = beyond - 1;
                let place = index.places.get_mut(usize::try_from(offset).ok()?)?;
                if std::mem::replace(place, index.offsets.len() as u32) != u32::MAX {
                    return None;
                }
                index.offsets.push(offset as u32);
            }
        }
        let (mut at, mut start) = (begin, 0u32);
        for _ in 0..rest.number()? {
            let (frames, packed, raw) = (rest.number()?, rest.number()?, rest.number()?);
            let (frames, digest) = (u32::try_from(frames).ok()?, rest.array()?);
            let (packed, raw) = (u32::try_from(packed).ok()?, u32::try_from(raw).ok()?);
            index.blocks.push(BlockEntry { at, packed, raw, start, frames, digest });
            at = at.checked_add(u64::from(packed))?;
            start = start.checked_add(frames)?;
        }
        let is_whole = index.offsets.len() == frames && start as usize == frames;
        (is_whole && at == end && rest.0.is_empty()).then_some(index)
    }

    pub fn entry(&self, position: i64) -> Option<IndexEntry> {
        let offset = usize::try_from(position.checked_sub(self.first)?).ok()?;
        let place = *self.places.get(offset)?;
        let group = self.groups[..self.groups.partition_point(|g| g.start <= place)].last()?;
        let previous = match place == group.start {
            true => group.previous,
            false => self.first + i64::from(self.offsets[place as usize - 1]),
        };
        let block = self.blocks.partition_point(|b| b.start <= place).checked_sub(1)?;
        let number = (place - self.blocks[block].start) as usize;
        Some(IndexEntry { partition: group.partition, previous, block, number })
    }

    /// Bytes of memory that it takes.
    pub fn weight(&self) -> usize {
        8 * self.offsets.len()
            + self.groups.len() * size_of::<Group>()
            + self.blocks.len() * size_of::<BlockEntry>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Vec<u8> {
        let mut index = IndexWriter::new(11);
        index.begin_group(1, 4);
        [11, 14, 15].into_iter().for_each(|position| index.push(position));
        index.begin_group(7, 0);
        [12, 13].into_iter().for_each(|position| index.push(position));
        index.push_block(2, 30, 50, [1; 32]);
        index.push_block(3, 20, 40, [2; 32]);
        index.finish()
    }

    #[test]
    fn every_frame_is_found_with_the_one_before_it() {
        let index = SegmentIndex::read(&written(), (11, 15), 8, 58).unwrap();
        let entry = |partition, previous, block, number| {
            Some(IndexEntry { partition, previous, block, number })
        };
        assert_eq!(index.entry(10), None);
        assert_eq!(index.entry(11), entry(1, 4, 0, 0));
        assert_eq!(index.entry(12), entry(7, 0, 1, 1));
        assert_eq!(index.entry(13), entry(7, 12, 1, 2));
        assert_eq!(index.entry(14), entry(1, 11, 0, 1));
        assert_eq!(index.entry(15), entry(1, 14, 1, 0));
        assert_eq!(index.entry(16), None);
        assert_eq!((index.blocks[0].at, index.blocks[1].at), (8, 38));
    }

    #[test]
    fn an_index_that_does_not_fit_its_segment_is_none() {
        let bytes = written();
        assert!(SegmentIndex::read(&bytes, (11, 16), 8, 58).is_none());
        assert!(SegmentIndex::read(&bytes, (11, 14), 8, 58).is_none());
        assert!(SegmentIndex::read(&bytes, (12, 16), 8, 58).is_some(), "it knows distances only");
        assert!(SegmentIndex::read(&bytes, (3, 7), 8, 58).is_none());
        assert!(SegmentIndex::read(&bytes, (11, 15), 8, 59).is_none());
        for length in 0..bytes.len() {
            assert!(SegmentIndex::read(&bytes[..length], (11, 15), 8, 58).is_none(), "{length}");
        }
    }
}
