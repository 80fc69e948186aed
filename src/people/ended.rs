//! Which sessions have ended, as all nodes know it.
//!
//! The directory is the truth. A node that is alone remembers what it has ended, and there is
//! nothing else; it asks for a session that it has never seen. A node that shares the directory
//! asks it at every request, unless a slip in the shared memory spares the question. The directory
//! is told of an end first, and the caller is answered when no node can let the session in any
//! more.

use super::known_sessions::KnownSessions;
use super::revoked::Revoked;
use super::sharing::Sharing;
use actors::Id;
use actors::store::StoreError;
use actors::time::{Clock, Time};
use metrics::gauge;
use ports::Directory;
use std::sync::Arc;

pub struct EndedSessions {
    directory: Arc<dyn Directory>,
    sharing: Sharing,
    clock: Clock,
    revoked: Revoked,
    known: KnownSessions,
}

impl EndedSessions {
    /// Reads which sessions were ended lately.
    pub async fn open(
        directory: Arc<dyn Directory>,
        sharing: Sharing,
        clock: Clock,
        token_s: u32,
    ) -> Result<EndedSessions, StoreError> {
        let (revoked, now) = (Revoked::new(token_s), clock());
        revoked.begin(now);
        for (session, ended_at) in directory.ended_since(revoked.relevant_since(now)).await? {
            revoked.add(session, ended_at);
        }
        let known = KnownSessions::default();
        Ok(EndedSessions { directory, sharing, clock, revoked, known })
    }

    /// A token of that session was made at that instant.
    pub fn note_token(&self, member: Id, session: Id, at: Time) {
        self.revoked.note_token(at);
        self.note_known(member, session);
    }

    /// Only a node that is alone believes what it knows.
    fn note_known(&self, member: Id, session: Id) {
        if let Sharing::Alone = self.sharing {
            self.known.note(member, session);
        }
    }

    /// Whether this node knows that the session has ended.
    pub fn contains(&self, session: Id) -> bool {
        self.revoked.contains(session)
    }

    /// Whether this node cannot know if the session of a token with this expiry has ended.
    pub fn is_in_doubt(&self, expires: Time) -> bool {
        self.revoked.is_in_doubt(expires)
    }

    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.revoked.count()
    }

    /// Another node has ended this session. A node that is alone has noted its own ends, and what
    /// else it lets not in is no session of that member: it may be another's, who goes on with it.
    pub fn note_ended(&self, session: Id) {
        if !matches!(self.sharing, Sharing::Alone) {
            self.revoked.add(session, (self.clock)());
        }
    }

    /// Whether the session lives, as all nodes know it.
    pub async fn is_alive(
        &self,
        member: Id,
        session: Id,
        in_doubt: bool,
    ) -> Result<bool, StoreError> {
        let ask = async || {
            metrics::counter!("stampede_sessions_asked_total").increment(1);
            self.directory.session_is_alive(member, session).await
        };
        match &self.sharing {
            Sharing::Alone if !in_doubt && self.known.has(member, session) => Ok(true),
            Sharing::Alone => {
                let lives = ask().await?;
                if lives {
                    self.note_known(member, session);
                }
                Ok(lives)
            }
            Sharing::Directory => ask().await,
            Sharing::Memory(memory) => memory.is_alive(member, session, Box::pin(ask())).await,
        }
    }

    /// When this returns, no node lets in a session of this member that the directory calls ended.
    /// To be called also when it had ended before: the request that ended it may not have come so
    /// far.
    pub async fn revoke(&self, member: Id, sessions: &[Id], at: Time) {
        metrics::counter!("stampede_sessions_ended_total").increment(sessions.len() as u64);
        sessions.iter().for_each(|session| self.revoked.add(*session, at));
        self.sharing.tear_up(member).await;
    }

    /// Forgets sessions whose tokens are dead.
    pub fn tidy(&self) {
        self.revoked.tidy((self.clock)());
        gauge!("stampede_sessions_revoked").set(self.revoked.count() as f64);
    }
}
