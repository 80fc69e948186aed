//! One address that sends more logins than can be hashed keeps itself waiting, and nobody else.

use harness::{Answer, Client, PASSWORD, TestApp};
use serde_json::json;
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Connections of one address. All their logins are more than may wait.
const FLOOD: usize = 150;
const MEMBERS: usize = 5;
/// Each time from another address.
const LOGINS_OF_EACH: usize = 22;

/// Somebody whom a proxy names.
fn from(app: &TestApp, address: &str) -> Client {
    app.anybody().with("X-Forwarded-For", address)
}

/// As the defaults are, but with one thread, and no budget stops the flood. Five seconds of hashing
/// may wait.
fn one_thread() -> TestApp {
    TestApp::start_with(|config| {
        (config.hash_threads, config.hash_queue_s, config.bcrypt_cost) = (1, 5, 10);
        (config.failures_per_minute, config.account_failures_per_minute) = (1_000_000, 1_000_000);
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
}

/// What the connections of the flood know of each other.
#[derive(Default)]
struct Flood {
    seen: Mutex<Seen>,
    hashed: Condvar,
}

#[derive(Default)]
struct Seen {
    over: bool,
    /// How often the flood was told that too many wait.
    crowded: usize,
    /// Connections that were told so, and may try again for each that was served.
    may_try: usize,
}

impl Flood {
    /// Tries passwords as fast as places become free.
    fn push(&self, app: &TestApp) {
        let somebody = from(app, "203.0.113.9");
        while !self.seen.lock().unwrap().over {
            let answer = somebody
                .post("/auth/login", json!({"account": "admin", "password": "a wrong guess"}));
            match answer.status {
                503 => self.wait(answer),
                _ => self.served(answer),
            }
        }
    }

    fn served(&self, answer: Answer) {
        answer.refused(401, "wrong-credentials");
        self.seen.lock().unwrap().may_try += 1;
        self.hashed.notify_one();
    }

    fn wait(&self, answer: Answer) {
        assert!(answer.header("retry-after").is_some());
        answer.refused(503, "busy");
        let mut seen = self.seen.lock().unwrap();
        seen.crowded += 1;
        let mut seen =
            self.hashed.wait_while(seen, |seen| seen.may_try == 0 && !seen.over).unwrap();
        seen.may_try = seen.may_try.saturating_sub(1);
    }

    fn end(&self) {
        self.seen.lock().unwrap().over = true;
        self.hashed.notify_all();
    }
}

/// All logins of one member, one after the other; how long each took.
fn log_in(app: &TestApp, member: usize) -> Vec<Duration> {
    let log_in = |n: usize| {
        let (began, name) = (Instant::now(), format!("member-{member}"));
        let client = from(app, &format!("198.51.{member}.{n}"));
        client.post("/auth/login", json!({"account": name, "password": PASSWORD})).expect(200);
        began.elapsed()
    };
    (0..LOGINS_OF_EACH).map(log_in).collect()
}

#[test]
fn one_address_that_floods_logins_shuts_out_nobody() {
    let (app, flood) = (&one_thread(), Flood::default());
    (0..MEMBERS).for_each(|n| drop(app.member(&format!("member-{n}"))));
    let mut took = thread::scope(|scope| {
        (0..FLOOD).for_each(|_| drop(scope.spawn(|| flood.push(app))));
        let log_in = |member| scope.spawn(move || log_in(app, member));
        let members: Vec<_> = (0..MEMBERS).map(log_in).collect();
        let took: Vec<_> = members.into_iter().map(|member| member.join()).collect();
        flood.end();
        took.into_iter().flat_map(|took| took.expect("all get in")).collect::<Vec<_>>()
    });
    took.sort_unstable();
    let place = |share: f64| took[(took.len() as f64 * share) as usize];
    eprintln!(
        "{} honest logins beside a flood of {FLOOD}: p50 {:?}, p99 {:?}",
        took.len(),
        place(0.5),
        place(0.99)
    );
    assert!(flood.seen.into_inner().unwrap().crowded > 0, "the flood was more than may wait");
}
