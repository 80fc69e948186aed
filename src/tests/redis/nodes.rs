//! Two nodes and more over one directory and one Redis: all that they know of each other is in
//! these two.

use actors::Time;
use config::Config;
use harness::{RedisServer, TestClock, TestFolder};
use people::{
    Draft, Error, LoggedIn, Login, People, RequestOrigin, Settings, Sharing, Signed, Tokens,
};
use ports::shared_memory::MemoryState;
use redis_store::Redis;
use sqlite::SqliteStore;
use std::sync::Arc;
use std::time::Duration;

pub const PASSWORD: &str = "correct horse battery staple";

pub struct Town {
    _folder: TestFolder,
    store: Arc<SqliteStore>,
    clock: TestClock,
    pub failures_per_minute: u32,
    pub requests_per_minute: u32,
    pub campaign_guesses_per_minute: u32,
}

pub struct Node(pub Arc<People>);

/// Patient enough for a busy machine, and still a bound.
pub const DEADLINE: Duration = Duration::from_secs(2);

pub fn reached_at(server: &RedisServer, slip_life: Duration) -> redis_store::RedisSettings {
    redis_store::RedisSettings { url: server.url(), password: None, deadline: DEADLINE, slip_life }
}

impl Town {
    pub fn new() -> Town {
        let folder = TestFolder::new();
        let store = Arc::new(SqliteStore::open(&folder, &|_, _| Vec::new()).unwrap());
        Town {
            _folder: folder,
            store,
            clock: TestClock::at(Time(1_800_000_000_000)),
            failures_per_minute: 600,
            requests_per_minute: 0,
            campaign_guesses_per_minute: 600,
        }
    }

    pub async fn node(&self, sharing: Sharing) -> Node {
        let config =
            Config { bcrypt_cost: 4, hash_threads: 1, hash_queue_s: 60, ..Config::default() };
        let settings = Settings {
            failures_per_minute: self.failures_per_minute,
            account_failures_per_minute: 5,
            requests_per_minute: self.requests_per_minute,
            public_requests_per_minute: 0,
            campaign_guesses_per_minute: self.campaign_guesses_per_minute,
            ..stampede::settings::people(&config)
        };
        Node(Arc::new(
            People::open(self.store.clone(), settings, sharing, self.clock.as_clock())
                .await
                .unwrap()
                .0,
        ))
    }

    /// By that Redis, whether it is there or not.
    pub async fn sharing(&self, redis: redis_store::RedisSettings) -> Sharing {
        let realm = people::read_realm(&*self.store).await.unwrap();
        Sharing::Memory(Arc::new(Redis::start(&redis, &realm).await.unwrap()))
    }

    /// A node that has found its Redis.
    pub async fn node_at(&self, server: &RedisServer, slip_life: Duration) -> Node {
        let node = self.node(self.sharing(reached_at(server, slip_life)).await).await;
        assert_eq!(node.0.memory(), Some(MemoryState::Up));
        node
    }

    pub fn store(&self) -> &SqliteStore {
        &self.store
    }

    pub fn pass_s(&self, seconds: i64) {
        self.clock.pass_s(seconds);
    }
}

impl Node {
    pub async fn register(&self, name: &str) -> Tokens {
        let draft = Draft { username: Some(name.to_owned()), ..Draft::default() };
        self.0
            .registrations
            .register(draft, PASSWORD.to_owned(), None, &RequestOrigin::default())
            .await
            .unwrap()
            .tokens
    }

    pub async fn log_in(&self, name: &str) -> Tokens {
        self.try_password(name, PASSWORD, "192.0.2.1").await.unwrap().tokens
    }

    pub async fn try_password(
        &self,
        name: &str,
        password: &str,
        address: &str,
    ) -> Result<LoggedIn, Error> {
        let login = Login {
            account: Some(name.to_owned()),
            password: password.to_owned(),
            ..Login::default()
        };
        self.0
            .logins
            .log_in(login, &RequestOrigin { address: address.to_owned(), agent: None }, &|_| None)
            .await
    }

    pub async fn let_in(&self, tokens: &Tokens) -> Result<Signed, Error> {
        self.bearer(&tokens.access_token).await
    }

    pub async fn bearer(&self, token: &str) -> Result<Signed, Error> {
        self.0.access.let_in(Some(&format!("Bearer {token}")), None).await
    }

    pub async fn log_out(&self, tokens: &Tokens) {
        self.0.sessions.log_out(None, Some(&tokens.refresh_token)).await.unwrap();
    }
}

/// That a session is over, and nothing else is wrong.
#[track_caller]
pub fn assert_over(let_in: Result<Signed, Error>) {
    use people::{Denied, Reason};
    assert_eq!(
        let_in.map(|signed| signed.caller.id).err(),
        Some(Error::Denied(Denied::Unauthenticated(Reason::Revoked)))
    );
}
