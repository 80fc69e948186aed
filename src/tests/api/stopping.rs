//! Stopping: what was accepted is finished and answered, and what comes after finds another node.

use crate::{streams, wire};
use harness::{Client, PASSWORD, TestApp, id};
use serde_json::json;
use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

const DAY: &str = "2026-12-31";

/// Buys until the server is gone. Returns the holds that were acknowledged, and how many requests
/// were never answered.
fn buy_until_it_is_gone(client: &Client, bought: &AtomicU64) -> (Vec<String>, u64) {
    let mut holds = Vec::new();
    loop {
        match client.try_to_post("/lotteries/2026-12-31/holds", json!({"pattern": "****"})) {
            Some(answer) if answer.status == 201 => {
                holds.push(id(&answer.body).to_owned());
                bought.fetch_add(1, Ordering::SeqCst);
            }
            Some(answer) => {
                answer.refused(503, "not-ready");
                return (holds, 0);
            }
            None => return (holds, 1),
        }
    }
}

#[test]
fn what_was_accepted_before_a_stop_is_answered_and_kept_and_nothing_else_is() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let members: Vec<Client> = (0..8).map(|n| app.member(&format!("member-{n}"))).collect();
    for round in 1..=3 {
        let bought = AtomicU64::new(0);
        let before = app.books(DAY).held;
        let outcomes: Vec<_> = thread::scope(|scope| {
            let buying: Vec<_> = members
                .iter()
                .map(|member| scope.spawn(|| buy_until_it_is_gone(member, &bought)))
                .collect();
            while bought.load(Ordering::SeqCst) < 50 {
                thread::yield_now();
            }
            app.stop();
            buying.into_iter().map(|buyer| buyer.join().unwrap()).collect()
        });
        app.serve();
        let acknowledged: u64 = outcomes.iter().map(|(holds, _)| holds.len() as u64).sum();
        assert_eq!(
            app.books(DAY).held - before,
            acknowledged,
            "round {round}: something was done that nobody was told"
        );
        for (member, (holds, _)) in members.iter().zip(&outcomes) {
            holds.iter().for_each(|hold| {
                assert_eq!(member.get(&format!("/holds/{hold}")).expect(200)["state"], "held")
            });
        }
    }
    app.stop();
    assert!(app.verified().is_ok());
}

#[test]
fn what_is_told_when_the_node_stops_comes_to_its_end() {
    /// Of a body in chunks.
    const LAST: &[u8] = b"0\r\n\r\n";
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let admin = app.admin();
    let codes = format!("/coupon-batches/{}/codes", streams::batch(&admin, 200_000));
    let whole = admin.get(&codes).text;
    let codes = format!("/api/v1{codes}");
    let left = format!("/api/v1/pools/{DAY}/availability/events");
    // None of the others ends by itself, and of the codes more is left than the system keeps.
    let paths = ["/api/v1/events", "/api/v1/events/bulletins", "/api/v1/live", &left, &codes];
    let told = paths.map(|path| streams::open(&app, &admin, path));
    let shared = app.shared();
    thread::scope(|scope| {
        let told = told.map(|lines| {
            let shared = shared.clone();
            scope.spawn(move || {
                while !shared.draining.load(Ordering::SeqCst) {
                    thread::yield_now();
                }
                drop(shared);
                streams::rest(lines)
            })
        });
        drop(shared);
        app.stop();
        for (path, told) in paths.iter().zip(told) {
            let told = told.join().unwrap();
            assert!(told.ends_with(LAST), "{path}: {:?}", String::from_utf8_lossy(&told));
            if *path == codes {
                assert!(told.len() > whole.len(), "{} of {}", told.len(), whole.len());
            }
        }
    });
    app.serve();
}

#[test]
fn a_body_that_is_whole_only_when_the_node_stops_is_refused_like_any_other_request() {
    let app = TestApp::start();
    let shared = app.shared();
    let body = json!({"username": "ada", "password": PASSWORD}).to_string();
    let whole = wire::request("POST", b"/api/v1/auth/register", &[], body.as_bytes());
    let (begun, rest) = whole.split_at(whole.len() - 5);
    let mut stream = TcpStream::connect(app.address()).unwrap();
    stream.write_all(begun).unwrap();
    let is_waiting = || shared.rooms.bodies.held() > 0;
    // It is not counted as accepted, so a stop would not wait for it.
    app.until("it waits for its body", || {
        is_waiting() && shared.requests.load(Ordering::SeqCst) == 0
    });
    shared.draining.store(true, Ordering::SeqCst);
    stream.write_all(rest).unwrap();
    wire::answer_of(stream).unwrap().refused(503, "not-ready");
    shared.draining.store(false, Ordering::SeqCst);
    // Nothing was done.
    app.member("ada");
}

#[test]
fn a_stopped_server_leaves_a_database_that_needs_no_repair() {
    let app = TestApp::start();
    if !app.has_a_file() {
        return;
    }
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    let held = ada.hold(DAY, json!({"pattern": "****"})).expect(201);
    ada.confirm(id(&held)).expect(200);
    app.stop();
    assert!(!app.data().join("stampede.db-wal").exists(), "the write-ahead log was not folded in");
    let verified = app.verified().unwrap();
    assert!(verified.partitions >= 2 && verified.records >= 4, "{verified:?}");
}
