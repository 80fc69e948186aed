//! How winners are drawn, so that anybody can repeat it: hashes, trees and a stream, all of them
//! written down in `docs/draws.md`.
//!
//! Every hash is a SHA-256 over one byte that says what it is for, and then its parts, so that no
//! two kinds of hash can be mistaken for each other. Nothing here knows what a ballot is, or who
//! drew; the same functions serve the partitions, the receipts and those who verify a draw.

pub mod chain;
pub mod lots;
pub mod merkle;

pub use lots::Lots;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub type Hash = [u8; 32];

/// What a hash is for. The numbers are part of every draw that was ever made.
#[repr(u8)]
#[derive(Clone, Copy)]
pub(crate) enum For {
    Leaf = 0,
    Node = 1,
    ChainStart = 2,
    ChainLink = 3,
    Lottery = 4,
    Stream = 5,
}

pub(crate) fn hash(what: For, parts: &[&[u8]]) -> Hash {
    let mut sha = Sha256::new();
    sha.update([what as u8]);
    parts.iter().for_each(|part| sha.update(part));
    sha.finalize().into()
}

/// What is published of a seed before the draw.
pub fn commitment(seed: &Hash) -> Hash {
    Sha256::digest(seed).into()
}

/// A box that takes no more ballots: how many it holds, and the root of the tree over them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    pub count: u64,
    pub root: Hash,
}

/// What all boxes of a lottery held, in one hash.
pub fn lottery_root(boxes: &[Sealed]) -> Hash {
    let parts: Vec<[u8; 40]> = boxes
        .iter()
        .map(|sealed| {
            let mut part = [0; 40];
            part[..8].copy_from_slice(&sealed.count.to_be_bytes());
            part[8..].copy_from_slice(&sealed.root);
            part
        })
        .collect();
    hash(For::Lottery, &parts.iter().map(|part| part.as_slice()).collect::<Vec<_>>())
}

/// Where the `n`th ballot of all lies: its box, and its place there.
pub fn place_of(n: u64, boxes: &[Sealed]) -> Option<(u8, u64)> {
    let mut rest = n;
    for (number, sealed) in boxes.iter().enumerate() {
        if rest < sealed.count {
            return Some((number as u8, rest));
        }
        rest -= sealed.count;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ballot_lies_in_the_box_that_counts_it() {
        let boxes = [2, 0, 3].map(|count| Sealed { count, root: [0; 32] });
        let places: Vec<_> = (0..6).map(|n| place_of(n, &boxes)).collect();
        assert_eq!(
            places,
            [Some((0, 0)), Some((0, 1)), Some((2, 0)), Some((2, 1)), Some((2, 2)), None]
        );
    }

    #[test]
    fn a_count_or_a_root_cannot_change_without_the_lottery_s_root() {
        let sealed = Sealed { count: 2, root: [7; 32] };
        let root = lottery_root(&[sealed, sealed]);
        assert_ne!(lottery_root(&[sealed]), root);
        assert_ne!(lottery_root(&[sealed, Sealed { count: 3, ..sealed }]), root);
        assert_ne!(lottery_root(&[sealed, Sealed { root: [8; 32], ..sealed }]), root);
    }
}
