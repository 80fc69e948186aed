//! Logging in: from an account's name and a password to a session.

use super::error::Error;
use super::origin::RequestOrigin;
use super::password_checks::PasswordChecks;
use super::sessions::{LoggedIn, Owes, Sessions};
use actors::Id;
use actors::store::StoreError;
use base::journal::{self, Value};
use ports::Directory;
use ports::directory::Account;
use ports::profile::{Flaw, Identifier, IdentifierKind};
use std::sync::Arc;

/// What a member gives to log in. All fields that are given must name the same account.
#[derive(Clone, Debug, Default)]
pub struct Login {
    /// An identifier of any kind.
    pub account: Option<String>,
    pub username: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub password: String,
}

pub struct Logins {
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) checks: Arc<PasswordChecks>,
    pub(crate) sessions: Arc<Sessions>,
}

impl Logins {
    /// What the member is owed is kept with the first login, in the same step, and with no other.
    pub async fn log_in(
        &self,
        login: Login,
        origin: &RequestOrigin,
        owes: Owes<'_>,
    ) -> Result<LoggedIn, Error> {
        self.log_in_once(login, None, origin, owes).await
    }

    /// A repeat with the same idempotency key goes on with the same session, as long as that was
    /// not refreshed and has not ended.
    pub async fn log_in_once(
        &self,
        login: Login,
        key: Option<&str>,
        origin: &RequestOrigin,
        owes: Owes<'_>,
    ) -> Result<LoggedIn, Error> {
        let outcome = self.try_log_in(login, key, origin, owes).await;
        metrics::counter!("stampede_logins_total", "outcome" => outcome_name(&outcome))
            .increment(1);
        outcome
    }

    async fn try_log_in(
        &self,
        login: Login,
        key: Option<&str>,
        origin: &RequestOrigin,
        owes: Owes<'_>,
    ) -> Result<LoggedIn, Error> {
        let (checks, address) = (&self.checks, origin.address.as_str());
        checks.admit(address).await?;
        let password = login.password.clone();
        let named = login.identifiers()?;
        let account = self.account_named_by(&named).await?;
        let who = account.as_ref().map_or_else(|| unknown(&named), |account| account.member.id);
        let hash = account.as_ref().map(|account| account.password_hash.as_str());
        if !checks.check(who, hash, &password, address).await? {
            note_failure(account.is_some().then_some(who), address);
            return Err(Error::WrongCredentials);
        }
        let account = account.ok_or(Error::WrongCredentials)?;
        let mut session = self.sessions.draft(origin);
        if let Some(key) = key
            && let Some(before) = self.sessions.begun_before(&account, key, &mut session).await?
        {
            return Ok(before);
        }
        let rehashed = checks.rehash(&account.password_hash, &password, address).await;
        self.sessions
            .begin(&account, session, origin, rehashed, Some(owes))
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
}

impl Login {
    /// What names the account; None for a text that can name none.
    fn identifiers(self) -> Result<Vec<Option<Identifier>>, Error> {
        let of_kind = |kind: IdentifierKind| {
            move |text: String| Identifier::any(&text).filter(|identifier| identifier.kind == kind)
        };
        let any = self.account.map(|text| Identifier::any(&text));
        let username = self.username.map(of_kind(IdentifierKind::Username));
        let email = self.email.map(of_kind(IdentifierKind::Email));
        let phone = self.phone.map(of_kind(IdentifierKind::Phone));
        let named: Vec<_> = [any, username, email, phone].into_iter().flatten().collect();
        if named.is_empty() {
            let says = "one of account, username, email and phone is needed";
            return Err(Flaw { field: "", says }.into());
        }
        Ok(named)
    }
}

/// In the journal, for those who look for guesses afterwards. What was typed as a name is not
/// there: it may be a password.
fn note_failure(account: Option<Id>, address: &str) {
    let account = account.map_or_else(|| "none".to_owned(), |id| id.to_string());
    let fields = [("account", Value::Text(&account)), ("from", Value::Text(&address))];
    journal::info("a login failed", &fields);
}

/// The id that failures are counted for if there is no such account.
fn unknown(named: &[Option<Identifier>]) -> Id {
    let first = named.iter().flatten().next().map_or("", |identifier| identifier.folded.as_str());
    Id::digest(&[b"unknown", first.as_bytes()])
}

fn outcome_name(outcome: &Result<LoggedIn, Error>) -> &'static str {
    match outcome {
        Ok(logged_in) if logged_in.again => "repeated",
        Ok(logged_in) if logged_in.first_login => "first",
        Ok(_) => "success",
        Err(Error::WrongCredentials) => "wrong",
        Err(Error::TooMany { .. }) => "paused",
        Err(Error::Busy(_)) => "busy",
        Err(Error::Store(_)) => "store",
        Err(_) => "invalid",
    }
}
