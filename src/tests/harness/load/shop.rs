//! A service and its customers: each connection asks, waits for the answer and asks again, each
//! time for the next customer.

use super::connection::{LoadConnection, block_on, call, request, token};
use super::process::cpu_s;
use super::quantile;
use super::server::{ADMIN_PASSWORD, Server};
use super::steady::{SteadyAnswer, send};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::LocalSet;

pub struct LoadShop<'s> {
    pub server: &'s Server,
    pub admin: String,
    pub key: String,
    connections: usize,
}

/// What came of a crowd that asked for so long.
pub struct CrowdSpan {
    pub asked: u64,
    pub per_second: f64,
    /// User and system time of the server's process per request, in microseconds.
    pub cpu_us: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub longest_ms: f64,
}

impl<'s> LoadShop<'s> {
    pub fn open(server: &'s Server, connections: usize) -> LoadShop<'s> {
        block_on(async {
            let admin = token(&server.address, "admin", ADMIN_PASSWORD).await;
            let made = json!({"name": "shop"});
            let made = call(&server.address, "POST", "/api/v1/service-keys", &admin, &made).await;
            let key = made["key"].as_str().expect("the key is told once").to_owned();
            LoadShop { server, admin, key, connections }
        })
    }

    pub async fn make(&self, path: &str, body: &Value) -> Value {
        call(&self.server.address, "POST", &format!("/api/v1/{path}"), &self.admin, body).await
    }

    /// The path at which it is claimed.
    pub fn campaign(&self, name: &str) -> String {
        let campaign = json!({
            "name": name,
            "quota": 100_000_000,
            "discount_percent": 30,
            "ends_at": "2099-12-31T00:00:00Z",
            "trigger": "claim",
        });
        let made = block_on(self.make("campaigns", &campaign));
        format!("/api/v1/campaigns/{}/claims", made["id"].as_str().expect("it has an id"))
    }

    pub fn crowd(
        &self,
        span: Duration,
        expected: u16,
        ask: impl Fn(u64) -> Vec<u8> + 'static,
    ) -> CrowdSpan {
        let (pid, address) = (self.server.pid(), &self.server.address);
        let (took, number) = (Rc::new(RefCell::new(Vec::new())), Rc::new(Cell::new(0u64)));
        let ask = Rc::new(ask);
        let (cpu_before, began) = (cpu_s(pid), Instant::now());
        block_on(async {
            let crowd = LocalSet::new();
            for _ in 0..self.connections {
                let (address, took) = (address.clone(), took.clone());
                let (number, ask) = (number.clone(), ask.clone());
                crowd.spawn_local(async move {
                    let mut connection = LoadConnection::open(&address).await;
                    while began.elapsed() < span {
                        let request = ask(number.replace(number.get() + 1));
                        let sent = Instant::now();
                        let (status, answer) = connection.ask(&request).await;
                        took.borrow_mut().push(sent.elapsed().as_secs_f64() * 1000.0);
                        let answer = String::from_utf8_lossy(&answer);
                        assert_eq!(status, expected, "{answer}");
                    }
                });
            }
            crowd.await;
        });
        let elapsed = began.elapsed().as_secs_f64();
        let took = took.take();
        let of = |share| quantile(took.iter().copied(), share);
        CrowdSpan {
            asked: number.get(),
            per_second: took.len() as f64 / elapsed,
            cpu_us: (cpu_s(pid) - cpu_before) * 1e6 / took.len() as f64,
            p50_ms: of(0.5),
            p99_ms: of(0.99),
            longest_ms: of(1.0),
        }
    }

    /// First claims of the service's members with these names.
    pub fn claim(&self, span: Duration, path: &str, names: &'static str, first: u64) -> CrowdSpan {
        self.crowd(span, 201, self.claims(path, names, first))
    }

    /// The same at a steady rate, whether or not those before were answered.
    pub fn claim_steadily(
        &self,
        (span, per_second): (Duration, f64),
        path: &str,
        names: &'static str,
        first: u64,
    ) -> Vec<SteadyAnswer> {
        let claims = self.claims(path, names, first);
        let answers = send(&self.server.address, claims, per_second, span);
        let answers = block_on(LocalSet::new().run_until(answers));
        assert!(answers.iter().all(|answer| answer.status == 201), "a claim was not granted");
        answers
    }

    fn claims(
        &self,
        path: &str,
        names: &'static str,
        first: u64,
    ) -> impl Fn(u64) -> Vec<u8> + use<> {
        let (path, key) = (path.to_owned(), self.key.clone());
        move |n| on_behalf(&path, &key, &format!("{names}{}", first + n))
    }
}

fn on_behalf(path: &str, key: &str, member: &str) -> Vec<u8> {
    request("POST", path, &format!("{key}\r\non-behalf-of: {member}"), "{}")
}
