//! `TestApp`: the app built as production builds it, in a thread of its own, and clients that speak
//! HTTP to it.
//!
//! Everything is kept in a folder of its own; with STAMPEDE_TEST_STORE=cql in a keyspace of its
//! own, in the database at CASSANDRA_AT, with a Redis of its own beside it.

use crate::client::{ADMIN_PASSWORD, Client, Doorway, TicketBooks, agent};
use crate::clocks::{TestClock, TwoClocks};
use crate::folder::TestFolder;
use crate::keyspaces::Lent;
use crate::redis::RedisServer;
use actix_web::web;
use actors::Time;
use actors::store::Frame;
use base::Secret;
use config::{Choice, Config};
use ports::directory::Directory;
use ports::history::History;
use ports::replication::Replication;
use products::verify::Verified;
use serde_json::{Value, json};
use stampede::app::{App, Running};
use stampede::shared::Shared;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// 2026-12-01T12:00:00Z, where every test begins.
pub const NOON: Time = Time(1_796_126_400_000);
pub const TODAY: &str = "2026-12-01";

pub struct TestApp {
    folder: TestFolder,
    /// Where it is not all in the folder.
    _lent: Option<Lent>,
    _redis: Option<RedisServer>,
    clock: TestClock,
    /// By how many seconds the wall clock is ahead of the steady one, where the app compares them.
    ahead: Option<Arc<AtomicI64>>,
    config: Config,
    server: Mutex<Option<Serving>>,
    door: Doorway,
    agent: ureq::Agent,
}

/// The thread that serves it.
struct Serving {
    http2: Option<SocketAddr>,
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
        let folder = TestFolder::new();
        let mut config = Config {
            data: folder.to_path_buf(),
            listen: "127.0.0.1:0".parse().unwrap(),
            admin_password: Some(Secret::new(ADMIN_PASSWORD)),
            bcrypt_cost: 4,
            workers: 2,
            // Tests move the clock by days, and stay logged in.
            token_s: 30 * 86_400,
            // Some read to the end of a connection.
            keep_alive_s: 5,
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
        let redis = lent.as_ref().and_then(|_| RedisServer::start());
        config.redis = redis.as_ref().map(RedisServer::url);
        change(&mut config);
        let app = TestApp {
            folder,
            _lent: lent.map(|(_, lent)| lent),
            _redis: redis,
            clock: TestClock::at(now),
            ahead,
            config,
            server: Mutex::new(None),
            door: Doorway::at("nowhere yet"),
            agent: agent(),
        };
        app.serve();
        app
    }

    /// The address is another one afterwards; clients find it by themselves.
    pub fn restart(&self) {
        self.stop();
        self.serve();
    }

    /// The same with other settings.
    pub fn restart_with(&mut self, change: impl FnOnce(&mut Config)) {
        self.stop();
        change(&mut self.config);
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

    /// What `stampede archive` says of an app that is stopped. Everything older than now is
    /// archived.
    pub fn archive(&self) -> String {
        let until = self.now().plus_s(86_400);
        let archive = stampede::stores::archive(&self.config, Some(1), until);
        let said = actix_web::rt::System::new().block_on(archive);
        self.wait_until_free();
        said.unwrap().to_string()
    }

    /// Moves the clock; it never moves by itself.
    pub fn pass_s(&self, seconds: i64) {
        self.clock.pass_s(seconds);
    }

    /// Sets the wall clock ahead, or with a minus back, without any time passing.
    pub fn set_ahead_s(&self, seconds: i64) {
        self.ahead.as_ref().expect("an app with two clocks").fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn set_time(&self, time: Time) {
        self.clock.set(time);
    }

    pub fn now(&self) -> Time {
        self.clock.now()
    }

    pub fn address(&self) -> String {
        self.door.address()
    }

    /// Where it speaks HTTP/2 without TLS, with `listen_h2`.
    pub fn http2_address(&self) -> SocketAddr {
        let server = self.server.lock().unwrap();
        server.as_ref().and_then(|server| server.http2).expect("it listens there")
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

    pub fn anybody(&self) -> Client {
        Client::of(self.door.clone(), self.agent.clone())
    }

    #[track_caller]
    pub fn admin(&self) -> Client {
        self.log_in("admin", ADMIN_PASSWORD)
    }

    /// A new member of that name.
    #[track_caller]
    pub fn member(&self, name: &str) -> Client {
        self.anybody().register(name)
    }

    #[track_caller]
    pub fn log_in(&self, name: &str, password: &str) -> Client {
        self.anybody().log_in(name, password)
    }

    /// A lottery of four digits that closes on that day.
    #[track_caller]
    pub fn lottery(&self, day: &str, copies: u16) {
        self.admin().open_lottery(day, copies);
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
                    Some(ahead) => {
                        App::open_by(config, Box::new(TwoClocks { steady: clock, ahead })).await
                    }
                    None => App::open(config, clock.as_clock()).await,
                };
                let app = app.unwrap();
                let running: Running = app.serve(|_| {}).unwrap();
                let where_to = (running.address.to_string(), running.http2);
                say.send((where_to, running.shared.clone())).unwrap();
                let _ = stopped.await;
                running.stop().await;
            });
        });
        let ((address, http2), shared) = hear.recv().expect("the server starts");
        self.door.move_to(&address);
        *self.server.lock().unwrap() = Some(Serving { http2, shared, stop, thread });
    }

    /// Stops as a signal would, and returns when everything is written and the folder is free.
    pub fn stop(&self) {
        let server = self.server.lock().unwrap().take();
        if let Some(Serving { shared, stop, thread, .. }) = server {
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
    pub fn service(&self, name: &str) -> Client {
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
    pub fn books(&self, day: &str) -> TicketBooks {
        self.anybody().books(day)
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop();
        assert!(self.folder.exists() || std::thread::panicking());
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
