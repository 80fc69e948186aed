//! Sessions of members: they begin, go on and end.
//!
//! A session is a row. Its refresh token is made from the row's step. Its access tokens live for
//! minutes and are checked against the list of ended sessions.

use super::deeds::{DeedName, Deeds, Noted};
use super::ended::EndedSessions;
use super::error::Error;
use super::homes::Homes;
use super::origin::RequestOrigin;
use super::partings::Partings;
use super::refresh_token::RefreshToken;
use super::refusals::{Denied, Reason, Refusals};
use super::signed::Signed;
use super::token_issuer::{TokenIssuer, Tokens};
use actors::Id;
use actors::store::StoreError;
use actors::time::{Clock, Time};
use base::journal::Value;
use base::{fresh, journal};
use ports::Directory;
use ports::directory::{
    Account, AccountRole, Begin, Member, NewSession, RefreshAttempt, Refreshed, Session,
};
use std::sync::Arc;

/// For how long the lost answer of a refresh is given again.
const REPEAT_S: u32 = 30;

#[derive(Clone, Debug)]
pub struct LoggedIn {
    pub member: Member,
    pub tokens: Tokens,
    pub first_login: bool,
    /// The session was begun by the first request with this idempotency key.
    pub again: bool,
    /// What the member is still owed since the first login.
    pub owed: Option<Vec<u8>>,
}

/// What a member is owed if the first login is at that instant.
pub type Owes<'a> = &'a (dyn Fn(Time) -> Option<Vec<u8>> + Sync);

pub struct Sessions {
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) partings: Arc<Partings>,
    pub(crate) issuer: TokenIssuer,
    pub(crate) ended: Arc<EndedSessions>,
    pub(crate) homes: Arc<Homes>,
    pub(crate) refusals: Arc<Refusals>,
    pub(crate) deeds: Arc<Deeds>,
    pub(crate) clock: Clock,
    pub(crate) refresh_s: u32,
    pub(crate) session_max_s: Option<u32>,
}

impl Sessions {
    /// New tokens for a refresh token, which is used up by it.
    pub async fn refresh(&self, token: &str) -> Result<Tokens, Error> {
        self.refresh_once(token, None).await.map(|(tokens, _)| tokens)
    }

    /// The same; and a repeat with the same idempotency key gets the same refresh token again,
    /// whenever its answer was lost. The second is whether it is a repeat.
    pub async fn refresh_once(
        &self,
        token: &str,
        key: Option<&str>,
    ) -> Result<(Tokens, bool), Error> {
        let token = self.read_refresh_token(token)?;
        self.end_if_too_old(&token).await?;
        let again = match key {
            Some(key) => self.deeds.note(refresh_name_of(&token, key)).await?.again,
            None => false,
        };
        let at = (self.clock)();
        let refresh = RefreshAttempt {
            member: token.member,
            session: token.session,
            step: token.step,
            at,
            dead_before: self.dead_before(),
            repeat_since: at.minus_s(REPEAT_S),
            again,
        };
        let outcome = self.directory.refresh(refresh).await?;
        metrics::counter!("stampede_refreshes_total", "outcome" => refresh_name(&outcome))
            .increment(1);
        match outcome {
            Refreshed::Rotated { step, role } | Refreshed::Repeated { step, role } => {
                let is_repeat = again && matches!(outcome, Refreshed::Repeated { .. });
                let tokens = self.issuer.issue(token.member, token.session, step, role);
                Ok((tokens, is_repeat))
            }
            Refreshed::Unknown => Err(self.refusals.refuse(Reason::SessionOver).into()),
            Refreshed::Reused => {
                self.ended.revoke(token.member, &[token.session], at).await;
                journal::warn(
                    "an old refresh token was used again; its session has ended",
                    &[("session", Value::Text(&token.session))],
                );
                Err(self.refusals.refuse(Reason::RefreshTokenReused).into())
            }
        }
    }

    /// A session has a last instant only where the operator says so.
    async fn end_if_too_old(&self, token: &RefreshToken) -> Result<(), Error> {
        let Some(most_s) = self.session_max_s else { return Ok(()) };
        let before = u128::from_be_bytes(token.session.0).checked_sub(1);
        let before = before.map(|before| Id(before.to_be_bytes()));
        let found = self.list(token.member, before, 1).await?;
        let session = found.into_iter().find(|found| found.id == token.session);
        let last = session.map(|session| session.began_at.plus_s(most_s));
        if last.is_some_and(|last| last <= (self.clock)()) {
            self.end(token.member, token.session).await?;
            return Err(self.refusals.refuse(Reason::SessionOver).into());
        }
        Ok(())
    }

    fn read_refresh_token(&self, token: &str) -> Result<RefreshToken, Denied> {
        let refuse = || self.refusals.refuse(Reason::BadRefreshToken);
        self.issuer.read_refresh_token(token).ok_or_else(refuse)
    }

    /// Ends the session of the caller and the session of the refresh token, as far as they are
    /// given.
    pub async fn log_out(
        &self,
        signed: Option<&Signed>,
        refresh_token: Option<&str>,
    ) -> Result<(), Error> {
        let token = refresh_token.map(|token| self.read_refresh_token(token)).transpose()?;
        if let Some((signed, session)) = signed.and_then(|signed| Some((signed, signed.session()?)))
        {
            self.end(signed.caller.id, session).await?;
        }
        if let Some(token) = token {
            self.end(token.member, token.session).await?;
        }
        Ok(())
    }

    /// Whose refresh token that is.
    pub fn owner_of(&self, token: &str) -> Result<Id, Denied> {
        Ok(self.read_refresh_token(token)?.member)
    }

    /// Ends one session of a member. False if it had ended before.
    pub async fn end(&self, member: Id, session: Id) -> Result<bool, StoreError> {
        let at = (self.clock)();
        let ended = self.directory.end_session(member, session, at).await?;
        let newly = if ended { &[session][..] } else { &[] };
        self.ended.revoke(member, newly, at).await;
        Ok(ended)
    }

    /// Ends all sessions of a member, and says how many there were.
    pub async fn end_all(&self, member: Id) -> Result<usize, StoreError> {
        let at = (self.clock)();
        let ended = self.directory.end_sessions(member, None, at).await?;
        self.ended.revoke(member, &ended, at).await;
        Ok(ended.len())
    }

    /// The living sessions of a member, oldest first.
    pub async fn list(
        &self,
        member: Id,
        after: Option<Id>,
        limit: usize,
    ) -> Result<Vec<Session>, StoreError> {
        self.directory.sessions(member, after, limit, self.dead_before()).await
    }

    /// None if the password was changed, or the member deleted, while the password was checked.
    pub(crate) async fn begin(
        &self,
        account: &Account,
        session: NewSession,
        origin: &RequestOrigin,
        rehashed: Option<String>,
        login: Option<Owes<'_>>,
    ) -> Result<Option<LoggedIn>, StoreError> {
        let is_member = account.member.role == AccountRole::Member;
        let mut owed = login.filter(|_| is_member).and_then(|owes| owes(session.at));
        if owed.is_some()
            && account.member.first_login_at.is_none()
            && self.partings.has(&account.member.profile, session.at).await?
        {
            owed = None;
        }
        let begin = Begin {
            member: account.member.id,
            session: session.clone(),
            knew: account.password_hash.clone(),
            rehashed,
            login: login.is_some(),
            owed,
            home: self.homes.mark_if_new(account.member.id, &origin.address),
            dead_before: self.dead_before(),
        };
        let Some(begun) = self.directory.begin_session(begin).await? else { return Ok(None) };
        self.homes.note(begun.member.id, &origin.address);
        let tokens = self.first_tokens(&begun.member, session.id);
        let (first_login, owed) = (begun.first_login, begun.owed);
        Ok(Some(LoggedIn { member: begun.member, tokens, first_login, again: false, owed }))
    }

    /// The session that a login began under that key, if it is as it was then. Else it is to begin
    /// as drafted.
    pub(crate) async fn begun_before(
        &self,
        account: &Account,
        key: &str,
        draft: &mut NewSession,
    ) -> Result<Option<LoggedIn>, Error> {
        let member = &account.member;
        let name = DeedName::new(&[b"login", &member.id.0, key.as_bytes()], &[b"login"]);
        let Noted { deed, again } = self.deeds.note(name).await?;
        let before = Id((u128::from_be_bytes(deed.mark.0) - 1).to_be_bytes());
        let living = match again {
            true => self.list(member.id, Some(before), 1).await?,
            false => Vec::new(),
        };
        let is_it = |one: &&Session| one.id == deed.mark && one.refreshed_at == one.began_at;
        let Some(session) = living.iter().find(is_it) else {
            if !again {
                draft.id = deed.mark;
            }
            return Ok(None);
        };
        Ok(Some(LoggedIn {
            tokens: self.issuer.issue(member.id, session.id, 0, member.role),
            first_login: member.first_login_at == Some(session.began_at),
            again: true,
            owed: None,
            member: member.clone(),
        }))
    }

    /// A session that is still to be written.
    pub(crate) fn draft(&self, origin: &RequestOrigin) -> NewSession {
        let now = (self.clock)();
        NewSession { id: fresh::id(now), at: now, agent: origin.agent.clone() }
    }

    /// The tokens of a session that was just written.
    pub(crate) fn first_tokens(&self, member: &Member, session: Id) -> Tokens {
        metrics::counter!("stampede_sessions_begun_total").increment(1);
        self.issuer.issue(member.id, session, 0, member.role)
    }

    /// Sessions not refreshed since then are dead.
    fn dead_before(&self) -> Time {
        (self.clock)().minus_s(self.refresh_s)
    }
}

fn refresh_name_of(token: &RefreshToken, key: &str) -> DeedName {
    let RefreshToken { member, session, step } = token;
    DeedName::new(
        &[b"refresh", &member.0, key.as_bytes()],
        &[b"refresh", &session.0, &step.to_be_bytes()],
    )
}

fn refresh_name(outcome: &Refreshed) -> &'static str {
    match outcome {
        Refreshed::Rotated { .. } => "rotated",
        Refreshed::Repeated { .. } => "repeated",
        Refreshed::Reused => "reused",
        Refreshed::Unknown => "unknown",
    }
}
