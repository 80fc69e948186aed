//! What was read of the archive last: indexes and unpacked blocks, as many as fit.

use super::block::OpenedBlock;
use super::index::SegmentIndex;
use hashbrown::HashMap;
use std::sync::Arc;

/// The number of a segment, and which of its blocks; none is its index.
pub type PartKey = (i64, Option<usize>);

#[derive(Clone)]
pub enum CachedPart {
    Index(Arc<SegmentIndex>),
    Block(Arc<OpenedBlock>),
}

pub struct PartCache {
    most: usize,
    held: usize,
    turn: u64,
    parts: HashMap<PartKey, (u64, CachedPart)>,
}

impl PartCache {
    /// Of so many bytes. A part that is larger is kept alone.
    pub fn new(most: usize) -> PartCache {
        PartCache { most, held: 0, turn: 0, parts: HashMap::new() }
    }

    pub fn get(&mut self, key: PartKey) -> Option<CachedPart> {
        self.turn += 1;
        let (asked, part) = self.parts.get_mut(&key)?;
        *asked = self.turn;
        Some(part.clone())
    }

    /// Those that were not asked for the longest make room.
    pub fn keep(&mut self, key: PartKey, part: CachedPart) {
        self.turn += 1;
        self.held += weight(&part);
        if let Some((_, other)) = self.parts.insert(key, (self.turn, part)) {
            self.held -= weight(&other);
        }
        while self.held > self.most && self.parts.len() > 1 {
            let oldest = self.parts.iter().min_by_key(|(_, (asked, _))| *asked);
            let Some(key) = oldest.map(|(key, _)| *key) else { return };
            if let Some((_, part)) = self.parts.remove(&key) {
                self.held -= weight(&part);
            }
        }
    }
}

fn weight(part: &CachedPart) -> usize {
    match part {
        CachedPart::Index(index) => index.weight(),
        CachedPart::Block(block) => block.weight(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::block::pack;
    use super::*;

    #[test]
    fn what_was_asked_for_last_stays_and_no_more_than_fits() {
        let part = || CachedPart::Block(Arc::new(OpenedBlock::read(&pack(&[]), 0).unwrap()));
        let big = |bytes: usize| {
            let mut raw = vec![1, 0];
            raw.extend([0; 32]);
            raw.push(1);
            super::super::numbers::push(&mut raw, bytes as u64);
            raw.resize(raw.len() + bytes, 7);
            CachedPart::Block(Arc::new(OpenedBlock::read(&pack(&raw), raw.len()).unwrap()))
        };
        let mut cache = PartCache::new(3_000);
        cache.keep((1, None), big(1_000));
        cache.keep((1, Some(0)), big(1_000));
        assert!(cache.get((1, None)).is_some());
        cache.keep((2, None), big(1_000));
        assert!(cache.get((1, Some(0))).is_none(), "it was asked for the longest ago");
        assert!(cache.get((1, None)).is_some() && cache.get((2, None)).is_some());
        cache.keep((3, None), big(9_000));
        assert_eq!(cache.parts.len(), 1);
        cache.keep((3, None), part());
        assert_eq!((cache.parts.len(), cache.held), (1, 0));
    }
}
