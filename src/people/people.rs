//! All parts of people, composed.

use super::access::Access;
use super::accounts::Accounts;
use super::administrator::Administrator;
use super::budgets::Budgets;
use super::deeds::Deeds;
use super::ended::EndedSessions;
use super::error::Error;
use super::failures::Failures;
use super::guesses::Guesses;
use super::hashing::{self, Hashers};
use super::homes::Homes;
use super::known_keys::KnownKeys;
use super::logins::Logins;
use super::member_imports::MemberImports;
use super::outsiders::Outsiders;
use super::partings::Partings;
use super::password_changes::PasswordChanges;
use super::password_checks::PasswordChecks;
use super::proof_of_work::WorkProofs;
use super::rates::Rates;
use super::refusals::Refusals;
use super::registrations::Registrations;
use super::service_keys::ServiceKeys;
use super::sessions::Sessions;
use super::settings::Settings;
use super::sharing::Sharing;
use super::token_issuer::TokenIssuer;
use super::token_keys::{PublishedKey, TokenKeys, TokenKeysError};
use actors::store::StoreError;
use actors::time::Clock;
use base::fresh;
use ports::shared_memory::{MemoryState, PerMinute};
use ports::{Directory, SharedMemory};
use std::sync::Arc;

/// The secret that refresh tokens, homes, partings, and repeatable service keys and resets are made
/// with.
const REFRESH_SECRET: &str = "refresh-key";

pub struct People {
    pub accounts: Accounts,
    pub registrations: Registrations,
    pub member_imports: MemberImports,
    pub logins: Logins,
    pub sessions: Arc<Sessions>,
    pub passwords: Arc<PasswordChanges>,
    pub administrator: Administrator,
    pub access: Arc<Access>,
    pub service_keys: Arc<ServiceKeys>,
    pub outsiders: Outsiders,
    pub partings: Arc<Partings>,
    pub deeds: Arc<Deeds>,
    pub guesses: Guesses,
    pub work_proofs: WorkProofs,
    pub(crate) ended: Arc<EndedSessions>,
    token_keys: Arc<TokenKeys>,
    sharing: Sharing,
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Keys(#[from] TokenKeysError),
    #[error("the account of the administrator cannot be made: {0}")]
    Admin(#[from] Error),
    #[error("no thread can be started to hash passwords: {0}")]
    Threads(#[from] std::io::Error),
}

impl People {
    /// Makes the secrets and the administrator that are missing, and reads which sessions were
    /// ended lately. Answers the administrator's password, too, if this start drew it: it is
    /// nowhere else.
    pub async fn open(
        directory: Arc<dyn Directory>,
        settings: Settings,
        sharing: Sharing,
        clock: Clock,
    ) -> Result<(People, Option<String>), OpenError> {
        directory.prepare().await?;
        let keys = Arc::new(TokenKeys::open(directory.clone(), &settings, clock.clone()).await?);
        let secret = directory.secret(REFRESH_SECRET, fresh::bytes::<32>().to_vec()).await?;
        let secret: Arc<[u8]> = secret.into();
        let hashers = Hashers::start(hashing::Settings {
            cost: settings.bcrypt_cost,
            threads: settings.hash_threads,
            deadline_s: settings.hash_queue_s,
        })?;
        let ended = EndedSessions::open(
            directory.clone(),
            sharing.clone(),
            clock.clone(),
            settings.token_s,
        );
        let ended = Arc::new(ended.await?);
        let refusals = Arc::new(Refusals::new(clock.clone()));
        let per_minute = PerMinute {
            account: settings.account_failures_per_minute,
            address: settings.failures_per_minute,
        };
        let failures = Arc::new(Failures::new(per_minute));
        let budgets = Arc::new(Budgets {
            sharing: sharing.clone(),
            clock: clock.clone(),
            per_minute,
            failures: failures.clone(),
            requests: Rates::new(settings.requests_per_minute),
            public_requests: Rates::new(settings.public_requests_per_minute),
            new_members: Rates::new(settings.new_members_per_minute),
        });
        let homes =
            Arc::new(Homes { directory: directory.clone(), secret: secret.clone(), failures });
        let checks =
            Arc::new(PasswordChecks { hashers, homes: homes.clone(), budgets: budgets.clone() });
        let deeds = Arc::new(Deeds {
            directory: directory.clone(),
            clock: clock.clone(),
            idempotency_s: settings.idempotency_s,
        });
        let partings = Arc::new(Partings {
            directory: directory.clone(),
            secret: secret.clone(),
            clock: clock.clone(),
        });
        let sessions = Arc::new(Sessions {
            directory: directory.clone(),
            partings: partings.clone(),
            issuer: TokenIssuer {
                keys: keys.clone(),
                ended: ended.clone(),
                secret: secret.clone(),
                clock: clock.clone(),
            },
            ended: ended.clone(),
            homes,
            refusals: refusals.clone(),
            deeds: deeds.clone(),
            clock: clock.clone(),
            refresh_s: settings.refresh_s,
            session_max_s: settings.session_max_s,
        });
        let passwords = Arc::new(PasswordChanges {
            directory: directory.clone(),
            checks: checks.clone(),
            ended: ended.clone(),
            refusals: refusals.clone(),
            deeds: deeds.clone(),
            secret: secret.clone(),
            clock: clock.clone(),
        });
        let service_keys = Arc::new(ServiceKeys {
            directory: directory.clone(),
            secret,
            sharing: sharing.clone(),
            clock: clock.clone(),
            known: KnownKeys::default(),
            reloading: tokio::sync::Mutex::default(),
        });
        service_keys.reload().await?;
        let work_proofs = WorkProofs::open(
            settings.proof_of_work,
            directory.clone(),
            sharing.clone(),
            clock.clone(),
            settings.idempotency_s,
        );
        let work_proofs = work_proofs.await?;
        let people = People {
            accounts: Accounts {
                directory: directory.clone(),
                budgets: budgets.clone(),
                ended: ended.clone(),
                clock: clock.clone(),
                time_zone: settings.time_zone.clone(),
            },
            registrations: Registrations {
                directory: directory.clone(),
                checks: checks.clone(),
                budgets: budgets.clone(),
                sessions: sessions.clone(),
                clock: clock.clone(),
                time_zone: settings.time_zone.clone(),
                idempotency_s: settings.idempotency_s,
            },
            member_imports: MemberImports {
                directory: directory.clone(),
                clock: clock.clone(),
                time_zone: settings.time_zone.clone(),
                cost: settings.bcrypt_cost,
            },
            logins: Logins {
                directory: directory.clone(),
                checks: checks.clone(),
                sessions: sessions.clone(),
            },
            administrator: Administrator {
                directory: directory.clone(),
                checks,
                changes: passwords.clone(),
                clock,
                username: settings.admin_username,
                email: settings.admin_email,
            },
            access: Arc::new(Access {
                keys: keys.clone(),
                ended: ended.clone(),
                services: service_keys.clone(),
                budgets: budgets.clone(),
                refusals,
            }),
            outsiders: Outsiders::new(directory, budgets.clone()),
            partings,
            guesses: Guesses {
                budgets,
                per_minute: settings.failures_per_minute,
                service_per_minute: settings.service_guesses_per_minute,
                campaign_per_minute: settings.campaign_guesses_per_minute,
            },
            work_proofs,
            sessions,
            passwords,
            service_keys,
            deeds,
            ended,
            token_keys: keys,
            sharing,
        };
        let admin_password = people.administrator.prepare(settings.admin_password.as_ref()).await?;
        Ok((people, admin_password))
    }

    /// To be done every ten seconds: forgets what is over, and hears of keys that were changed
    /// elsewhere.
    pub async fn tidy(&self) -> Result<(), StoreError> {
        self.ended.tidy();
        self.service_keys.reload().await?;
        self.token_keys.reload().await
    }

    /// A new key signs from now on; the one before verifies until its last token is dead.
    pub async fn rotate_token_keys(&self) -> Result<(), TokenKeysError> {
        self.token_keys.rotate().await
    }

    /// With which others can verify access tokens; none while these are signed with a secret.
    pub fn published_keys(&self) -> Vec<PublishedKey> {
        self.token_keys.published()
    }

    /// None if nodes share no memory. As it was when it was last needed.
    pub fn memory(&self) -> Option<MemoryState> {
        self.sharing.memory().map(SharedMemory::state)
    }

    /// The same, as a question finds it now.
    pub async fn look_at_memory(&self) -> Option<MemoryState> {
        match self.sharing.memory() {
            Some(memory) => Some(memory.look().await),
            None => None,
        }
    }
}
