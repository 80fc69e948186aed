//! What a draw came to: the seed and the round that chose, and the ballots that were chosen.
//!
//! `places` draws. It is a function of what was fixed before, so anybody who repeats it comes to
//! the same ballots in the same order.

use super::plan::BallotSetup;
use crate::domain::ballots::{BallotId, BoxName};
use crate::domain::draw::{Hash, Lots, Sealed, lottery_root, place_of};
use crate::domain::pool::PoolName;
use crate::id::Id;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A round of the public beacon, as it was announced. Its signature was checked where it came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beacon {
    pub round: u64,
    pub signature: Vec<u8>,
}

impl Beacon {
    pub fn randomness(&self) -> Hash {
        Sha256::digest(&self.signature).into()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drawn {
    pub seed: Hash,
    pub beacon: Option<Beacon>,
    /// First the winners, then the reserves, in the order in which they were drawn.
    pub lots: Vec<Lot>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    pub number: u8,
    pub index: u64,
    pub nonce: u64,
    pub owner: Id,
}

impl Lot {
    pub fn ballot(&self, pool: PoolName) -> BallotId {
        BallotId {
            name: BoxName { pool, number: self.number },
            index: self.index,
            nonce: self.nonce,
        }
    }
}

/// The boxes and places of all that are drawn, in their order: fewer than planned if there are
/// fewer ballots.
pub fn places(
    plan: &BallotSetup,
    boxes: &[Sealed],
    seed: &Hash,
    beacon: Option<&Beacon>,
) -> Vec<(u8, u64)> {
    let count = boxes.iter().map(|sealed| sealed.count).sum();
    let randomness = beacon.map(Beacon::randomness);
    Lots::new(seed, &lottery_root(boxes), count, randomness.as_ref())
        .take(plan.winners as usize + plan.reserves as usize)
        .filter_map(|lot| place_of(lot, boxes))
        .collect()
}
