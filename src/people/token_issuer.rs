//! The two tokens of a session: an access token that lives for minutes, and the refresh token that
//! gets the next ones.

use super::ended::EndedSessions;
use super::refresh_token::RefreshToken;
use super::token_keys::TokenKeys;
use actors::Id;
use actors::time::Clock;
use ports::directory::AccountRole;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: String,
    pub expires_in_s: u32,
    pub session: Id,
}

pub struct TokenIssuer {
    pub keys: Arc<TokenKeys>,
    pub ended: Arc<EndedSessions>,
    /// The secret that refresh tokens are made with.
    pub secret: Arc<[u8]>,
    pub clock: Clock,
}

impl TokenIssuer {
    pub fn issue(&self, member: Id, session: Id, step: u32, role: AccountRole) -> Tokens {
        let now = (self.clock)();
        self.ended.note_token(member, session, now);
        Tokens {
            access_token: self.keys.issue(member, session, role, now),
            refresh_token: RefreshToken { member, session, step }.text(&self.secret),
            expires_in_s: self.keys.token_s(),
            session,
        }
    }

    /// None if we did not make it.
    pub fn read_refresh_token(&self, token: &str) -> Option<RefreshToken> {
        RefreshToken::read(token, &self.secret)
    }
}
