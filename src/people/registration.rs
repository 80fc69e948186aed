//! Making accounts: a member registers, or an administrator creates one.
//!
//! Whoever repeats a registration with the same idempotency key and password gets the same account
//! and new tokens; answers with secrets are not kept anywhere. A taken identifier is said plainly,
//! and an address that asks too often is paused. A key makes one account: with another body or
//! password it is refused for as long as keys are remembered. An administrator's keys are their
//! own. Who registers is nobody yet, so those keys are everybody's: of two strangers who choose the
//! same, the second is told to take another, and learns no more of the first.

use super::login::{Tokens, count_begun};
use super::passwords::Password;
use super::{Error, Identity, Origin};
use actors::{Id, Time};
use base::fresh;
use jiff::civil::Date;
use ports::directory::{Account, Created, Member, NewMember, NewSession, Registration, Role};
use ports::profile::{self, Flaw, Identifier, Kind, NAMELESS, Profile};
use ports::shared_memory::Settled;

/// An account to be, as it was asked for.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub username: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub full_name: Option<String>,
    pub birthday: Option<String>,
}

pub struct Registered {
    pub member: Member,
    /// What a login would give, though this is none. None if an administrator made the account.
    pub tokens: Option<Tokens>,
    /// The account had been made by the first request with this idempotency key.
    pub again: bool,
}

/// Everything about a registration that was checked without asking anybody.
struct Application {
    profile: Profile,
    password: Password,
    role: Role,
    registration: Option<Registration>,
    begins_session: bool,
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

impl Identity {
    pub async fn register(
        &self,
        draft: Draft,
        password: String,
        key: Option<&str>,
        origin: &Origin,
    ) -> Result<Registered, Error> {
        let key = key.map(|key| Id::digest(&[b"register", key.as_bytes()]));
        let application = self.application(draft, password, Role::Member, key, true)?;
        self.admit(application, origin).await
    }

    /// By an administrator; no session begins.
    pub async fn create_user(
        &self,
        by: Id,
        draft: Draft,
        password: String,
        role: Role,
        key: Option<&str>,
        origin: &Origin,
    ) -> Result<Registered, Error> {
        let key = key.map(|key| Id::digest(&[b"users", &by.0, key.as_bytes()]));
        let application = self.application(draft, password, role, key, false)?;
        self.admit(application, origin).await
    }

    fn application(
        &self,
        draft: Draft,
        password: String,
        role: Role,
        key: Option<Id>,
        begins_session: bool,
    ) -> Result<Application, Error> {
        match (draft.parse(self.today()), Password::new(password, "password")) {
            (Ok(profile), Ok(password)) => {
                let registration =
                    key.map(|key| Registration { key, body: meaning(&profile, role) });
                Ok(Application { profile, password, role, registration, begins_session })
            }
            (profile, password) => {
                let flaws = profile.err().unwrap_or_default();
                Err(Error::Invalid(flaws.into_iter().chain(password.err()).collect()))
            }
        }
    }

    async fn admit(&self, application: Application, origin: &Origin) -> Result<Registered, Error> {
        // Looking first spares the hash; whether the key and the names are free is decided when
        // they are written.
        if let Some(by) = application.registration
            && let Some(account) = self.directory.registered(by.key, self.keys_since()).await?
        {
            return self.by_same_key(&account, &application, origin).await;
        }
        let taken = self.taken(&application.profile).await?;
        if !taken.is_empty() {
            return self.again(application, taken, origin).await;
        }
        let new = self.new_member(&application, origin).await?;
        let (member, session) = (new.member.clone(), new.session.clone());
        match self.directory.create_member(new).await? {
            Created::Created => {
                metrics::counter!("stampede_registrations_total").increment(1);
                let tokens =
                    session.map(|session| self.tokens(member.id, session.id, 0, member.role));
                tokens.iter().for_each(|_| count_begun());
                Ok(Registered { member, tokens, again: false })
            }
            Created::Before(account) => self.by_same_key(&account, &application, origin).await,
            Created::Taken(_) => {
                let taken = self.taken(&application.profile).await?;
                self.again(application, taken, origin).await
            }
        }
    }

    async fn new_member(
        &self,
        application: &Application,
        origin: &Origin,
    ) -> Result<NewMember, Error> {
        let asker = self.asker(&origin.address);
        let password_hash = self.hashers.hash(application.password.text(), asker).await?;
        let now = self.now();
        let member = Member {
            id: fresh::id(now),
            role: application.role,
            profile: application.profile.clone(),
            created_at: now,
            first_login_at: None,
            last_login_at: None,
        };
        let session = application.begins_session.then(|| self.new_session(origin));
        let (registration, keys_since) = (application.registration, self.keys_since());
        Ok(NewMember { member, password_hash, registration, keys_since, session })
    }

    pub(super) fn new_session(&self, origin: &Origin) -> NewSession {
        NewSession { id: fresh::id(self.now()), at: self.now(), agent: origin.agent.clone() }
    }

    /// The accounts that have what is asked for, each with the kind it has.
    async fn taken(&self, profile: &Profile) -> Result<Vec<(Kind, Account)>, Error> {
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
        taken: Vec<(Kind, Account)>,
        origin: &Origin,
    ) -> Result<Registered, Error> {
        let account = taken
            .iter()
            .map(|(_, account)| account)
            .find(|account| is_by_same_key(account, &application));
        match account {
            Some(account) => self.by_same_key(account, &application, origin).await,
            None => {
                self.count_probe(&origin.address).await?;
                Err(Error::Taken(taken.into_iter().map(|(kind, _)| kind).collect()))
            }
        }
    }

    /// The key has made that account before.
    async fn by_same_key(
        &self,
        account: &Account,
        application: &Application,
        origin: &Origin,
    ) -> Result<Registered, Error> {
        if account.registration != application.registration {
            return Err(Error::KeyReused);
        }
        self.repeat(account, application, origin).await
    }

    /// Keys of accounts that were made before this are forgotten.
    fn keys_since(&self) -> Time {
        self.now().minus_s(self.settings.idempotency_s)
    }

    async fn repeat(
        &self,
        account: &Account,
        application: &Application,
        origin: &Origin,
    ) -> Result<Registered, Error> {
        let asker = self.asker_for(account.member.id, &origin.address).await?;
        let hash = account.password_hash.as_str().into();
        let right = self.hashers.check(application.password.text(), hash, asker).await?;
        match self.settle(account.member.id, &origin.address, right).await {
            Settled::Right => {}
            Settled::Wrong | Settled::Paused => return Err(Error::KeyReused),
            Settled::AddressPaused { retry_after_s } => {
                return Err(Error::TooMany { retry_after_s });
            }
        }
        if !application.begins_session {
            return Ok(Registered { member: account.member.clone(), tokens: None, again: true });
        }
        let begun =
            self.begin_session(account, origin, None, None).await?.ok_or(Error::KeyReused)?;
        Ok(Registered { member: begun.member, tokens: Some(begun.tokens), again: true })
    }
}

fn is_by_same_key(account: &Account, application: &Application) -> bool {
    account
        .registration
        .zip(application.registration)
        .is_some_and(|(theirs, ours)| theirs.key == ours.key)
}

/// What a body asks for, except the password.
fn meaning(profile: &Profile, role: Role) -> Id {
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
        super::role_name(role).as_bytes(),
    ])
}
