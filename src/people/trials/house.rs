//! People on the embedded store, and the words that the trials use.

use crate::{
    Denied, Draft, Error, LoggedIn, Login, People, Reason, Registered, RequestOrigin, Settings,
    Sharing, Signed, Tokens, WorkSettings,
};
use actors::time::Clock;
use actors::time::Time;
use jiff::tz::TimeZone;
use ports::{GuardedCall, TokenAlgorithm};
use sqlite::SqliteStore;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

pub const START: i64 = 1_800_000_000_000;
pub const PASSWORD: &str = "correct horse battery staple";

/// People in a folder of their own, which is gone when the test is.
pub struct House {
    folder: PathBuf,
    pub now: Arc<AtomicI64>,
    pub settings: Settings,
    pub store: Arc<SqliteStore>,
    pub people: Arc<People>,
    pub admin_password: Option<String>,
}

pub fn settings() -> Settings {
    Settings {
        token_s: 900,
        refresh_s: 2_592_000,
        session_max_s: None,
        bcrypt_cost: 4,
        hash_threads: 2,
        hash_queue_s: 60,
        failures_per_minute: 600,
        account_failures_per_minute: 5,
        service_guesses_per_minute: 3000,
        campaign_guesses_per_minute: 600,
        requests_per_minute: 0,
        public_requests_per_minute: 0,
        new_members_per_minute: 60_000,
        proof_of_work: WorkSettings {
            calls: vec![GuardedCall::Login, GuardedCall::Claim],
            numbers: 1000,
            life_s: 300,
            per_second: 2,
        },
        idempotency_s: 3600,
        key_delay_s: 0,
        token_algorithm: TokenAlgorithm::Hs256,
        time_zone: TimeZone::UTC,
        admin_password: None,
        admin_username: "admin".to_owned(),
        admin_email: None,
    }
}

impl House {
    pub async fn new() -> House {
        House::with(settings()).await
    }

    pub async fn with(settings: Settings) -> House {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder =
            std::env::temp_dir().join(format!("stampede-people-{}-{number}", std::process::id()));
        House::open(folder, Arc::new(AtomicI64::new(START)), settings).await
    }

    async fn open(folder: PathBuf, now: Arc<AtomicI64>, settings: Settings) -> House {
        let store = Arc::new(SqliteStore::open(&folder, &|_, _| Vec::new()).unwrap());
        let clock = now.clone();
        let clock: Clock = Arc::new(move || Time(clock.load(Ordering::Relaxed)));
        let (people, admin_password) =
            People::open(store.clone(), settings.clone(), Sharing::Alone, clock).await.unwrap();
        House { folder, now, settings, store, people: Arc::new(people), admin_password }
    }

    pub async fn restart(mut self) -> House {
        let (folder, now, settings) =
            (std::mem::take(&mut self.folder), self.now.clone(), self.settings.clone());
        drop(self);
        House::open(folder, now, settings).await
    }

    pub fn pass_s(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1000, Ordering::Relaxed);
    }

    pub async fn register(&self, name: &str) -> Registered {
        self.people
            .registrations
            .register(named(name), PASSWORD.to_owned(), None, &here())
            .await
            .unwrap()
    }

    pub async fn login(&self, account: &str, password: &str) -> Result<LoggedIn, Error> {
        self.people.logins.log_in(by(account, password), &here(), &|_| None).await
    }

    pub fn lets_in(&self, tokens: &Tokens) -> Result<Signed, Denied> {
        self.people.access.authenticate(Some(&format!("Bearer {}", tokens.access_token)), None)
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if !self.folder.as_os_str().is_empty() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// An address beside `here`, with budgets of its own.
pub static ELSEWHERE: &RequestOrigin = &RequestOrigin { address: String::new(), agent: None };

pub fn here() -> RequestOrigin {
    RequestOrigin { address: "192.0.2.1".to_owned(), agent: Some("test".to_owned()) }
}

pub fn named(name: &str) -> Draft {
    Draft { username: Some(name.to_owned()), ..Draft::default() }
}

pub fn mail(email: &str) -> Draft {
    Draft { email: Some(email.to_owned()), ..Draft::default() }
}

pub fn by(account: &str, password: &str) -> Login {
    Login { account: Some(account.to_owned()), password: password.to_owned(), ..Login::default() }
}

pub fn unauthenticated(reason: Reason) -> Denied {
    Denied::Unauthenticated(reason)
}
