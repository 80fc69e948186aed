//! `TestApp`: the app built as production builds it, in a thread of its own, and clients that speak HTTP to it.

use actors::Time;
use serde_json::{Value, json};
use stampede::app::{App, Running};
use stampede::config::{Config, Secret};
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
    clock: Arc<AtomicI64>,
    config: Config,
    server: Mutex<Option<Server>>,
    agent: ureq::Agent,
}

struct Server {
    address: String,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl TestApp {
    pub fn start() -> TestApp {
        TestApp::start_with(|_| {})
    }

    pub fn start_with(change: impl FnOnce(&mut Config)) -> TestApp {
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
        change(&mut config);
        let agent = ureq::Agent::config_builder().http_status_as_error(false).max_idle_connections_per_host(256).build().into();
        let clock = Arc::new(AtomicI64::new(NOON.0));
        let app = TestApp { folder, clock, config, server: Mutex::new(None), agent };
        app.serve();
        app
    }

    /// The address is another one afterwards; clients find it by themselves.
    pub fn restart(&self) {
        self.stop();
        self.serve();
    }

    /// Moves the clock; it never moves by itself.
    pub fn pass_s(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1000, Ordering::SeqCst);
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

    pub fn config(&self) -> Config {
        self.config.clone()
    }

    pub fn data(&self) -> &Path {
        &self.config.data
    }

    pub fn anybody(&self) -> Client<'_> {
        Client { app: self, headers: Vec::new() }
    }

    pub fn admin(&self) -> Client<'_> {
        self.log_in("admin", ADMIN_PASSWORD)
    }

    /// A new member of that name.
    pub fn member(&self, name: &str) -> Client<'_> {
        let made = self.anybody().post("/auth/register", json!({"username": name, "password": PASSWORD})).expect(201);
        self.anybody().bearer(made["access_token"].as_str().unwrap())
    }

    pub fn log_in(&self, name: &str, password: &str) -> Client<'_> {
        let tokens = self.anybody().post("/auth/login", json!({"username": name, "password": password})).expect(200);
        self.anybody().bearer(tokens["access_token"].as_str().unwrap())
    }

    /// A lottery of four digits that closes on that day.
    pub fn lottery(&self, day: &str, copies: u16) {
        self.admin().post("/lotteries", json!({"closes_on": day, "tickets": {"digits": 4, "copies": copies}})).expect(201);
    }

    pub fn serve(&self) {
        let (config, clock) = (self.config.clone(), self.clock.clone());
        let (say, hear) = std::sync::mpsc::sync_channel(1);
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                stampede::meters::install();
                stampede::log::start(stampede::log::Style::Off);
                let clock = Arc::new(move || Time(clock.load(Ordering::SeqCst)));
                let app = App::open(config, clock).await.unwrap();
                let running: Running = app.serve(|_| {}).unwrap();
                say.send(running.address.to_string()).unwrap();
                let _ = stopped.await;
                running.stop().await;
            });
        });
        let address = hear.recv().expect("the server starts");
        *self.server.lock().unwrap() = Some(Server { address, stop, thread });
    }

    /// Stops as a signal would, and returns when everything is written and the folder is free.
    pub fn stop(&self) {
        let server = self.server.lock().unwrap().take();
        if let Some(Server { stop, thread, .. }) = server {
            let _ = stop.send(());
            thread.join().expect("the server stops without a panic");
            // The store writes to its end on a thread of its own, and then lets go of the folder.
            let lock = std::fs::File::open(self.data().join("lock")).expect("the folder has its lock");
            lock.lock().expect("the store lets go of the folder");
        }
    }

    /// A service key of that name, and nobody named yet to act for.
    pub fn service(&self, name: &str) -> Client<'_> {
        let made = self.admin().post("/service-keys", json!({"name": name})).expect(201);
        self.anybody().bearer(made["key"].as_str().unwrap())
    }

    /// Asks again and again, with a flush of the disk between, until what jobs do by themselves has happened.
    #[track_caller]
    pub fn until(&self, what: &str, happened: impl Fn() -> bool) {
        const MOST: usize = 200_000;
        let asked = (0..MOST).find(|_| happened() || self.anybody().get("//health/ready").status != 200 || happened());
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

/// A folder that is gone when the test is over.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("stampede-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
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

/// Somebody who calls, with headers of his own.
#[derive(Clone)]
pub struct Client<'a> {
    app: &'a TestApp,
    headers: Vec<(String, String)>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub text: String,
    pub headers: ureq::http::HeaderMap,
}

impl Client<'_> {
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// What it says in that header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub fn bearer(self, token: &str) -> Self {
        self.with("Authorization", &format!("Bearer {token}"))
    }

    pub fn key(&self, key: &str) -> Self {
        self.clone().with("Idempotency-Key", key)
    }

    /// On behalf of a member of the service whose key this is.
    pub fn on_behalf_of(&self, member: &str) -> Self {
        self.clone().with("On-Behalf-Of", member)
    }

    pub fn hold(&self, day: &str, wanted: Value) -> Answer {
        self.post(&format!("/lotteries/{day}/holds"), wanted)
    }

    pub fn confirm(&self, hold: &str) -> Answer {
        self.post(&format!("/holds/{hold}/confirm"), json!({}))
    }

    pub fn extend(&self, hold: &str, ttl_s: u32) -> Answer {
        self.post(&format!("/holds/{hold}/extend"), json!({"ttl_s": ttl_s}))
    }

    pub fn release(&self, hold: &str) -> Answer {
        self.delete(&format!("/holds/{hold}"))
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None)
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, None)
    }

    pub fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, Some(body.to_string().into_bytes()))
    }

    pub fn put(&self, path: &str, body: Value) -> Answer {
        self.send("PUT", path, Some(body.to_string().into_bytes()))
    }

    pub fn patch(&self, path: &str, body: Value) -> Answer {
        self.send("PATCH", path, Some(body.to_string().into_bytes()))
    }

    /// Paths that begin with `//` are meant from the root; all others are under `/api/v1`.
    pub fn send(&self, method: &str, path: &str, body: Option<Vec<u8>>) -> Answer {
        self.try_to_send(&self.app.address(), method, path, body).expect("the server answers")
    }

    /// None if the connection broke before the whole answer was here.
    pub fn try_to_send(&self, address: &str, method: &str, path: &str, body: Option<Vec<u8>>) -> Option<Answer> {
        let path = path.strip_prefix('/').filter(|path| path.starts_with('/')).map_or(format!("/api/v1{path}"), str::to_owned);
        let mut request = ureq::http::Request::builder().method(method).uri(format!("http://{address}{path}"));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let sent = match body {
            Some(body) => self.app.agent.run(request.header("Content-Type", "application/json").body(body).unwrap()),
            None => self.app.agent.run(request.body(()).unwrap()),
        };
        let mut answer = sent.ok()?;
        let bytes = answer.body_mut().read_to_vec().ok()?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Some(Answer { status: answer.status().as_u16(), body, text, headers: answer.headers().clone() })
    }
}

impl Answer {
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.body
    }

    /// A problem of that name, complete in every part.
    #[track_caller]
    pub fn refused(self, status: u16, name: &str) -> Value {
        assert_eq!((self.status, self.body["type"].as_str()), (status, Some(format!("/problems/{name}").as_str())), "{}", self.text);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.body["request_id"].as_str(), self.header("x-request-id"));
        for field in ["title", "detail", "retry"] {
            assert!(self.body[field].is_string(), "{field}: {}", self.text);
        }
        self.body
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn was_replayed(&self) -> bool {
        self.header("idempotent-replayed") == Some("true")
    }
}

/// The places that a problem points at.
pub fn pointers(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().map_or(Vec::new(), |errors| errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect())
}

/// The numbers of the tickets in a hold.
pub fn numbers(hold: &Value) -> Vec<String> {
    hold["tickets"].as_array().unwrap().iter().map(|ticket| ticket["number"].as_str().unwrap().to_owned()).collect()
}

/// The ids of the tickets in a hold.
pub fn tickets(hold: &Value) -> Vec<String> {
    hold["tickets"].as_array().unwrap().iter().map(|ticket| id(ticket).to_owned()).collect()
}

pub fn id(thing: &Value) -> &str {
    thing["id"].as_str().unwrap()
}
