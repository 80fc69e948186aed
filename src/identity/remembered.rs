//! Tokens that this thread has verified before, so that a hot one costs a look into a map instead of a signature.
//!
//! The whole text is compared. The map is bounded by two generations: when the young one is full it becomes the old one, whose tokens
//! are forgotten unless they are used again.

use super::tokens::Claims;
use hashbrown::HashMap;
use std::cell::RefCell;

/// Tokens in each of the two halves: with some 350 bytes a token, less than 4 MB a thread.
const HALF: usize = 4096;

struct Verified {
    ring: u64,
    claims: Claims,
}

#[derive(Default)]
struct Memory {
    young: HashMap<Box<str>, Verified>,
    old: HashMap<Box<str>, Verified>,
}

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::default();
}

/// What the token says, if this thread has verified it with that ring.
pub fn get(ring: u64, token: &str) -> Option<Claims> {
    MEMORY.with_borrow_mut(|memory| memory.get(token)).filter(|verified| verified.0 == ring).map(|verified| verified.1)
}

pub fn put(ring: u64, token: &str, claims: Claims) {
    MEMORY.with_borrow_mut(|memory| memory.put(token.into(), Verified { ring, claims }));
}

impl Memory {
    fn get(&mut self, token: &str) -> Option<(u64, Claims)> {
        if let Some(verified) = self.young.get(token) {
            return Some((verified.ring, verified.claims));
        }
        let (token, verified) = self.old.remove_entry(token)?;
        let found = (verified.ring, verified.claims);
        self.put(token, verified);
        Some(found)
    }

    fn put(&mut self, token: Box<str>, verified: Verified) {
        if self.young.len() >= HALF {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(token, verified);
    }
}

#[cfg(test)]
mod tests {
    use super::super::directory::Role;
    use super::*;
    use actors::Id;

    #[test]
    fn a_token_in_use_stays_and_memory_is_bounded() {
        let mut memory = Memory::default();
        let claims = Claims { member: Id([1; 16]), session: Id([2; 16]), role: Role::Member, issued_s: 0, expires_s: 1 };
        for n in 0..10 * HALF {
            memory.put(n.to_string().into(), Verified { ring: 1, claims });
            assert!(memory.get("0").is_some());
            assert!(memory.young.len() + memory.old.len() <= 2 * HALF);
        }
        assert!(memory.get("1").is_none());
    }
}
