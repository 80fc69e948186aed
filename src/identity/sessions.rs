//! Sessions that have ended while access tokens of theirs could still be alive; every request is checked against them.
//!
//! A session is listed until its last access token is dead anyway, so the list is as short as logouts are rare.
//! It is filled from the directory at start; what it does not list has not been revoked.

use actors::{Id, Time};
use hashbrown::HashMap;
use std::collections::VecDeque;
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Added to the life of a token: one may be signed a moment after its session ended, by a refresh that was decided before.
const SLACK_S: u32 = 60;

pub struct Revoked {
    token_s: u32,
    listed: RwLock<Listed>,
}

#[derive(Default)]
struct Listed {
    until: HashMap<Id, Time>,
    oldest_first: VecDeque<(Time, Id)>,
}

impl Revoked {
    pub fn new(token_s: u32) -> Revoked {
        Revoked { token_s, listed: RwLock::default() }
    }

    /// Sessions that ended before this instant have no living token left.
    pub fn relevant_since(&self, now: Time) -> Time {
        now.minus_s(self.token_s.saturating_add(SLACK_S))
    }

    pub fn add(&self, session: Id, ended_at: Time) {
        let until = ended_at.plus_s(self.token_s.saturating_add(SLACK_S));
        let mut listed = self.write();
        listed.until.insert(session, until);
        listed.oldest_first.push_back((until, session));
        listed.forget(ended_at);
    }

    pub fn contains(&self, session: Id) -> bool {
        let listed = self.read();
        !listed.until.is_empty() && listed.until.contains_key(&session)
    }

    pub fn count(&self) -> usize {
        self.read().until.len()
    }

    /// Forgets what is dead by now.
    pub fn tidy(&self, now: Time) {
        self.write().forget(now);
    }

    fn read(&self) -> RwLockReadGuard<'_, Listed> {
        self.listed.read().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn write(&self) -> RwLockWriteGuard<'_, Listed> {
        self.listed.write().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Listed {
    fn forget(&mut self, now: Time) {
        while let Some((_, session)) = self.oldest_first.front().copied().filter(|(until, _)| *until < now) {
            self.oldest_first.pop_front();
            if self.until.get(&session).is_some_and(|until| *until < now) {
                self.until.remove(&session);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_listed_until_its_last_token_is_dead() {
        let revoked = Revoked::new(900);
        let session = Id([1; 16]);
        revoked.add(session, Time(0));
        revoked.add(session, Time(1000));
        revoked.tidy(Time(0).plus_s(960 + 1));
        assert!(revoked.contains(session) && revoked.count() == 1);
        revoked.tidy(Time(1).plus_s(960 + 1));
        assert!(!revoked.contains(session) && revoked.count() == 0);
    }
}
