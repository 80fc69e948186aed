//! The tree over the ballots of a sealed box, as RFC 6962 (certificate transparency) builds it.
//!
//! A tree of more than one leaf is split at the largest power of two below its size. So blocks of a
//! power of two are trees of their own, and a tree over their roots is the same tree. A box that
//! keeps the roots of its blocks needs no other leaves than those of one block to prove one of
//! them.

use super::{For, Hash, hash};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::ops::Range;

/// How many leaves share a kept root. A power of two.
pub const BLOCK: u64 = 1024;

pub fn leaf(data: &[u8]) -> Hash {
    hash(For::Leaf, &[data])
}

fn node(left: &Hash, right: &Hash) -> Hash {
    hash(For::Node, &[left, right])
}

/// The root over hashes that are leaves or roots of equal blocks.
pub fn root(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => Sha256::digest([]).into(),
        [only] => *only,
        more => {
            let (left, right) = more.split_at(split(more.len()));
            node(&root(left), &root(right))
        }
    }
}

/// What must be hashed with the one at `index`, from it up to the root.
fn path_within(hashes: &[Hash], index: usize) -> Vec<Hash> {
    if hashes.len() <= 1 {
        return Vec::new();
    }
    let (left, right) = hashes.split_at(split(hashes.len()));
    let (mut path, sibling) = if index < left.len() {
        (path_within(left, index), root(right))
    } else {
        (path_within(right, index - left.len()), root(left))
    };
    path.push(sibling);
    path
}

/// The root that a leaf and its path lead to, in a tree of `count` leaves. None if they do not fit
/// together.
pub fn root_from(leaf: Hash, index: u64, count: u64, path: &[Hash]) -> Option<Hash> {
    if index >= count {
        return None;
    }
    match path.split_last() {
        None => (count == 1).then_some(leaf),
        Some(_) if count == 1 => None,
        Some((sibling, below)) => {
            let left = split(count as usize) as u64;
            if index < left {
                Some(node(&root_from(leaf, index, left, below)?, sibling))
            } else {
                Some(node(sibling, &root_from(leaf, index - left, count - left, below)?))
            }
        }
    }
}

/// The largest power of two below `count`, which is at least 2.
fn split(count: usize) -> usize {
    1 << (count - 1).ilog2()
}

/// A tree that grows leaf by leaf. It keeps 32 bytes for each full block, and no leaf.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrowingTree {
    count: u64,
    /// The roots of the full blocks.
    blocks: Vec<Hash>,
    /// The roots of the parts of the last block: one for each bit of its size, the largest first.
    parts: Vec<Hash>,
}

impl GrowingTree {
    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn push(&mut self, leaf: Hash) {
        let complete = (self.count % BLOCK).trailing_ones() as usize;
        let parts = self.parts.drain(self.parts.len() - complete..);
        let root = parts.rev().fold(leaf, |right, left| node(&left, &right));
        self.count += 1;
        let full = self.count.is_multiple_of(BLOCK);
        if full { &mut self.blocks } else { &mut self.parts }.push(root);
    }

    pub fn root(&self) -> Hash {
        root(&self.all_blocks())
    }

    /// The places of the leaves that share a block with that one.
    pub fn block_of(&self, index: u64) -> Range<u64> {
        let from = index - index % BLOCK;
        from..self.count.min(from.saturating_add(BLOCK))
    }

    /// The path of a leaf, by all leaves of its block.
    pub fn path(&self, index: u64, block: &[Hash]) -> Vec<Hash> {
        let mut path = path_within(block, (index % BLOCK) as usize);
        path.extend(path_within(&self.all_blocks(), (index / BLOCK) as usize));
        path
    }

    /// The roots of all blocks, also of the last one.
    fn all_blocks(&self) -> Vec<Hash> {
        let last = self.parts.iter().rev().copied().reduce(|right, left| node(&left, &right));
        self.blocks.iter().copied().chain(last).collect()
    }
}

impl Extend<Hash> for GrowingTree {
    fn extend<T: IntoIterator<Item = Hash>>(&mut self, leaves: T) {
        leaves.into_iter().for_each(|leaf| self.push(leaf));
    }
}

impl FromIterator<Hash> for GrowingTree {
    fn from_iter<T: IntoIterator<Item = Hash>>(leaves: T) -> GrowingTree {
        let mut tree = GrowingTree::default();
        tree.extend(leaves);
        tree
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf_of(index: usize) -> Hash {
        leaf(&index.to_be_bytes())
    }

    fn leaves(count: usize) -> Vec<Hash> {
        (0..count).map(leaf_of).collect()
    }

    fn hex(hash: Hash) -> String {
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The test inputs of certificate transparency's own implementations, and the roots they
    /// publish for them.
    #[test]
    fn roots_are_those_of_certificate_transparency() {
        let inputs: [&[u8]; 8] = [
            &[],
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[
                0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d,
                0x6e, 0x6f,
            ],
        ];
        let leaves: Vec<Hash> = inputs.iter().map(|input| leaf(input)).collect();
        assert_eq!(
            hex(root(&[])),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            hex(root(&leaves[..1])),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
        assert_eq!(
            hex(root(&leaves[..2])),
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
        );
        assert_eq!(
            hex(root(&leaves[..3])),
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
        );
        assert_eq!(
            hex(root(&leaves)),
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
        );
    }

    #[test]
    fn a_tree_that_grows_is_the_tree_over_its_leaves_at_every_size() {
        let (all, mut tree) = (leaves(2_100), GrowingTree::default());
        for count in 0..=all.len() {
            let to_be_compared = count < 70 || count % 97 == 0 || (count + 2) % 1024 < 4;
            assert_eq!(tree.count(), count as u64);
            if to_be_compared {
                assert_eq!(tree.root(), root(&all[..count]), "{count}");
            }
            tree.extend(all.get(count).copied());
        }
    }

    #[test]
    fn a_tree_keeps_the_roots_of_its_blocks_and_no_leaves() {
        let tree: GrowingTree = leaves(100_000).into_iter().collect();
        let bytes = postcard::to_stdvec(&tree).expect("plain data").len();
        assert!(bytes < 32 * (100_000 / 1024 + 10) + 10, "{bytes} bytes");
    }

    #[test]
    fn every_leaf_is_proved_and_no_other_in_its_place() {
        for count in [1usize, 2, 3, 7, 8, 255, 600, 1023, 1024, 1025, 3000] {
            let all = leaves(count);
            let tree: GrowingTree = all.iter().copied().collect();
            let root = root(&all);
            for index in (0..count).step_by(1 + count / 40) {
                let (at, of) = (index as u64, count as u64);
                let block = tree.block_of(at);
                let path = tree.path(at, &all[block.start as usize..block.end as usize]);
                assert_eq!(root_from(all[index], at, of, &path), Some(root), "{index} of {count}");
                assert_ne!(root_from(leaf(b"another"), at, of, &path), Some(root));
                assert_eq!(root_from(all[index], of, of, &path), None);
                if count > 1 {
                    assert_ne!(
                        root_from(all[index], (at + 1) % of, of, &path),
                        Some(root),
                        "moved: {index} of {count}"
                    );
                    assert_eq!(
                        root_from(all[index], at, of, &path[1..]).filter(|found| *found == root),
                        None
                    );
                }
            }
        }
    }
}
