//! Logging in, staying in, and leaving.
//!
//! An unknown account, a wrong password and a paused account take the same way and the same time,
//! up to the answer. A session is a row; its refresh token is made from the row's step, its access
//! tokens live for minutes and are checked against the list of ended sessions.

use super::access::Denied;
use super::refresh_token::RefreshToken;
use super::tokens::{self, Reason};
use super::{Error, Identity, Origin, Signed, passwords};
use actors::store::StoreError;
use actors::{Id, Time};
use base::journal;
use base::journal::Value;
use ports::directory::{Account, Begin, Member, Refresh, Refreshed, Role, Session};
use ports::profile::{Flaw, Identifier, Kind};
use ports::shared_memory::Settled;
use std::sync::Arc;

/// For how long the lost answer of a refresh is given again.
const REPEAT_S: u32 = 30;

/// Who wants in. Whichever fields are given must all name the same account.
#[derive(Clone, Debug, Default)]
pub struct Login {
    /// An identifier of any kind.
    pub account: Option<String>,
    pub username: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub password: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: String,
    pub expires_in_s: u32,
    pub session: Id,
}

#[derive(Clone, Debug)]
pub struct LoggedIn {
    pub member: Member,
    pub tokens: Tokens,
    pub first_login: bool,
    /// What he is still owed since his first login.
    pub owed: Option<Vec<u8>>,
}

/// What a member is owed if his first login is at that instant.
pub type Owes<'a> = &'a (dyn Fn(Time) -> Option<Vec<u8>> + Sync);

impl Identity {
    /// What he is owed is kept with the first login, in the same step, and not with any other.
    pub async fn login(
        &self,
        login: Login,
        origin: &Origin,
        owes: Owes<'_>,
    ) -> Result<LoggedIn, Error> {
        let outcome = self.try_login(login, origin, owes).await;
        metrics::counter!("stampede_logins_total", "outcome" => outcome_name(&outcome))
            .increment(1);
        outcome
    }

    async fn try_login(
        &self,
        login: Login,
        origin: &Origin,
        owes: Owes<'_>,
    ) -> Result<LoggedIn, Error> {
        self.admit_address(&origin.address).await?;
        let password = login.password.clone();
        let named = login.identifiers()?;
        let account = self.account_named_by(&named).await?;
        let who = account.as_ref().map_or_else(|| unknown(&named), |account| account.member.id);
        let hash = account.as_ref().map_or_else(
            || self.hashers.decoy(),
            |account| Arc::from(account.password_hash.as_str()),
        );
        let asker = self.asker_for(who, &origin.address).await?;
        let right = self.hashers.check(&password, hash, asker).await? && account.is_some();
        match self.settle(who, &origin.address, right).await {
            Settled::Right => {}
            Settled::Wrong | Settled::Paused => return Err(Error::WrongCredentials),
            Settled::AddressPaused { retry_after_s } => {
                return Err(Error::TooMany { retry_after_s });
            }
        }
        let account = account.ok_or(Error::WrongCredentials)?;
        let rehashed = self.rehashed(&account, &password, origin).await;
        // The password was changed, or the member deleted, while it was being checked.
        self.begin_session(&account, origin, rehashed, Some(owes))
            .await?
            .ok_or(Error::WrongCredentials)
    }

    /// The one account that all of them name, if there is one.
    async fn account_named_by(
        &self,
        named: &[Option<Identifier>],
    ) -> Result<Option<Account>, StoreError> {
        let Some(first) = named.iter().flatten().next() else { return Ok(None) };
        let account = self.directory.account(first.folded.clone()).await?;
        let has = |account: &Account, named: &Option<Identifier>| {
            named.as_ref().is_some_and(|named| {
                account.member.profile.identifiers().any(|one| one.folded == named.folded)
            })
        };
        Ok(account.filter(|account| named.iter().all(|named| has(account, named))))
    }

    /// The password under a hash of today's cost, if the stored one has another. It can wait for a
    /// quieter hour.
    async fn rehashed(&self, account: &Account, password: &str, origin: &Origin) -> Option<String> {
        if passwords::cost(&account.password_hash) == Some(self.hashers.cost()) {
            return None;
        }
        self.hashers.hash(password, self.asker(&origin.address)).await.ok()
    }

    pub(super) async fn begin_session(
        &self,
        account: &Account,
        origin: &Origin,
        rehashed: Option<String>,
        login: Option<Owes<'_>>,
    ) -> Result<Option<LoggedIn>, StoreError> {
        let session = self.new_session(origin);
        let is_member = account.member.role == Role::Member;
        let begin = Begin {
            member: account.member.id,
            session: session.clone(),
            knew: account.password_hash.clone(),
            rehashed,
            login: login.is_some(),
            owed: login.filter(|_| is_member).and_then(|owes| owes(session.at)),
            home: self.new_home(account.member.id, &origin.address),
            dead_before: self.dead_before(),
        };
        let Some(begun) = self.directory.begin_session(begin).await? else { return Ok(None) };
        count_begun();
        self.noted_home(begun.member.id, &origin.address);
        let tokens = self.tokens(begun.member.id, session.id, 0, begun.member.role);
        Ok(Some(LoggedIn {
            member: begun.member,
            tokens,
            first_login: begun.first_login,
            owed: begun.owed,
        }))
    }

    pub(super) fn tokens(&self, member: Id, session: Id, step: u32, role: Role) -> Tokens {
        let now = self.now();
        self.revoked.made(now);
        Tokens {
            access_token: tokens::issue(
                &self.ring(),
                member,
                session,
                role,
                now,
                self.settings.token_s,
            ),
            refresh_token: RefreshToken { member, session, step }.text(&self.refresh_secret),
            expires_in_s: self.settings.token_s,
            session,
        }
    }

    /// New tokens for a refresh token, which is used up by it.
    pub async fn refresh(&self, token: &str) -> Result<Tokens, Error> {
        let token = self.read_refresh_token(token)?;
        let at = self.now();
        let refresh = Refresh {
            member: token.member,
            session: token.session,
            step: token.step,
            at,
            dead_before: self.dead_before(),
            repeat_since: at.minus_s(REPEAT_S),
        };
        let outcome = self.directory.refresh(refresh).await?;
        metrics::counter!("stampede_refreshes_total", "outcome" => refresh_name(&outcome))
            .increment(1);
        match outcome {
            Refreshed::Rotated { step, role } | Refreshed::Repeated { step, role } => {
                Ok(self.tokens(token.member, token.session, step, role))
            }
            Refreshed::Unknown => Err(self.refuse(Reason::SessionOver).into()),
            Refreshed::Reused => {
                self.revoke(token.member, &[token.session], at).await;
                journal::warn(
                    "an old refresh token was used again; its session has ended",
                    &[("session", Value::Text(&token.session))],
                );
                Err(self.refuse(Reason::RefreshTokenReused).into())
            }
        }
    }

    fn read_refresh_token(&self, token: &str) -> Result<RefreshToken, Denied> {
        RefreshToken::read(token, &self.refresh_secret)
            .ok_or_else(|| self.refuse(Reason::BadRefreshToken))
    }

    /// Ends the session of the caller and that of the refresh token; whichever is there.
    pub async fn logout(
        &self,
        signed: Option<&Signed>,
        refresh_token: Option<&str>,
    ) -> Result<(), Error> {
        let token = refresh_token.map(|token| self.read_refresh_token(token)).transpose()?;
        if let Some((signed, session)) = signed.and_then(|signed| Some((signed, signed.session()?)))
        {
            self.end_session(signed.caller.id, session).await?;
        }
        if let Some(token) = token {
            self.end_session(token.member, token.session).await?;
        }
        Ok(())
    }

    /// Ends one session of a member. False if it had ended before.
    pub async fn end_session(&self, member: Id, session: Id) -> Result<bool, StoreError> {
        let at = self.now();
        let ended = self.directory.end_session(member, session, at).await?;
        let newly = if ended { &[session][..] } else { &[] };
        self.revoke(member, newly, at).await;
        Ok(ended)
    }

    /// Ends all sessions of a member, and says how many there were.
    pub async fn logout_all(&self, member: Id) -> Result<usize, StoreError> {
        let at = self.now();
        let ended = self.directory.end_sessions(member, None, at).await?;
        self.revoke(member, &ended, at).await;
        Ok(ended.len())
    }

    /// When this returns, no node lets in a session of this member that the directory calls ended.
    pub(super) async fn revoke(&self, member: Id, sessions: &[Id], at: Time) {
        metrics::counter!("stampede_sessions_ended_total").increment(sessions.len() as u64);
        sessions.iter().for_each(|session| self.revoked.add(*session, at));
        self.tell_others(member).await;
    }

    /// The living sessions of a member, oldest first.
    pub async fn sessions(
        &self,
        member: Id,
        after: Option<Id>,
        limit: usize,
    ) -> Result<Vec<Session>, StoreError> {
        self.directory.sessions(member, after, limit, self.dead_before()).await
    }
}

impl Login {
    /// What names the account; None for a text that can name none.
    fn identifiers(self) -> Result<Vec<Option<Identifier>>, Error> {
        let of_kind = |kind: Kind| {
            move |text: String| Identifier::any(&text).filter(|identifier| identifier.kind == kind)
        };
        let any = self.account.map(|text| Identifier::any(&text));
        let username = self.username.map(of_kind(Kind::Username));
        let email = self.email.map(of_kind(Kind::Email));
        let phone = self.phone.map(of_kind(Kind::Phone));
        let named: Vec<_> = [any, username, email, phone].into_iter().flatten().collect();
        if named.is_empty() {
            return Err(Error::Invalid(vec![Flaw {
                field: "",
                says: "one of account, username, email and phone is needed",
            }]));
        }
        Ok(named)
    }
}

/// Whom the failures for an account that does not exist are counted for.
fn unknown(named: &[Option<Identifier>]) -> Id {
    let first = named.iter().flatten().next().map_or("", |identifier| identifier.folded.as_str());
    Id::digest(&[b"unknown", first.as_bytes()])
}

pub(super) fn count_begun() {
    metrics::counter!("stampede_sessions_begun_total").increment(1);
}

fn outcome_name(outcome: &Result<LoggedIn, Error>) -> &'static str {
    match outcome {
        Ok(logged_in) if logged_in.first_login => "first",
        Ok(_) => "success",
        Err(Error::WrongCredentials) => "wrong",
        Err(Error::TooMany { .. }) => "paused",
        Err(Error::Busy(_)) => "busy",
        Err(Error::Store(_)) => "store",
        Err(_) => "invalid",
    }
}

fn refresh_name(outcome: &Refreshed) -> &'static str {
    match outcome {
        Refreshed::Rotated { .. } => "rotated",
        Refreshed::Repeated { .. } => "repeated",
        Refreshed::Reused => "reused",
        Refreshed::Unknown => "unknown",
    }
}
