//! Who comes first among the steps of this node: those that would collide in the database wait for
//! each other here instead.
//!
//! Two of one member, or two that want one identifier, cost a round of consensus each that only one
//! can win. This spares the losers'. It is for speed only; other nodes know nothing of it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

const LANES: u64 = 1024;

pub struct Turns(Vec<Arc<Mutex<()>>>);

/// Its holder's turn lasts until it is dropped.
pub type LaneTurn = Vec<OwnedMutexGuard<()>>;

impl Turns {
    pub fn new() -> Turns {
        Turns((0..LANES).map(|_| Arc::default()).collect())
    }

    pub async fn of(&self, thing: impl Hash) -> LaneTurn {
        self.of_all([thing]).await
    }

    /// Lanes are taken in their order, so that no two steps wait for each other.
    pub async fn of_all<T: Hash>(&self, things: impl IntoIterator<Item = T>) -> LaneTurn {
        let mut lanes: Vec<usize> = things.into_iter().map(lane).collect();
        lanes.sort_unstable();
        lanes.dedup();
        let mut turn = LaneTurn::with_capacity(lanes.len());
        for lane in lanes {
            turn.push(self.0[lane].clone().lock_owned().await);
        }
        turn
    }
}

fn lane(thing: impl Hash) -> usize {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    (hasher.finish() % LANES) as usize
}
