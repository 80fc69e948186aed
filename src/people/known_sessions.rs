//! Sessions that are known to have begun: those that this process has made tokens of, and those
//! that the directory has named.
//!
//! Whoever has the key that signs can write a token for a member or a session that never was. So a
//! node that is alone asks the directory once for a session that it does not know, and never again.
//! Whether a session has ended meanwhile is not asked here. Bounded by two generations: when the
//! young one is full it becomes the old one, whose sessions are forgotten unless they are used
//! again.

use actors::Id;
use hashbrown::HashSet;
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Sessions in each generation: both take some 10 MB.
const HALF: usize = 131_072;

/// A member, and a session of theirs.
type Whose = (Id, Id);

#[derive(Default)]
pub struct KnownSessions(RwLock<Generations>);

#[derive(Default)]
struct Generations {
    young: HashSet<Whose>,
    old: HashSet<Whose>,
}

impl KnownSessions {
    pub fn has(&self, member: Id, session: Id) -> bool {
        let whose = (member, session);
        {
            let known = self.read();
            if known.young.contains(&whose) {
                return true;
            }
            if !known.old.contains(&whose) {
                return false;
            }
        }
        self.write().note(whose, HALF);
        true
    }

    pub fn note(&self, member: Id, session: Id) {
        self.write().note((member, session), HALF);
    }

    fn read(&self) -> RwLockReadGuard<'_, Generations> {
        self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn write(&self) -> RwLockWriteGuard<'_, Generations> {
        self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Generations {
    fn note(&mut self, whose: Whose, half: usize) {
        if self.young.len() >= half {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(whose);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> Id {
        Id([number; 16])
    }

    #[test]
    fn a_session_is_known_as_its_members_and_nobody_elses() {
        let known = KnownSessions::default();
        known.note(id(1), id(7));
        assert!(known.has(id(1), id(7)));
        assert!(!known.has(id(2), id(7)) && !known.has(id(1), id(8)));
    }

    #[test]
    fn what_is_used_stays_and_what_is_not_goes() {
        let mut known = Generations::default();
        (0..4).for_each(|number| known.note((id(0), id(number)), 2));
        assert_eq!((known.young.len(), known.old.len()), (2, 2));
        let known = KnownSessions(RwLock::new(known));
        assert!(known.has(id(0), id(0)));
        known.write().note((id(0), id(9)), 2);
        assert!(known.has(id(0), id(0)) && !known.has(id(0), id(1)));
    }
}
