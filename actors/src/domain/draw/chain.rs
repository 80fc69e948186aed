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

#[cfg(test)]
mod tests {
    use super::*;

    /// The head before the only ballot of the first draw in `docs/draw-vectors.json`.
    #[test]
    fn an_empty_box_has_the_head_that_it_had_in_every_draw() {
        let head = start("2023-08-23/0").map(|byte| format!("{byte:02x}")).concat();
        assert_eq!(head, "d99b8802ab1a25cf3a83c01647e2d3af2e2f1ba8241823b18528f1dcc50c2a26");
    }
}
