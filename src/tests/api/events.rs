//! The feed as server-sent events: live, from where one left off, and to the end.

use harness::{Client, TestApp, id};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};

const DAY: &str = "2099-12-31";

/// The lines of the stream, once the server has said that it listens.
pub fn listen(client: &Client, app: &TestApp, last: Option<&str>) -> Box<dyn BufRead> {
    let mut request = app.agent().get(format!("http://{}/api/v1/events", app.address()));
    request = request.header("Authorization", client.header("Authorization").unwrap());
    if let Some(last) = last {
        request = request.header("Last-Event-ID", last);
    }
    let answer = request.call().unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut lines = BufReader::new(answer.into_body().into_reader());
    let mut greeting = String::new();
    lines.read_line(&mut greeting).unwrap();
    assert_eq!(greeting, ": listening\n");
    Box::new(lines)
}

/// The next event: its id, its type, and the whole of it.
pub fn next(lines: &mut dyn BufRead) -> Option<(String, String, Value)> {
    let (mut id, mut kind) = (String::new(), String::new());
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).unwrap_or(0) == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some(("id", text)) => id = text.to_owned(),
            Some(("event", text)) => kind = text.to_owned(),
            Some(("data", text)) => return Some((id, kind, serde_json::from_str(text).unwrap())),
            _ => {}
        }
    }
}

fn buy(member: &Client) -> String {
    let held = member.hold(DAY, json!({"pattern": "****"})).expect(201);
    member.confirm(id(&held)).expect(200);
    id(&held).to_owned()
}

#[test]
fn whoever_listens_hears_what_happens_from_then_on() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let (admin, ada) = (app.admin(), app.member("ada"));
    buy(&ada);
    let mut lines = listen(&admin, &app, None);
    let bought: Vec<String> = (0..5).map(|_| buy(&ada)).collect();
    for hold in &bought {
        let (id, kind, event) = next(&mut lines).unwrap();
        assert_eq!(
            (kind.as_str(), &event["type"], &event["data"]["hold"]),
            ("tickets.confirmed", &json!("tickets.confirmed"), &json!(hold))
        );
        assert_eq!(event["id"], json!(id));
    }
}

#[test]
fn a_pool_with_a_name_is_told_by_both_words_and_a_lottery_by_one() {
    let app = TestApp::start();
    let (admin, ada) = (app.admin(), app.member("ada"));
    let mut lines = listen(&admin, &app, None);
    let gala = json!({"id": "gala", "closes_at": "2099-12-31T00:00:00Z", "tickets": {"digits": 4}});
    admin.post("/pools", gala).expect(201);
    let held = ada.post("/pools/gala/holds", json!({"pattern": "07**", "count": 2})).expect(201);
    ada.confirm(id(&held)).expect(200);
    admin.post(&format!("/holds/{}/refund", id(&held)), json!({})).expect(200);
    app.lottery(DAY, 1);
    for kind in ["lottery.created", "tickets.confirmed", "ticket.refunded", "ticket.refunded"] {
        let (_, told, event) = next(&mut lines).unwrap();
        assert_eq!(told, kind);
        let data = &event["data"];
        assert_eq!((&data["lottery"], &data["pool"]), (&json!("gala"), &json!("gala")), "{event}");
    }
    let (_, _, event) = next(&mut lines).unwrap();
    assert_eq!((&event["data"]["lottery"], event["data"].get("pool")), (&json!(DAY), None));
}

#[test]
fn a_broken_connection_goes_on_where_it_was_also_after_a_restart() {
    let app = TestApp::start();
    let (admin, ada) = (app.admin(), app.member("ada"));
    let mut lines = listen(&admin, &app, None);
    app.lottery(DAY, 1);
    let bought: Vec<String> = (0..4).map(|_| buy(&ada)).collect();
    let heard: Vec<(String, String, Value)> = (0..5).map(|_| next(&mut lines).unwrap()).collect();
    assert_eq!(heard[0].1, "lottery.created");
    assert_eq!(
        heard[1..]
            .iter()
            .map(|(_, _, event)| event["data"]["hold"].as_str().unwrap())
            .collect::<Vec<_>>(),
        bought
    );
    for _ in 0..2 {
        for (place, (id, ..)) in heard.iter().enumerate() {
            let mut lines = listen(&admin, &app, Some(id));
            let rest: Vec<_> =
                heard[place + 1..].iter().map(|_| next(&mut lines).unwrap()).collect();
            assert_eq!(rest, heard[place + 1..]);
        }
        app.restart();
    }
    for unknown in ["nonsense", "evt_0_0", "evt_999999_0", "evt_18446744073709551615_0"] {
        admin.clone().with("Last-Event-ID", unknown).get("/events").refused(400, "not-readable");
    }
}

#[test]
fn what_was_archived_is_told_to_those_who_go_on_from_before_it() {
    let app = TestApp::start();
    if !app.has_a_file() {
        return;
    }
    let (admin, ada) = (app.admin(), app.member("ada"));
    let mut lines = listen(&admin, &app, None);
    app.lottery(DAY, 1);
    (0..3).for_each(|_| drop(buy(&ada)));
    let heard: Vec<_> = (0..4).map(|_| next(&mut lines).unwrap()).collect();
    app.pass_s(60);
    app.stop();
    let said = app.archive();
    assert!(said.starts_with("archived ") && said.contains(" in 1 segments"), "{said}");
    assert!(app.archive().starts_with("archived 0 frames"));
    app.serve();
    buy(&ada);
    for (place, (id, ..)) in heard.iter().enumerate() {
        let mut lines = listen(&admin, &app, Some(id));
        let rest: Vec<_> = heard[place + 1..].iter().map(|_| next(&mut lines).unwrap()).collect();
        assert_eq!(rest, heard[place + 1..]);
        assert_eq!(next(&mut lines).unwrap().1, "tickets.confirmed", "what came after it");
    }
}

#[test]
fn the_stream_ends_when_the_server_stops() {
    let app = TestApp::start();
    let mut lines = listen(&app.admin(), &app, None);
    app.stop();
    assert_eq!(next(&mut lines), None);
}

#[test]
fn so_many_may_listen_and_a_seat_that_is_left_is_free() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let (admin, ada) = (app.admin(), app.member("ada"));
    let mut all: Vec<_> = (0..64).map(|_| listen(&admin, &app, None)).collect();
    admin.get("/events").refused(503, "busy");
    buy(&ada);
    assert!(all.iter_mut().all(|lines| next(lines).is_some()));
    drop(all);
    // The server notices at its next word to one of them.
    app.until("a seat is free", || {
        buy(&ada);
        let answer = app
            .agent()
            .get(format!("http://{}/api/v1/events", app.address()))
            .header("Authorization", admin.header("Authorization").unwrap());
        answer.call().unwrap().status() == 200
    });
}
