//! Tokens that were verified before, so that one in use costs a look into a map instead of a
//! signature.
//!
//! The whole text is compared. All threads share the maps, each of which has its own lock for the
//! instant of a look. Each is bounded by two generations: when the young one is full it becomes the
//! old one, whose tokens are forgotten unless they are used again.

use super::claims::Claims;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;
use std::sync::{LazyLock, Mutex};

/// Maps that share the tokens, so that threads seldom meet at one.
const MAPS: usize = 64;
/// Tokens in each half of a map: 65,536 in all, and with some 350 bytes a token no more than 23 MB.
const HALF: usize = 512;

struct Verified {
    token: Box<str>,
    ring: u64,
    claims: Claims,
}

#[derive(Default)]
struct Memory {
    young: HashTable<Verified>,
    old: HashTable<Verified>,
}

struct Memories {
    hasher: DefaultHashBuilder,
    maps: [Mutex<Memory>; MAPS],
}

static MEMORIES: LazyLock<Memories> = LazyLock::new(|| Memories {
    hasher: DefaultHashBuilder::default(),
    maps: std::array::from_fn(|_| Mutex::default()),
});

/// What the token says, if it has been verified with that ring.
pub fn get(ring: u64, token: &str) -> Option<Claims> {
    let (known_by, claims) = MEMORIES.with(token, |memory, hash| memory.get(hash, token))?;
    (known_by == ring).then_some(claims)
}

pub fn put(ring: u64, token: &str, claims: Claims) {
    let verified = Verified { token: token.into(), ring, claims };
    MEMORIES.with(token, |memory, hash| memory.put(hash, verified));
}

impl Memories {
    fn with<R>(&self, token: &str, look: impl FnOnce(&mut Memory, u64) -> R) -> R {
        let hash = self.hasher.hash_one(token);
        // The tables use the other bits of it.
        let map = &self.maps[(hash >> 32) as usize % MAPS];
        look(&mut map.lock().unwrap_or_else(|poisoned| poisoned.into_inner()), hash)
    }

    fn hash(&self, verified: &Verified) -> u64 {
        self.hasher.hash_one(&*verified.token)
    }
}

impl Memory {
    fn get(&mut self, hash: u64, token: &str) -> Option<(u64, Claims)> {
        let is_it = |verified: &Verified| *verified.token == *token;
        if let Some(verified) = self.young.find(hash, is_it) {
            return Some((verified.ring, verified.claims));
        }
        let (verified, _) = self.old.find_entry(hash, is_it).ok()?.remove();
        let found = (verified.ring, verified.claims);
        self.put(hash, verified);
        Some(found)
    }

    /// A token that is known takes the place of what was known of it.
    fn put(&mut self, hash: u64, verified: Verified) {
        if let Ok(known) = self.young.find_entry(hash, |known| known.token == verified.token) {
            known.remove();
        }
        if self.young.len() >= HALF {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert_unique(hash, verified, |verified| MEMORIES.hash(verified));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actors::Id;
    use ports::directory::AccountRole;

    const CLAIMS: Claims = Claims {
        member: Id([1; 16]),
        session: Id([2; 16]),
        role: AccountRole::Member,
        issued_s: 0,
        expires_s: 1,
    };

    #[test]
    fn a_token_in_use_stays_and_memory_is_bounded() {
        let mut memory = Memory::default();
        let verified = |n: usize| Verified { token: n.to_string().into(), ring: 1, claims: CLAIMS };
        let hash = |n: usize| MEMORIES.hash(&verified(n));
        for n in 0..10 * HALF {
            memory.put(hash(n), verified(n));
            assert!(memory.get(hash(0), "0").is_some());
            assert!(memory.young.len() + memory.old.len() <= 2 * HALF);
        }
        assert!(memory.get(hash(1), "1").is_none());
    }

    #[test]
    fn a_token_is_known_by_the_ring_that_verified_it_last_and_on_every_thread() {
        put(1, "a token of this test", CLAIMS);
        assert_eq!(
            std::thread::spawn(|| get(1, "a token of this test")).join().unwrap(),
            Some(CLAIMS)
        );
        assert_eq!((get(2, "a token of this test"), get(1, "another")), (None, None));
        put(2, "a token of this test", CLAIMS);
        assert_eq!(
            (get(1, "a token of this test"), get(2, "a token of this test")),
            (None, Some(CLAIMS))
        );
    }
}
