//! The chain over a box's ballots: each link holds all that came before it, so a signed head fixes
//! every ballot up to it, and their order.

use super::{For, Hash, hash};

/// The head of a box that holds nothing, by the box's name.
pub fn start(name: &str) -> Hash {
    hash(For::ChainStart, &[name.as_bytes()])
}

pub fn link(head: &Hash, leaf: &Hash) -> Hash {
    hash(For::ChainLink, &[head, leaf])
}
