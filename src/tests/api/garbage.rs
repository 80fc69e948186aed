//! Garbage from a seed, at every route: whatever comes, the server answers, never with a 500, and
//! its books balance afterwards.

use crate::wire;
use actors::dice::Dice;
use harness::{ENDLESS, PASSWORD, TestApp, id};
use serde_json::json;
use stampede::http::api;

const DAY: &str = "2026-12-31";
const REQUESTS: u64 = 3000;

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW"];
const PLACES: &[&str] = &[
    DAY,
    "2027-01-31",
    "2026-12-32",
    "0000-01-01",
    "9999-12-31",
    "h_20261231_4_1_0",
    "h_20261231_4_9_4294967295",
    "h_00000000_4_1_0",
    "t_20261231_1000_1",
    "t_20261231_1000_65535",
    "bl_20261231_0_0_0000000000000000",
    "bl_20261231_63_18446744073709551615_ffffffffffffffff",
    "%00",
    "%ff",
    "%2e%2e",
    "..",
    "-1",
    "x",
    "00000000000000000000000000000000",
    "%F0%9F%8E%9F",
];
const QUERIES: &[&str] = &[
    "",
    "?",
    "?limit=1",
    "?limit=0",
    "?limit=99999999999999999999",
    "?cursor=AAAA",
    "?cursor=%ff",
    "?dry_run=true",
    "?dry_run",
    "?pattern=****",
    "?pattern=%2A%2A%2A%2A",
    "?pattern=1",
    "?&&==",
    "?a=b&a=b",
    "?%00=%00",
];
const NAMES: &[&str] = &[
    "pattern",
    "number",
    "count",
    "at_least",
    "ttl_s",
    "closes_on",
    "name",
    "tickets",
    "digits",
    "copies",
    "ballots",
    "winners",
    "reserves",
    "beacon",
    "username",
    "email",
    "phone",
    "password",
    "account",
    "refresh_token",
    "token",
    "old_password",
    "new_password",
    "full_name",
    "birthday",
    "role",
    "ready",
    "x",
    "",
];
const VALUES: &[&str] = &[
    "null",
    "true",
    "0",
    "1",
    "-1",
    "10",
    "11",
    "1e308",
    "1.5",
    "65536",
    "4294967296",
    "18446744073709551615",
    "\"\"",
    "\"****\"",
    "\"1***\"",
    "\"1000\"",
    "\"2027-01-31\"",
    "\"2026-02-30\"",
    "\"ada\"",
    "\"correct horse battery\"",
    "\"\\u0000\"",
    "\"\\ud83c\\udf9f\"",
    "\"\\ud800\"",
    "[]",
    "{}",
    "[1,2]",
    "{\"digits\":4}",
    "{\"most\":5}",
    "{\"round\":18446744073709551615}",
    "{\"digits\":4,\"copies\":1000}",
    "\"a@b\"",
    "\"+49 30 1234567\"",
    "\"admin\"",
    "1e999",
    "-0",
    "\u{7f}",
];

struct Garbage {
    dice: Dice,
    paths: Vec<String>,
    tokens: Vec<String>,
}

impl Garbage {
    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.dice.below(of.len() as u64) as usize]
    }

    fn path(&mut self) -> String {
        let route = self.paths[self.dice.below(self.paths.len() as u64) as usize].clone();
        let parts: Vec<&str> = route
            .split('/')
            .map(|part| if part.starts_with('{') { self.one(PLACES) } else { part })
            .collect();
        parts.join("/") + self.one(QUERIES)
    }

    fn body(&mut self) -> Vec<u8> {
        let fields = (0..self.dice.below(4))
            .map(|_| format!("\"{}\":{}", self.one(NAMES), self.one(VALUES)));
        let mut body = format!("{{{}}}", fields.collect::<Vec<_>>().join(",")).into_bytes();
        if self.dice.below(5) == 0 {
            let place = self.dice.below(body.len() as u64) as usize;
            body[place] = self.dice.roll() as u8;
        }
        body
    }

    fn request(&mut self) -> Vec<u8> {
        let (method, path, body) = (self.one(METHODS), self.path(), self.body());
        let token = self.tokens[self.dice.below(self.tokens.len() as u64) as usize].clone();
        let mut headers: Vec<(&str, &[u8])> = vec![("Connection", b"close")];
        if !token.is_empty() {
            headers.push(("Authorization", token.as_bytes()));
        }
        let key = format!("\"{}\"", self.dice.below(20));
        for (name, value) in [
            ("Idempotency-Key", key.as_bytes()),
            ("On-Behalf-Of", b"seven"),
            ("X-Request-Id", b"\xff"),
            ("Content-Type", b"application/x-www-form-urlencoded"),
            ("Accept-Encoding", b"gzip"),
        ] {
            if self.dice.below(4) == 0 {
                headers.push((name, value));
            }
        }
        wire::request(method, path.as_bytes(), &headers, &body)
    }
}

/// Somebody has bought, somebody holds, and there are callers of every kind.
fn scene(seed: u64) -> (TestApp, Garbage) {
    let app = TestApp::start_with(|config| {
        (config.failures_per_minute, config.account_failures_per_minute) = (1_000_000, 1_000_000)
    });
    app.ballots(DAY, json!({"tickets": {"digits": 4, "copies": 2}, "winners": 2}));
    let ada = app.member("ada");
    let held = ada.hold(DAY, json!({"number": "1000", "count": 2})).expect(201);
    ada.confirm(id(&held)).expect(200);
    ada.submit(DAY).expect(201);
    let header = |client: harness::Client| client.header("Authorization").unwrap().to_owned();
    let tokens = vec![
        String::new(),
        "Bearer x".into(),
        header(ada),
        header(app.admin()),
        header(app.service("shop")),
    ];
    // The answers of some never end by themselves.
    let all = api::endpoints().into_iter().filter(|endpoint| !ENDLESS.contains(&endpoint.path));
    let mut paths: Vec<String> = all.map(|endpoint| format!("/api/v1{}", endpoint.path)).collect();
    paths.extend(api::endpoints_at_root().iter().map(|endpoint| endpoint.path.to_owned()));
    paths.extend(
        [
            "/",
            "/docs/",
            "/console/{file}",
            "/draws/{pool}",
            "/problems/{name}",
            "/openapi.json",
            "/api/v1/{x}",
            "/{x}",
        ]
        .map(String::from),
    );
    (app, Garbage { dice: Dice::new(seed), paths, tokens })
}

fn shown(request: &[u8]) -> String {
    request.escape_ascii().to_string()
}

/// It still serves, the books balance, and the log is in order.
fn all_is_well(app: &TestApp) {
    app.books(DAY);
    app.anybody()
        .post("/auth/login", json!({"username": "admin", "password": harness::ADMIN_PASSWORD}))
        .expect(200);
    app.stop();
    if let Err(error) = app.verified() {
        panic!("{error:#}");
    }
}

#[test]
fn whatever_is_asked_is_answered_and_never_with_a_defect() {
    let seed = 7;
    let (app, mut garbage) = scene(seed);
    for n in 0..REQUESTS {
        let request = garbage.request();
        let answer = wire::send(&app, &request).unwrap_or_else(|| {
            panic!("seed {seed}, request {n} got no answer: {}", shown(&request))
        });
        assert_ne!(
            answer.status,
            500,
            "seed {seed}, request {n}: {} {}",
            shown(&request),
            answer.text
        );
        if answer.status >= 400 && !request.starts_with(b"HEAD") && !answer.text.is_empty() {
            assert_eq!(
                answer.header("content-type"),
                Some("application/problem+json"),
                "seed {seed}, request {n}: {}",
                shown(&request)
            );
        }
    }
    assert_eq!(app.log_in("ada", PASSWORD).get("/tickets").status, 200);
    all_is_well(&app);
}

#[test]
fn what_is_hardly_http_does_no_harm() {
    let seed = 11;
    let (app, mut garbage) = scene(seed);
    for n in 0..REQUESTS / 3 {
        let mut request = garbage.request();
        for _ in 0..=garbage.dice.below(4) {
            let place = garbage.dice.below(request.len() as u64) as usize;
            request[place] = garbage.dice.roll() as u8;
        }
        // What is promised by a wrong length never comes; the end of the stream has to be enough.
        if let Some(answer) = wire::send_and_hang_up(&app, &request) {
            assert_ne!(
                answer.status,
                500,
                "seed {seed}, request {n}: {} {}",
                shown(&request),
                answer.text
            );
        }
    }
    all_is_well(&app);
}
