//! Answers that go on for long: whom they go on for, and how many there are.

use crate::wire;
use harness::{ADMIN_PASSWORD, Client, TestApp, id};
use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A stream that the server has begun, read from byte by byte.
pub fn open(app: &TestApp, client: &Client, path: &str) -> BufReader<TcpStream> {
    let token = client.header("Authorization").unwrap().as_bytes();
    let request = wire::request("GET", path.as_bytes(), &[("Authorization", token)], b"");
    let mut stream = TcpStream::connect(app.address()).unwrap();
    // A stream that never ends fails a test instead of keeping it for ever.
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(&request).unwrap();
    let mut lines = BufReader::new(stream);
    let mut status = String::new();
    lines.read_line(&mut status).unwrap();
    assert!(status.starts_with("HTTP/1.1 200"), "{status}");
    lines
}

/// What still comes until the connection ends.
pub fn rest(mut lines: BufReader<TcpStream>) -> Vec<u8> {
    let mut rest = Vec::new();
    let _ = lines.read_to_end(&mut rest);
    rest
}

pub fn batch(admin: &Client, count: u64) -> String {
    let body = json!({"count": count, "discount_percent": 5, "expires_at": "2030-01-01T00:00:00Z"});
    id(&admin.post("/coupon-batches", body).expect(201)).to_owned()
}

fn closed_because(lines: BufReader<TcpStream>) -> String {
    let said = String::from_utf8(rest(lines)).unwrap();
    let (_, last) =
        said.rsplit_once("event: closed\ndata: ").expect("it is closed in so many words");
    last.split('"').nth(3).unwrap().to_owned()
}

#[test]
fn events_end_with_the_session_that_asked_for_them() {
    let app = TestApp::start();
    let ends: [&dyn Fn(&Client); 3] = [
        &|admin| drop(admin.post("/auth/logout", json!({})).expect(204)),
        &|admin| drop(admin.post("/auth/logout-all", json!({})).expect(204)),
        &|admin| {
            let all = admin.get("/auth/sessions").expect(200);
            let current =
                all["items"].as_array().unwrap().iter().find(|one| one["current"] == true).unwrap();
            app.admin().delete(&format!("/auth/sessions/{}", id(current))).expect(204);
        },
    ];
    for end in ends {
        let admin = app.admin();
        let lines = open(&app, &admin, "/api/v1/events");
        end(&admin);
        assert_eq!(closed_because(lines), "revoked");
    }
}

#[test]
fn events_end_when_the_token_expires_or_its_member_is_deleted() {
    let app = TestApp::start_with(|config| config.token_s = 900);
    let admin = app.admin();
    let lines = open(&app, &admin, "/api/v1/events");
    app.pass_s(901);
    assert_eq!(closed_because(lines), "expired");

    let admin = app.admin();
    let body = json!({"username": "second", "password": ADMIN_PASSWORD, "role": "admin"});
    let second = admin.post("/users", body).expect(201);
    let lines = open(&app, &app.log_in("second", ADMIN_PASSWORD), "/api/v1/events");
    admin.delete(&format!("/users/{}", id(&second))).expect(204);
    assert_eq!(closed_because(lines), "revoked");
}

#[test]
fn codes_are_not_told_to_an_ended_session_and_break_off() {
    let app = TestApp::start();
    let (admin, other) = (app.admin(), app.admin());
    let path = format!("/api/v1/coupon-batches/{}/codes", batch(&admin, 5_000_000));
    let mut lines = open(&app, &admin, &path);
    let mut first = String::new();
    while !first.contains("\"index\":100,") {
        lines.read_line(&mut first).unwrap();
    }
    admin.post("/auth/logout", json!({})).expect(204);
    let rest = rest(lines);
    assert!(rest.len() < 50_000_000, "{} bytes were told", rest.len());
    assert!(!rest.ends_with(b"0\r\n\r\n"), "what broke off looks whole");
    // Whoever may, hears all of them.
    let few = format!("/coupon-batches/{}/codes", batch(&other, 5_000));
    assert_eq!(other.get(&few).text.lines().count(), 5_000);
}

#[test]
fn an_ended_session_leaves_its_seats_at_once_though_nobody_reads() {
    let app = TestApp::start_with(|config| config.streams = 3);
    let admin = app.admin();
    let codes = format!("/coupon-batches/{}/codes", batch(&admin, 5_000_000));
    let whole = format!("/api/v1{codes}");
    let unread: Vec<_> = (0..3)
        .flat_map(|_| [open(&app, &admin, "/api/v1/events"), open(&app, &admin, &whole)])
        .collect();
    admin.get("/events").refused(503, "busy");
    admin.get(&codes).refused(503, "busy");
    admin.post("/auth/logout", json!({})).expect(204);
    let admin = app.admin();
    drop((open(&app, &admin, "/api/v1/events"), open(&app, &admin, &whole)));
    drop(unread);
}

#[test]
fn a_large_answer_needs_room_unless_it_says_what_was_done() {
    let app = TestApp::start_with(|config| config.unread_answers = 1024);
    let admin = app.admin();
    (0..90).for_each(|_| drop(batch(&admin, 1)));
    admin.get("/coupon-batches").refused(503, "busy");
    admin.get("/coupon-batches?limit=2").expect(200);
    let body = json!({"count": 1000, "discount_percent": 5, "expires_at": "2030-01-01T00:00:00Z"});
    let made = admin.post("/coupons", body).expect(201);
    assert_eq!(made["codes"].as_array().unwrap().len(), 1000);
    // Read to its end, it holds nothing more.
    app.until("all is given back", || app.shared().rooms.answers.held() == 0);

    let app = TestApp::start();
    let admin = app.admin();
    (0..90).for_each(|_| drop(batch(&admin, 1)));
    assert_eq!(admin.get("/coupon-batches").expect(200)["items"].as_array().unwrap().len(), 90);
}
