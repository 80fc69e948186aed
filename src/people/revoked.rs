//! Sessions that have ended while access tokens of theirs could still be alive; every request is
//! checked against them.
//!
//! A session is listed until its last access token is dead anyway, so the list is as short as
//! logouts are rare. When that is, the latest instant says at which any token was made, not the
//! clock at the end, which may have been behind. It is filled from the directory at start; what it
//! does not list has not been revoked. If the clock is set back, tokens come to life again whose
//! sessions are no longer listed: these are in doubt, and the directory is asked.

use actors::{Id, Time};
use hashbrown::HashMap;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Added to the life of a token: one may be signed a moment after its session ended, by a refresh
/// that was decided before.
const SLACK_S: u32 = 60;

pub struct Revoked {
    token_s: u32,
    /// No token was made later than this.
    latest: AtomicI64,
    /// Tokens that died no later than this may be of a session that is no longer listed.
    forgotten: AtomicI64,
    listed: RwLock<Listed>,
}

#[derive(Default)]
struct Listed {
    until: HashMap<Id, Time>,
    oldest_first: VecDeque<(Time, Id)>,
}

impl Revoked {
    pub fn new(token_s: u32) -> Revoked {
        let never = || AtomicI64::new(i64::MIN);
        Revoked { token_s, latest: never(), forgotten: never(), listed: RwLock::default() }
    }

    /// What ended so long ago that it is not recalled at a start has no token that lives now.
    pub fn begin(&self, now: Time) {
        self.forgotten.fetch_max(now.0, Ordering::AcqRel);
    }

    /// A token was made at that instant.
    pub fn note_token(&self, at: Time) {
        self.latest.fetch_max(at.0, Ordering::AcqRel);
    }

    /// Whether the list cannot say that the session of a token with this expiry has not ended.
    pub fn is_in_doubt(&self, expires: Time) -> bool {
        expires.0 <= self.forgotten.load(Ordering::Acquire)
    }

    /// Sessions that ended before this instant have no living token left.
    pub fn relevant_since(&self, now: Time) -> Time {
        now.minus_s(self.token_s.saturating_add(SLACK_S))
    }

    pub fn add(&self, session: Id, ended_at: Time) {
        let last_token = ended_at.max(Time(self.latest.load(Ordering::Acquire)));
        let until = last_token.plus_s(self.token_s.saturating_add(SLACK_S));
        let mut listed = self.write();
        let until = *listed
            .until
            .entry(session)
            .and_modify(|known| *known = until.max(*known))
            .or_insert(until);
        listed.oldest_first.push_back((until, session));
        self.forget(&mut listed, ended_at);
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
        self.forget(&mut self.write(), now);
    }

    fn forget(&self, listed: &mut Listed, now: Time) {
        if let Some(until) = listed.forget(now) {
            self.forgotten.fetch_max(until.0, Ordering::AcqRel);
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Listed> {
        self.listed.read().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn write(&self) -> RwLockWriteGuard<'_, Listed> {
        self.listed.write().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Listed {
    /// Answers until when the last of them was listed.
    fn forget(&mut self, now: Time) -> Option<Time> {
        let mut forgotten = None;
        while let Some((_, session)) =
            self.oldest_first.front().copied().filter(|(until, _)| *until < now)
        {
            self.oldest_first.pop_front();
            if self.until.get(&session).is_some_and(|until| *until < now) {
                forgotten = forgotten.max(self.until.remove(&session));
            }
        }
        forgotten
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

    #[test]
    fn a_session_that_ended_while_the_clock_was_behind_is_listed_until_its_token_is_dead() {
        let (revoked, session, now) = (Revoked::new(900), Id([1; 16]), Time(0).plus_s(86_400));
        revoked.note_token(now);
        // The clock is an hour behind, a day, and right again.
        revoked.add(session, now.minus_s(3600));
        revoked.add(session, Time(0));
        revoked.tidy(now.plus_s(899));
        assert!(revoked.contains(session));
        revoked.tidy(now.plus_s(961));
        assert!(!revoked.contains(session) && revoked.count() == 0);
    }

    #[test]
    fn tokens_of_sessions_that_are_no_longer_listed_are_in_doubt_and_others_are_not() {
        let (revoked, now) = (Revoked::new(900), Time(0).plus_s(86_400));
        revoked.begin(now);
        assert!(revoked.is_in_doubt(now) && !revoked.is_in_doubt(now.plus_s(1)));
        revoked.note_token(now);
        revoked.add(Id([1; 16]), now);
        revoked.tidy(now.plus_s(960));
        assert!(!revoked.is_in_doubt(now.plus_s(900)));
        revoked.tidy(now.plus_s(961));
        assert!(revoked.is_in_doubt(now.plus_s(900)) && !revoked.is_in_doubt(now.plus_s(961)));
    }
}
