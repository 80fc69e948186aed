//! Who calls: members, administrators, and the back ends of companies that have members of their
//! own.
//!
//! `registration` makes accounts, `login` begins and ends sessions, `accounts` changes and deletes,
//! `access` lets a request in; all are parts of `Identity`. What is kept is behind the port
//! `directory`; nothing here knows HTTP or a database. Passwords are hashed on threads of their own
//! (`hashing`), and no answer tells whether an account exists.

pub mod access;
mod accounts;
mod budgets;
mod claims;
mod failures;
mod guesses;
pub mod hashing;
mod hs256;
mod keyring;
mod login;
pub mod passwords;
mod public_name;
mod rates;
mod refresh_token;
mod registration;
mod remembered;
mod service_keys;
mod sessions;
mod sharing;
mod stay;
mod tokens;

#[cfg(test)]
mod tests;

pub use access::{Denied, MadeKey, Signed, Via};
pub use accounts::ResetOffer;

pub use guesses::Guesser;
pub use login::{LoggedIn, Login, Owes, Tokens};

pub use public_name::public_name;
pub use registration::{Draft, Registered};
pub use sharing::{Sharing, realm};
pub use stay::Stay;
pub use tokens::{Reason, role_name, role_of};

use actors::store::StoreError;
use actors::time::{Clock, Time};
use base::{Secret, fresh};
use hashing::{Busy, Hashers};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use keyring::Keyring;
use metrics::gauge;
use ports::Directory;
use ports::profile::{Flaw, Kind};
use std::sync::{Arc, RwLock};

/// The secret that refresh tokens and repeatable service keys are made with.
const REFRESH_SECRET: &str = "refresh-key";

#[derive(Clone, Debug)]
pub struct Settings {
    /// How long an access token lives.
    pub token_s: u32,
    /// How long a session lives without being refreshed.
    pub refresh_s: u32,
    pub bcrypt_cost: u32,
    pub hash_threads: usize,
    pub hash_queue_s: u32,
    pub failures_per_minute: u32,
    pub account_failures_per_minute: u32,
    /// Wrong codes through one service.
    pub service_guesses_per_minute: u32,
    /// Wrong codes for one campaign.
    pub campaign_guesses_per_minute: u32,
    /// 0 is no limit.
    pub requests_per_minute: u32,
    /// Of one service. 0 is no limit.
    pub new_members_per_minute: u32,
    /// How long the key of a registration stands for it.
    pub idempotency_s: u32,
    /// How long a new token key waits before it signs: nothing for a single node, else until every
    /// node has read it.
    pub key_delay_s: u32,
    pub time_zone: TimeZone,
    /// The password of the first administrator; without it one is drawn.
    pub admin_password: Option<Secret>,
}

/// Why something about a person was not done. Nothing was changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    #[error("{}", said(.0))]
    Invalid(Vec<Flaw>),
    #[error("another account has that identifier")]
    Taken(Vec<Kind>),
    /// The idempotency key was used for another body.
    #[error("the idempotency key stands for another request")]
    KeyReused,
    #[error("account or password is wrong")]
    WrongCredentials,
    #[error("too many failures from this address")]
    TooMany { retry_after_s: u32 },
    #[error("more than {per_minute} requests in this minute")]
    OverRate { per_minute: u32, retry_after_s: u32 },
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("there is no such member, session or key")]
    Unknown,
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn said(flaws: &[Flaw]) -> String {
    let said: Vec<String> =
        flaws.iter().map(|flaw| format!("{}: {}", flaw.field, flaw.says)).collect();
    said.join("; ")
}

/// Where a request comes from, as far as it matters to who calls.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    pub address: String,
    /// What the client calls itself.
    pub agent: Option<String>,
}

pub struct Identity {
    directory: Arc<dyn Directory>,
    settings: Settings,
    clock: Clock,
    hashers: Hashers,
    ring: RwLock<Keyring>,
    refresh_secret: Vec<u8>,
    revoked: sessions::Revoked,
    failures: failures::Failures,
    rates: rates::Rates,
    new_members: rates::Rates,
    others: Sharing,
    reloading: tokio::sync::Mutex<()>,
    services: service_keys::ServiceKeys,
    complaints: access::Complaints,
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Keys(#[from] keyring::Unreadable),
    #[error("the account admin cannot be made: {0}")]
    Admin(#[from] Error),
    #[error("no thread can be started to hash passwords: {0}")]
    Threads(#[from] std::io::Error),
}

impl Identity {
    /// Makes the secrets and the administrator that are missing, and reads which sessions were
    /// ended lately. Answers the administrator's password, too, if this start drew it: it is
    /// nowhere else.
    pub async fn open(
        directory: Arc<dyn Directory>,
        settings: Settings,
        sharing: Sharing,
        clock: Clock,
    ) -> Result<(Arc<Identity>, Option<String>), OpenError> {
        hs256::install();
        directory.prepare().await?;
        let ring = directory.secret(keyring::SECRET, keyring::new_ring(clock())).await?;
        let refresh_secret =
            directory.secret(REFRESH_SECRET, fresh::bytes::<32>().to_vec()).await?;
        let hashing = hashing::Settings {
            cost: settings.bcrypt_cost,
            threads: settings.hash_threads,
            deadline_s: settings.hash_queue_s,
        };
        let failures = failures::Settings {
            account_per_minute: settings.account_failures_per_minute,
            address_per_minute: settings.failures_per_minute,
        };
        let identity = Identity {
            hashers: Hashers::start(hashing)?,
            ring: RwLock::new(Keyring::load(&ring, settings.token_s)?),
            refresh_secret,
            revoked: sessions::Revoked::new(settings.token_s),
            failures: failures::Failures::new(failures),
            rates: rates::Rates::new(settings.requests_per_minute),
            new_members: rates::Rates::new(settings.new_members_per_minute),
            others: sharing,
            reloading: tokio::sync::Mutex::default(),
            services: service_keys::ServiceKeys::default(),
            complaints: access::Complaints::default(),
            directory,
            settings,
            clock,
        };
        identity.recall_ended_sessions().await?;
        identity.reload_service_keys().await?;
        let admin_password = identity.first_admin().await?;
        Ok((Arc::new(identity), admin_password))
    }

    async fn recall_ended_sessions(&self) -> Result<(), StoreError> {
        let now = self.now();
        self.revoked.begin(now);
        let since = self.revoked.relevant_since(now);
        for (session, ended_at) in self.directory.ended_since(since).await? {
            self.revoked.add(session, ended_at);
        }
        Ok(())
    }

    /// To be done every ten seconds: forgets what is over, and hears of keys that were changed
    /// elsewhere.
    pub async fn tidy(&self) -> Result<(), StoreError> {
        self.revoked.tidy(self.now());
        gauge!("stampede_sessions_revoked").set(self.revoked.count() as f64);
        self.reload_service_keys().await?;
        self.reload_token_keys().await
    }

    /// A new key signs from now on; the one before verifies until its last token is dead.
    pub async fn rotate_token_keys(&self) -> Result<(), OpenError> {
        rotate_token_keys(&*self.directory, self.now(), &self.settings).await?;
        Ok(self.reload_token_keys().await?)
    }

    async fn reload_token_keys(&self) -> Result<(), StoreError> {
        let stored = self.directory.secret(keyring::SECRET, keyring::new_ring(self.now())).await?;
        match Keyring::load(&stored, self.settings.token_s) {
            Ok(ring) if !ring.same_keys(&self.ring()) => {
                *self.ring.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = ring;
                Ok(())
            }
            Ok(_) => Ok(()),
            Err(unreadable) => Err(StoreError::Broken(unreadable.to_string())),
        }
    }

    fn ring(&self) -> std::sync::RwLockReadGuard<'_, Keyring> {
        self.ring.read().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn now(&self) -> Time {
        (self.clock)()
    }

    fn today(&self) -> Date {
        let now = jiff::Timestamp::from_millisecond(self.now().0).unwrap_or_default();
        now.to_zoned(self.settings.time_zone.clone()).date()
    }

    /// Sessions not refreshed since then are dead.
    fn dead_before(&self) -> Time {
        self.now().minus_s(self.settings.refresh_s)
    }
}

/// For the command line, too, which has no need of anything else.
pub async fn rotate_token_keys(
    directory: &dyn Directory,
    now: Time,
    settings: &Settings,
) -> Result<(), OpenError> {
    loop {
        let old = directory.secret(keyring::SECRET, keyring::new_ring(now)).await?;
        let new = keyring::rotated(&old, now, now.plus_s(settings.key_delay_s), settings.token_s)?;
        if directory.replace_secret(keyring::SECRET, old, new).await? {
            return Ok(());
        }
    }
}
