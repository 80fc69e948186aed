//! The crowd: connections that ask, wait for the answer, and ask again; one thread, no client
//! library in the way.

pub mod connection;
pub mod constant;
pub mod process;
pub mod server;
pub mod shop;
pub mod steady;

use connection::{LoadConnection, block_on, call, request, text, token};
use process::{cpu_s, sleeps};
use serde_json::{Value, json};
use server::ADMIN_PASSWORD;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::LocalSet;

pub struct Load {
    address: String,
    connections: usize,
    tokens: Vec<String>,
    day: String,
    small_day: String,
}

/// A request that each connection sends in its own member's name.
pub struct LoadTarget {
    pub name: String,
    path: String,
    body: String,
    expected: u16,
    /// After so many requests a caller hangs up and connects again.
    stays: u64,
}

impl LoadTarget {
    fn new(name: impl Into<String>, path: &str, body: &Value, expected: u16) -> LoadTarget {
        let (name, path, body) = (name.into(), path.to_owned(), body.to_string());
        LoadTarget { name, path, body, expected, stays: u64::MAX }
    }

    /// The same by callers who come anew after so many requests.
    pub fn leaving_after(self, requests: u64) -> LoadTarget {
        LoadTarget {
            name: format!("{}, anew after {requests}", self.name),
            stays: requests.max(1),
            ..self
        }
    }
}

pub struct LoadRound {
    pub per_second: f64,
    /// User and system time of the server's process per request, in microseconds.
    pub cpu_us: f64,
    /// How often a thread of the server went to sleep, per request.
    pub sleeps: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

impl Load {
    /// Members with tokens, a lottery of ten million tickets, and a small one that is sold out.
    pub fn prepare(address: &str, members: usize, connections: usize) -> Load {
        block_on(async {
            let admin = token(address, "admin", ADMIN_PASSWORD).await;
            let (day, small_day) = ("2099-12-31".to_owned(), "2099-12-30".to_owned());
            let lottery = |day: &str, digits: u8, copies: u32| {
                json!({"closes_on": day,
                "tickets": {"digits": digits, "copies": copies}})
            };
            call(address, "POST", "/api/v1/lotteries", &admin, &lottery(&day, 6, 10)).await;
            call(address, "POST", "/api/v1/lotteries", &admin, &lottery(&small_day, 4, 1)).await;
            let tokens = register(address, members).await;
            let all = json!({"pattern": "1234", "ttl_s": 7200});
            call(
                address,
                "POST",
                &format!("/api/v1/lotteries/{small_day}/holds"),
                &tokens[0],
                &all,
            )
            .await;
            Load { address: address.to_owned(), connections, tokens, day, small_day }
        })
    }

    pub fn constant(&self) -> LoadTarget {
        LoadTarget::new("constant reply", constant::PATH, &json!({"pattern": "******"}), 201)
    }

    pub fn hold(&self, pattern: &str) -> LoadTarget {
        let path = format!("/api/v1/lotteries/{}/holds", self.day);
        LoadTarget::new(format!("hold {pattern}"), &path, &json!({"pattern": pattern}), 201)
    }

    pub fn sold_out(&self) -> LoadTarget {
        let path = format!("/api/v1/lotteries/{}/holds", self.small_day);
        LoadTarget::new("refusal (no match left)", &path, &json!({"pattern": "1234"}), 409)
    }

    pub fn run(&self, target: &LoadTarget, seconds: u64, server: u32) -> LoadRound {
        let (cpu_before, sleeps_before) = (cpu_s(server), sleeps(server));
        let began = Instant::now();
        let until = began + Duration::from_secs(seconds);
        let took = Rc::new(RefCell::new(Vec::new()));
        let unexpected = Rc::new(Cell::new(0u64));
        block_on(async {
            let crowd = LocalSet::new();
            for i in 0..self.connections {
                let request = request(
                    "POST",
                    &target.path,
                    &self.tokens[i % self.tokens.len()],
                    &target.body,
                );
                let (address, took, unexpected) =
                    (self.address.clone(), took.clone(), unexpected.clone());
                let (expected, stays) = (target.expected, target.stays);
                crowd.spawn_local(async move {
                    let mut connection = LoadConnection::open(&address).await;
                    let mut asked = 0;
                    while Instant::now() < until {
                        let sent = Instant::now();
                        if asked == stays {
                            (connection, asked) = (LoadConnection::open(&address).await, 0);
                        }
                        let (status, _) = connection.ask(&request).await;
                        asked += 1;
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
        assert!(
            unexpected.get() == 0,
            "{}: {} of {} answers were not {}",
            target.name,
            unexpected.get(),
            took.len(),
            target.expected
        );
        LoadRound {
            per_second: took.len() as f64 / elapsed,
            cpu_us: (cpu_s(server) - cpu_before) * 1e6 / took.len() as f64,
            sleeps: (sleeps(server) - sleeps_before) / took.len() as f64,
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
        let (seconds, events) =
            (value("stampede_store_commit_seconds_sum"), value("stampede_store_commit_events_sum"));
        format!(
            "{commits:.0}, {:.1} events each, {:.2} ms each",
            events / commits,
            seconds * 1000.0 / commits
        )
    }
}

pub use crate::client::PASSWORD;

/// So many new members; answers their tokens.
pub async fn register(address: &str, members: usize) -> Vec<String> {
    let mut tokens = Vec::new();
    for i in 0..members {
        let who = json!({"username": format!("member{i}"), "password": PASSWORD});
        let made = call(address, "POST", "/api/v1/auth/register", "", &who).await;
        tokens.push(
            made["access_token"]
                .as_str()
                .unwrap_or_else(|| panic!("no token in {made}"))
                .to_owned(),
        );
    }
    tokens
}

pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    quantile(values, 0.5)
}

/// The value that so large a share of the others does not exceed.
pub fn quantile(values: impl Iterator<Item = f64>, share: f64) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let place = (values.len() as f64 * share) as usize;
    values.get(place.min(values.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

/// The numbers that follow a flag on the command line.
pub fn said(arguments: &[String], flag: &str) -> Vec<u64> {
    let pairs = arguments.windows(2).filter(|pair| pair[0] == flag);
    pairs.map(|pair| pair[1].parse().unwrap_or_else(|_| panic!("{flag} takes a number"))).collect()
}
