//! Making accounts: a member registers, or an administrator creates one.
//!
//! A repeat with the same idempotency key and password gets the same account and new tokens;
//! answers with secrets are not kept anywhere. A taken identifier is named, and an address that
//! asks too often is paused. A key makes one account: with another body or password it is refused
//! for as long as keys are remembered. Each administrator has keys of their own. Callers who
//! register have no account yet, so they share their keys. Of two who choose the same key, the
//! second is told to take another, and learns no more of the first.

use super::budgets::Budgets;
use super::error::Error;
use super::origin::RequestOrigin;
use super::password_checks::PasswordChecks;
use super::passwords::Password;
use super::sessions::{LoggedIn, Sessions};
use super::token_issuer::Tokens;
use super::tokens::role_name;
use actors::Id;
use actors::time::{Clock, Time};
use base::{calendar, fresh};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ports::Directory;
use ports::directory::{
    Account, AccountRole, Created, Member, NewMember, NewSession, Registration,
};
use ports::profile::{self, Flaw, Identifier, IdentifierKind, NAMELESS, Profile};
use std::sync::Arc;

/// An account to be, as it was asked for.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub username: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub full_name: Option<String>,
    pub birthday: Option<String>,
}

/// A member who has registered.
pub struct Registered {
    pub member: Member,
    /// What a login would give, though this is none.
    pub tokens: Tokens,
    /// The account had been made by the first request with this idempotency key.
    pub again: bool,
}

/// An account that an administrator has created.
pub struct CreatedAccount {
    pub member: Member,
    /// It had been made by the first request with this idempotency key.
    pub again: bool,
}

/// Everything about a registration that can be checked without the directory.
struct Application {
    profile: Profile,
    password: Password,
    role: AccountRole,
    registration: Option<Registration>,
    /// The session that begins with the account.
    session: Option<NewSession>,
}

/// The account that an application came to.
enum Admitted {
    New(Member),
    /// It had been made by the first request with the same key.
    Again(Account),
}

impl Draft {
    pub fn parse(self, today: Date) -> Result<Profile, Vec<Flaw>> {
        let mut flaws = Vec::new();
        let profile = Profile {
            username: keep(self.username, |text| Identifier::username(&text), &mut flaws),
            email: keep(self.email, |text| Identifier::email(&text), &mut flaws),
            phone: keep(self.phone, |text| Identifier::phone(&text), &mut flaws),
            full_name: keep(self.full_name, |text| profile::full_name(&text), &mut flaws),
            birthday: keep(self.birthday, |text| profile::birthday(&text, today), &mut flaws),
        };
        if flaws.is_empty() && profile.is_nameless() {
            flaws.push(NAMELESS);
        }
        if flaws.is_empty() { Ok(profile) } else { Err(flaws) }
    }
}

fn keep<T>(
    text: Option<String>,
    parse: impl Fn(String) -> Result<T, Flaw>,
    flaws: &mut Vec<Flaw>,
) -> Option<T> {
    match text.map(parse)? {
        Ok(value) => Some(value),
        Err(flaw) => {
            flaws.push(flaw);
            None
        }
    }
}

pub struct Registrations {
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) checks: Arc<PasswordChecks>,
    pub(crate) budgets: Arc<Budgets>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) clock: Clock,
    pub(crate) time_zone: TimeZone,
    pub(crate) idempotency_s: u32,
}

impl Registrations {
    pub async fn register(
        &self,
        draft: Draft,
        password: String,
        key: Option<&str>,
        origin: &RequestOrigin,
    ) -> Result<Registered, Error> {
        let key = key.map(|key| Id::digest(&[b"register", key.as_bytes()]));
        let session = self.sessions.draft(origin);
        let id = session.id;
        let role = AccountRole::Member;
        let application = self.application(draft, password, role, key, Some(session.clone()))?;
        match self.admit(application, origin).await? {
            Admitted::New(member) => {
                let tokens = self.sessions.first_tokens(&member, id);
                Ok(Registered { member, tokens, again: false })
            }
            Admitted::Again(account) => {
                let begun = self.sessions.begin(&account, session, origin, None, None).await?;
                let LoggedIn { member, tokens, .. } = begun.ok_or(Error::KeyReused)?;
                Ok(Registered { member, tokens, again: true })
            }
        }
    }

    /// All that is wrong with what is asked for, as far as it can be known without the directory.
    pub fn check(&self, draft: &Draft, password: &str) -> Result<(), Error> {
        let (draft, password) = (draft.clone(), password.to_owned());
        self.application(draft, password, AccountRole::Member, None, None).map(drop)
    }

    /// By an administrator; no session begins.
    pub async fn create(
        &self,
        by: Id,
        draft: Draft,
        password: String,
        role: AccountRole,
        key: Option<&str>,
        origin: &RequestOrigin,
    ) -> Result<CreatedAccount, Error> {
        let key = key.map(|key| Id::digest(&[b"users", &by.0, key.as_bytes()]));
        let application = self.application(draft, password, role, key, None)?;
        Ok(match self.admit(application, origin).await? {
            Admitted::New(member) => CreatedAccount { member, again: false },
            Admitted::Again(account) => CreatedAccount { member: account.member, again: true },
        })
    }

    fn application(
        &self,
        draft: Draft,
        password: String,
        role: AccountRole,
        key: Option<Id>,
        session: Option<NewSession>,
    ) -> Result<Application, Error> {
        match (
            draft.parse(calendar::today(&self.time_zone, self.now())),
            Password::new(password, "password"),
        ) {
            (Ok(profile), Ok(password)) => {
                password.expect_no_name_of(&profile, "password")?;
                let registration =
                    key.map(|key| Registration { key, body: meaning(&profile, role) });
                Ok(Application { profile, password, role, registration, session })
            }
            (profile, password) => {
                let flaws = profile.err().unwrap_or_default();
                Err(Error::Invalid(flaws.into_iter().chain(password.err()).collect()))
            }
        }
    }

    async fn admit(
        &self,
        application: Application,
        origin: &RequestOrigin,
    ) -> Result<Admitted, Error> {
        // Looking first spares the hash; whether the key and the names are free is decided when
        // they are written.
        if let Some(by) = application.registration
            && let Some(account) = self.directory.registered(by.key, self.keys_since()).await?
        {
            return self.by_same_key(account, &application, origin).await;
        }
        let taken = self.taken(&application.profile).await?;
        if !taken.is_empty() {
            return self.again(application, taken, origin).await;
        }
        let new = self.new_member(&application, origin).await?;
        let member = new.member.clone();
        match self.directory.create_member(new).await? {
            Created::Created => {
                metrics::counter!("stampede_registrations_total").increment(1);
                Ok(Admitted::New(member))
            }
            Created::Before(account) => self.by_same_key(*account, &application, origin).await,
            Created::Taken(_) => {
                let taken = self.taken(&application.profile).await?;
                self.again(application, taken, origin).await
            }
        }
    }

    async fn new_member(
        &self,
        application: &Application,
        origin: &RequestOrigin,
    ) -> Result<NewMember, Error> {
        let password_hash = self.checks.hash(application.password.text(), &origin.address).await?;
        let now = self.now();
        let member = Member {
            id: fresh::id(now),
            role: application.role,
            profile: application.profile.clone(),
            created_at: now,
            first_login_at: None,
            last_login_at: None,
        };
        let (registration, keys_since) = (application.registration, self.keys_since());
        let session = application.session.clone();
        Ok(NewMember { member, password_hash, registration, keys_since, session })
    }

    /// The accounts that have what is asked for, each with the kind it has.
    async fn taken(&self, profile: &Profile) -> Result<Vec<(IdentifierKind, Account)>, Error> {
        let mut taken = Vec::new();
        for identifier in profile.identifiers() {
            if let Some(account) = self.directory.account(identifier.folded.clone()).await? {
                taken.push((identifier.kind, account));
            }
        }
        Ok(taken)
    }

    /// What was asked for is taken: perhaps by the same request before.
    async fn again(
        &self,
        application: Application,
        taken: Vec<(IdentifierKind, Account)>,
        origin: &RequestOrigin,
    ) -> Result<Admitted, Error> {
        let account = taken
            .iter()
            .map(|(_, account)| account)
            .find(|account| is_by_same_key(account, &application));
        match account {
            Some(account) => self.by_same_key(account.clone(), &application, origin).await,
            None => {
                self.budgets.count_probe(&origin.address).await?;
                Err(Error::Taken(taken.into_iter().map(|(kind, _)| kind).collect()))
            }
        }
    }

    /// The key has made that account before.
    async fn by_same_key(
        &self,
        account: Account,
        application: &Application,
        origin: &RequestOrigin,
    ) -> Result<Admitted, Error> {
        if account.registration != application.registration {
            return Err(Error::KeyReused);
        }
        let (member, hash) = (account.member.id, Some(account.password_hash.as_str()));
        let password = application.password.text();
        match self.checks.check(member, hash, password, &origin.address).await? {
            true => Ok(Admitted::Again(account)),
            false => Err(Error::KeyReused),
        }
    }

    fn now(&self) -> Time {
        (self.clock)()
    }

    /// Keys of accounts that were made before this are forgotten.
    fn keys_since(&self) -> Time {
        self.now().minus_s(self.idempotency_s)
    }
}

fn is_by_same_key(account: &Account, application: &Application) -> bool {
    account
        .registration
        .zip(application.registration)
        .is_some_and(|(theirs, ours)| theirs.key == ours.key)
}

/// What a body asks for, except the password.
fn meaning(profile: &Profile, role: AccountRole) -> Id {
    let folded = |identifier: &Option<Identifier>| {
        identifier.as_ref().map_or_else(String::new, |identifier| identifier.folded.clone())
    };
    let birthday = profile.birthday.map_or_else(String::new, |day| day.to_string());
    Id::digest(&[
        folded(&profile.username).as_bytes(),
        folded(&profile.email).as_bytes(),
        folded(&profile.phone).as_bytes(),
        profile.full_name.as_deref().unwrap_or("").as_bytes(),
        birthday.as_bytes(),
        role_name(role).as_bytes(),
    ])
}
