//! `TestApp`: the app built as production builds it, in a thread of its own, and clients that speak
//! HTTP to it.
//!
//! Everything is kept in a folder of its own; with STAMPEDE_TEST_STORE=cql in a keyspace of its
//! own, in the database at CASSANDRA_AT, with a Redis of its own beside it.

pub use crate::client::{Answer, Client, id, numbers, pointers, tickets};

use crate::keyspaces::Lent;
use crate::redis::Server as Redis;
use actix_web::web;
use actors::Time;
use actors::store::Frame;
use actors::timekeeper::Clocks;
use base::Secret;
use config::{Choice, Config};
use ports::directory::Directory;
use ports::history::History;
use ports::replication::Replication;
use products::verify::Verified;
use serde_json::{Value, json};
use stampede::app::{App, Running};
use stampede::shared::Shared;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

pub const ADMIN_PASSWORD: &str = "tests need an administrator";
pub const PASSWORD: &str = "correct horse battery";

/// 2026-12-01T12:00:00Z, where every test begins.
pub const NOON: Time = Time(1_796_126_400_000);
pub const TODAY: &str = "2026-12-01";

pub struct TestApp {
    folder: Folder,
    /// Where it is not all in the folder.
    _lent: Option<Lent>,
    _redis: Option<Redis>,
    clock: Arc<AtomicI64>,
    /// By how many milliseconds the wall clock is ahead of the steady one, where the app compares
    /// them.
    ahead: Option<Arc<AtomicI64>>,
    config: Config,
    server: Mutex<Option<Server>>,
    agent: ureq::Agent,
}

struct Server {
    address: String,
    shared: web::Data<Shared>,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl TestApp {
    pub fn start() -> TestApp {
        TestApp::start_with(|_| {})
    }

    pub fn start_with(change: impl FnOnce(&mut Config)) -> TestApp {
        TestApp::start_at(NOON, change)
    }

    /// One that has two clocks and compares them, as the real server does.
    pub fn start_with_two_clocks(change: impl FnOnce(&mut Config)) -> TestApp {
        TestApp::make(NOON, Some(Arc::default()), change)
    }

    pub fn start_at(now: Time, change: impl FnOnce(&mut Config)) -> TestApp {
        TestApp::make(now, None, change)
    }

    fn make(now: Time, ahead: Option<Arc<AtomicI64>>, change: impl FnOnce(&mut Config)) -> TestApp {
        let folder = Folder::new();
        let mut config = Config {
            data: folder.0.clone(),
            listen: "127.0.0.1:0".parse().unwrap(),
            admin_password: Some(Secret::new(ADMIN_PASSWORD)),
            bcrypt_cost: 4,
            workers: 2,
            // Tests move the clock by days, and stay logged in.
            token_s: 30 * 86_400,
            ..Config::default()
        };
        let lent = keyspace();
        if let Some((database, lent)) = &lent {
            config.store = Choice::Cql;
            config.cql = vec![database.clone()];
            config.keyspace.clone_from(&lent.keyspace);
            config.replication = Replication::Copies(1);
            config.cluster_key = Some(Secret::new("a key that only tests have, and long"));
            config.migrate = true;
        }
        // Several nodes have one beside them.
        let redis = lent.as_ref().and_then(|_| Redis::start("an app on several nodes"));
        config.redis = redis.as_ref().map(Redis::url);
        change(&mut config);
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_idle_connections_per_host(256)
            .build()
            .into();
        let clock = Arc::new(AtomicI64::new(now.0));
        let lent = lent.map(|(_, lent)| lent);
        let app = TestApp {
            folder,
            _lent: lent,
            _redis: redis,
            clock,
            ahead,
            config,
            server: Mutex::new(None),
            agent,
        };
        app.serve();
        app
    }

    /// The address is another one afterwards; clients find it by themselves.
    pub fn restart(&self) {
        self.stop();
        self.serve();
    }

    /// Serves the folder of an app that was stopped, with imports in larger steps.
    pub fn with_chunks_of(mut self, rows: usize) -> TestApp {
        self.config.import_chunk = rows;
        self.serve();
        self
    }

    /// Serves the data of an app that was stopped from that store.
    pub fn kept_in(mut self, store: Choice) -> TestApp {
        self.config.store = store;
        self.serve();
        self
    }

    pub fn into_the_keyspace_of(mut self, other: &TestApp) -> TestApp {
        self.config.keyspace.clone_from(&other.config.keyspace);
        self
    }

    /// What `stampede copy` says.
    pub fn copy(&self) -> anyhow::Result<String> {
        let said = actix_web::rt::System::new().block_on(stampede::copy::copy(&self.config));
        self.wait_until_free();
        said.map(|arrived| arrived.to_string())
    }

    /// Moves the clock; it never moves by itself.
    pub fn pass_s(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// Sets the wall clock ahead, or with a minus back, without any time passing.
    pub fn set_ahead_s(&self, seconds: i64) {
        self.ahead
            .as_ref()
            .expect("an app with two clocks")
            .fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    pub fn set_time(&self, time: Time) {
        self.clock.store(time.0, Ordering::SeqCst);
    }

    pub fn now(&self) -> Time {
        Time(self.clock.load(Ordering::SeqCst))
    }

    pub fn address(&self) -> String {
        self.server.lock().unwrap().as_ref().expect("it is served").address.clone()
    }

    /// What its handlers share, to look at.
    pub fn shared(&self) -> web::Data<Shared> {
        self.server.lock().unwrap().as_ref().expect("it is served").shared.clone()
    }

    pub fn config(&self) -> Config {
        self.config.clone()
    }

    pub fn data(&self) -> &Path {
        &self.config.data
    }

    /// The connections that all its clients share.
    pub fn agent(&self) -> &ureq::Agent {
        &self.agent
    }

    pub fn anybody(&self) -> Client<'_> {
        Client::of(self)
    }

    pub fn admin(&self) -> Client<'_> {
        self.log_in("admin", ADMIN_PASSWORD)
    }

    /// A new member of that name.
    pub fn member(&self, name: &str) -> Client<'_> {
        let made = self
            .anybody()
            .post("/auth/register", json!({"username": name, "password": PASSWORD}))
            .expect(201);
        self.anybody().bearer(made["access_token"].as_str().unwrap())
    }

    pub fn log_in(&self, name: &str, password: &str) -> Client<'_> {
        let tokens = self
            .anybody()
            .post("/auth/login", json!({"username": name, "password": password}))
            .expect(200);
        self.anybody().bearer(tokens["access_token"].as_str().unwrap())
    }

    /// A lottery of four digits that closes on that day.
    pub fn lottery(&self, day: &str, copies: u16) {
        self.admin()
            .post(
                "/lotteries",
                json!({"closes_on": day, "tickets": {"digits": 4, "copies": copies}}),
            )
            .expect(201);
    }

    /// A lottery with ballots that closes on that day, with more to say about it.
    pub fn ballots(&self, day: &str, more: Value) -> Value {
        let mut plan = json!({"closes_on": day, "ballots": true});
        plan.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.admin().post("/lotteries", plan).expect(201)
    }

    pub fn state_of(&self, day: &str) -> Value {
        self.anybody().get(&format!("/lotteries/{day}")).expect(200)["state"].clone()
    }

    pub fn serve(&self) {
        let (config, clock, ahead) = (self.config.clone(), self.clock.clone(), self.ahead.clone());
        let (say, hear) = std::sync::mpsc::sync_channel(1);
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                base::meters::install();
                base::journal::start(base::journal::Style::Off);
                let app = match ahead {
                    Some(ahead) => App::open_by(config, Box::new(TwoClocks { clock, ahead })).await,
                    None => {
                        App::open(config, Arc::new(move || Time(clock.load(Ordering::SeqCst))))
                            .await
                    }
                };
                let app = app.unwrap();
                let running: Running = app.serve(|_| {}).unwrap();
                say.send((running.address.to_string(), running.shared.clone())).unwrap();
                let _ = stopped.await;
                running.stop().await;
            });
        });
        let (address, shared) = hear.recv().expect("the server starts");
        *self.server.lock().unwrap() = Some(Server { address, shared, stop, thread });
    }

    /// Stops as a signal would, and returns when everything is written and the folder is free.
    pub fn stop(&self) {
        let server = self.server.lock().unwrap().take();
        if let Some(Server { shared, stop, thread, .. }) = server {
            // It holds the store, which holds the folder.
            drop(shared);
            let _ = stop.send(());
            thread.join().expect("the server stops without a panic");
            self.wait_until_free();
        }
    }

    /// The store writes to its end on threads of its own, and then lets go of the folder.
    pub fn wait_until_free(&self) {
        let lock = std::fs::File::open(self.data().join("lock")).expect("the folder has its lock");
        lock.lock().expect("the store lets go of the folder");
    }

    /// Whether everything is in one file of the folder. A test that is about that file has nothing
    /// to say elsewhere, and says so.
    pub fn has_a_file(&self) -> bool {
        let has = self.config.store == Choice::Sqlite;
        if !has {
            eprintln!(
                "!! NOT RUN: {:?} is about the embedded store's file",
                std::thread::current().name()
            );
        }
        has
    }

    /// Does something with the people of an app that is stopped.
    pub fn with_directory<T>(&self, work: impl AsyncFnOnce(Arc<dyn Directory>) -> T) -> T {
        let done = actix_web::rt::System::new().block_on(async {
            let store = stampede::stores::open(&self.config).await.unwrap();
            work(store.directory()).await
        });
        self.wait_until_free();
        done
    }

    /// Records of a partition that the log has.
    pub fn records_of(&self, partition: &str) -> u64 {
        let mut records = 0;
        let count = &mut |frame: Frame| {
            records = frame.to.seq;
            Ok(())
        };
        self.history().frames_of(partition, count).unwrap();
        records
    }

    /// Every partition that has ever written anything.
    pub fn partitions(&self) -> Vec<String> {
        self.history().partitions().unwrap()
    }

    fn history(&self) -> Box<dyn History> {
        actix_web::rt::System::new().block_on(stampede::stores::history(&self.config)).unwrap()
    }

    /// What `stampede verify` finds.
    pub fn verified(&self) -> anyhow::Result<Verified> {
        products::verify::verify(&*self.history())
    }

    /// A service key of that name, and nobody named yet to act for.
    pub fn service(&self, name: &str) -> Client<'_> {
        let made = self.admin().post("/service-keys", json!({"name": name})).expect(201);
        self.anybody().bearer(made["key"].as_str().unwrap())
    }

    /// Asks again and again, with a flush of the disk between, until what jobs do by themselves has
    /// happened.
    #[track_caller]
    pub fn until(&self, what: &str, happened: impl Fn() -> bool) {
        const MOST: usize = 200_000;
        let asked = (0..MOST).find(|_| {
            happened() || self.anybody().get("//health/ready").status != 200 || happened()
        });
        assert!(asked.is_some() && happened(), "{what}");
    }

    /// What is free, held and sold. The books balance, or the test is over.
    #[track_caller]
    pub fn books(&self, day: &str) -> Books {
        let ledger = self.anybody().get(&format!("/lotteries/{day}/ledger")).expect(200);
        let number = |name: &str| ledger[name].as_u64().unwrap();
        let books = Books { free: number("free"), held: number("held"), sold: number("sold") };
        assert_eq!(number("stock"), books.free + books.held + books.sold, "{ledger}");
        assert_eq!(ledger["imbalance"], 0, "{ledger}");
        books
    }
}

struct TwoClocks {
    clock: Arc<AtomicI64>,
    ahead: Arc<AtomicI64>,
}

impl Clocks for TwoClocks {
    fn wall(&self) -> i64 {
        self.steady() + self.ahead.load(Ordering::SeqCst) * 1000
    }

    fn steady(&self) -> i64 {
        self.clock.load(Ordering::SeqCst) * 1000
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Books {
    pub free: u64,
    pub held: u64,
    pub sold: u64,
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop();
        assert!(self.folder.0.exists() || std::thread::panicking());
    }
}

/// The address of the database that tests are to use, and a keyspace there.
#[expect(clippy::disallowed_methods, reason = "where tests keep things is no setting of stampede")]
fn keyspace() -> Option<(String, Lent)> {
    let store = std::env::var("STAMPEDE_TEST_STORE").unwrap_or_default();
    match store.as_str() {
        "" | "sqlite" => None,
        "cql" => {
            let database = std::env::var("CASSANDRA_AT")
                .expect("STAMPEDE_TEST_STORE=cql needs the address of a database in CASSANDRA_AT");
            let lent = Lent::new(&database);
            Some((database, lent))
        }
        other => panic!("STAMPEDE_TEST_STORE is {other}; sqlite and cql are known"),
    }
}

/// A folder that is gone when the test is over.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name =
            format!("stampede-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
