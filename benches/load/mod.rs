//! The crowd: connections that ask, wait for the answer, and ask again; one thread, no client library in the way.

use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

pub const ADMIN_PASSWORD: &str = "a bench needs an administrator";

pub struct Load {
    address: String,
    connections: usize,
    tokens: Vec<String>,
    day: String,
    small_day: String,
}

/// A request that each connection sends in its own member's name.
pub struct Target {
    pub name: String,
    path: String,
    body: String,
    expected: u16,
}

pub struct Round {
    pub per_second: f64,
    /// User and system time of the server's process per request, in microseconds.
    pub cpu_us: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

impl Load {
    /// Members with tokens, a lottery of ten million tickets, and a small one that is sold out.
    pub fn prepare(address: &str, members: usize, connections: usize) -> Load {
        block_on(async {
            let admin = token(address, "admin", ADMIN_PASSWORD).await;
            let (day, small_day) = ("2099-12-31".to_owned(), "2099-12-30".to_owned());
            let lottery = |day: &str, digits: u8, copies: u32| json!({"closes_on": day, "tickets": {"digits": digits, "copies": copies}});
            call(address, "POST", "/api/v1/lotteries", &admin, &lottery(&day, 6, 10)).await;
            call(address, "POST", "/api/v1/lotteries", &admin, &lottery(&small_day, 4, 1)).await;
            let mut tokens = Vec::new();
            for i in 0..members {
                let who = json!({"username": format!("member{i}"), "password": "correct horse battery"});
                let made = call(address, "POST", "/api/v1/auth/register", "", &who).await;
                tokens.push(made["access_token"].as_str().unwrap_or_else(|| panic!("no token in {made}")).to_owned());
            }
            let all = json!({"pattern": "1234", "ttl_s": 7200});
            call(address, "POST", &format!("/api/v1/lotteries/{small_day}/holds"), &tokens[0], &all).await;
            Load { address: address.to_owned(), connections, tokens, day, small_day }
        })
    }

    pub fn constant(&self) -> Target {
        let body = json!({"pattern": "******"}).to_string();
        Target { name: "constant reply".into(), path: "/api/v1/constant".into(), body, expected: 201 }
    }

    pub fn hold(&self, pattern: &str) -> Target {
        let path = format!("/api/v1/lotteries/{}/holds", self.day);
        Target { name: format!("hold {pattern}"), path, body: json!({"pattern": pattern}).to_string(), expected: 201 }
    }

    pub fn sold_out(&self) -> Target {
        let path = format!("/api/v1/lotteries/{}/holds", self.small_day);
        Target { name: "refusal (no match left)".into(), path, body: json!({"pattern": "1234"}).to_string(), expected: 409 }
    }

    pub fn run(&self, target: &Target, seconds: u64, server: u32) -> Round {
        let cpu_before = cpu_s(server);
        let began = Instant::now();
        let until = began + Duration::from_secs(seconds);
        let took = Rc::new(RefCell::new(Vec::new()));
        let unexpected = Rc::new(Cell::new(0u64));
        block_on(async {
            let crowd = LocalSet::new();
            for i in 0..self.connections {
                let request = request("POST", &target.path, &self.tokens[i % self.tokens.len()], &target.body);
                let (address, took, unexpected, expected) = (self.address.clone(), took.clone(), unexpected.clone(), target.expected);
                crowd.spawn_local(async move {
                    let mut connection = Connection::open(&address).await;
                    while Instant::now() < until {
                        let sent = Instant::now();
                        let (status, _) = connection.ask(&request).await;
                        took.borrow_mut().push(sent.elapsed().as_micros() as u32);
                        if status != expected {
                            unexpected.set(unexpected.get() + 1);
                        }
                    }
                });
            }
            crowd.await;
        });
        let elapsed = began.elapsed().as_secs_f64();
        let mut took = took.take();
        took.sort_unstable();
        assert!(unexpected.get() == 0, "{}: {} of {} answers were not {}", target.name, unexpected.get(), took.len(), target.expected);
        Round {
            per_second: took.len() as f64 / elapsed,
            cpu_us: (cpu_s(server) - cpu_before) * 1e6 / took.len() as f64,
            p50_ms: f64::from(took[took.len() / 2]) / 1000.0,
            p99_ms: f64::from(took[took.len() * 99 / 100]) / 1000.0,
        }
    }

    /// How well commits gathered events, from the server's own metrics.
    pub fn commits(&self) -> String {
        let text = block_on(async { text(&self.address, "GET", "/metrics", "", "").await });
        let value = |name: &str| -> f64 {
            let line = text.lines().find(|line| line.starts_with(name) && !line.starts_with('#'));
            line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0.0)
        };
        let commits = value("stampede_store_commits_total");
        let (seconds, events) = (value("stampede_store_commit_seconds_sum"), value("stampede_store_commit_events_sum"));
        format!("{commits:.0}, {:.1} events each, {:.2} ms each", events / commits, seconds * 1000.0 / commits)
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(work)
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: &str) -> Connection {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("a socket takes options");
        Connection { stream, buffer: Vec::with_capacity(4096) }
    }

    async fn ask(&mut self, request: &[u8]) -> (u16, Vec<u8>) {
        self.stream.write_all(request).await.expect("the server reads");
        self.buffer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.buffer).await.expect("the server answers");
            assert!(read > 0, "the server hung up");
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = std::str::from_utf8(&self.buffer[..end]).expect("a head is text");
                let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
                let status = head[9..12].parse().expect("a status is a number");
                let body = end + 4..end + 4 + length.unwrap_or(0);
                while self.buffer.len() < body.end {
                    let read = self.stream.read_buf(&mut self.buffer).await.expect("the server answers");
                    assert!(read > 0, "the server hung up");
                }
                return (status, self.buffer[body].to_vec());
            }
        }
    }
}

fn request(method: &str, path: &str, token: &str, body: &str) -> Vec<u8> {
    let authorization = if token.is_empty() { String::new() } else { format!("authorization: Bearer {token}\r\n") };
    format!("{method} {path} HTTP/1.1\r\nhost: stampede\r\n{authorization}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

async fn text(address: &str, method: &str, path: &str, token: &str, body: &str) -> String {
    let (_, body) = Connection::open(address).await.ask(&request(method, path, token, body)).await;
    String::from_utf8(body).expect("answers are text")
}

async fn call(address: &str, method: &str, path: &str, token: &str, body: &Value) -> Value {
    let (status, answer) = Connection::open(address).await.ask(&request(method, path, token, &body.to_string())).await;
    let answer = serde_json::from_slice(&answer).unwrap_or(Value::Null);
    assert!(status < 300, "{method} {path}: {status} {answer}");
    answer
}

async fn token(address: &str, username: &str, password: &str) -> String {
    let answer = call(address, "POST", "/api/v1/auth/login", "", &json!({"username": username, "password": password})).await;
    answer["access_token"].as_str().expect("a login gives a token").to_owned()
}

/// User and system time of a process so far.
fn cpu_s(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the server runs");
    let fields: Vec<&str> = stat.rsplit(") ").next().expect("a name stands in brackets").split(' ').collect();
    let ticks: f64 = [fields[11], fields[12]].iter().map(|ticks| ticks.parse::<f64>().expect("a number")).sum();
    ticks / 100.0
}
