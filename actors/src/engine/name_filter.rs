//! Which names may have a card: a "no" is certain, a "yes" is not.
//!
//! A member who comes for the first time has no card. To look that up would cost more than the
//! claim itself. So names are remembered by a few bits each, in blocks of one cache line. When a
//! layer is full a larger one joins it, so nothing is ever built anew.

use crate::id::Id;

/// Of one block: 512 bits.
type Block = [u64; 8];

/// Bits that each name sets in its block.
const BITS: u32 = 8;
/// Names for each block of a full layer, a little more than twelve bits for each.
const NAMES_PER_BLOCK: usize = 42;
const FIRST_LAYER: usize = 64;
/// Each layer is so many times as large as the one before.
const GROWTH: usize = 4;

#[derive(Default)]
pub struct NameFilter {
    layers: Vec<Layer>,
}

struct Layer {
    blocks: Vec<Block>,
    room: usize,
}

impl NameFilter {
    pub fn add(&mut self, name: &Id) {
        if self.may_have(name) {
            return;
        }
        if self.layers.last().is_none_or(|layer| layer.room == 0) {
            let blocks = self.layers.last().map_or(FIRST_LAYER, |last| last.blocks.len() * GROWTH);
            let room = blocks * NAMES_PER_BLOCK;
            self.layers.push(Layer { blocks: vec![[0; 8]; blocks], room });
        }
        let Some(layer) = self.layers.last_mut() else { return };
        layer.room -= 1;
        let hash = Hash::of(name);
        let block = hash.block(layer.blocks.len());
        hash.bits().for_each(|(word, bit)| layer.blocks[block][word] |= bit);
    }

    pub fn may_have(&self, name: &Id) -> bool {
        let hash = Hash::of(name);
        self.layers.iter().rev().any(|layer| {
            let block = &layer.blocks[hash.block(layer.blocks.len())];
            hash.bits().all(|(word, bit)| block[word] & bit != 0)
        })
    }

    pub fn bytes(&self) -> usize {
        self.layers.iter().map(|layer| layer.blocks.len() * size_of::<Block>()).sum()
    }
}

/// Two independent halves: which block, and which bits of it.
struct Hash {
    block: u64,
    bits: u128,
}

impl Hash {
    fn of(name: &Id) -> Hash {
        let (first, last) = name.0.split_at(8);
        let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap_or_default());
        let mixed = mix(word(first) ^ mix(word(last)));
        let more = mix(mixed);
        Hash { block: mixed, bits: u128::from(more) << 64 | u128::from(mix(more)) }
    }

    fn block(&self, blocks: usize) -> usize {
        ((u128::from(self.block) * blocks as u128) >> 64) as usize
    }

    fn bits(&self) -> impl Iterator<Item = (usize, u64)> + use<> {
        let bits = self.bits;
        (0..BITS).map(move |number| {
            let place = (bits >> (9 * number)) as usize % 512;
            (place / 64, 1 << (place % 64))
        })
    }
}

/// The last steps of MurmurHash3: every bit depends on every other.
fn mix(mut word: u64) -> u64 {
    word = (word ^ word >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    word = (word ^ word >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    word ^ word >> 33
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(n: u64) -> Id {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&n.to_be_bytes());
        Id(id)
    }

    #[test]
    fn words_are_mixed_as_murmur_hash_3_does() {
        assert_eq!([1, 2].map(mix), [0xb456_bcfc_34c2_cb2c, 0x3abf_2a20_6506_83e7]);
    }

    #[test]
    fn what_was_added_is_never_denied() {
        let mut filter = NameFilter::default();
        for n in 0..100_000 {
            filter.add(&name(n));
            assert!(filter.may_have(&name(n)));
        }
        assert!((0..100_000).all(|n| filter.may_have(&name(n))));
    }

    #[test]
    fn of_strangers_few_are_taken_for_known_and_each_name_costs_few_bits() {
        let mut filter = NameFilter::default();
        (0..200_000).for_each(|n| filter.add(&name(n)));
        let wrong = (1_000_000..1_100_000).filter(|n| filter.may_have(&name(*n))).count();
        assert!(wrong < 2_000, "{wrong} of 100,000");
        assert!(filter.bytes() < 200_000 * 8, "{} bytes", filter.bytes());
    }
}
