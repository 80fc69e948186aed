//! Holds end by the engine's own clock: not a millisecond early, not one late, and whether or not
//! anybody looks.

use actors::Time;
use harness::{TestApp, TicketBooks, id, numbers};
use serde_json::json;

const DAY: &str = "2026-12-31";

/// What the log says of the slice: how many facts it has of it.
fn facts_of(app: &TestApp, slice: &str) -> u64 {
    app.records_of(&format!("tickets/{DAY}/{slice}"))
}

#[test]
fn a_hold_ends_exactly_on_time() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let (ada, bob) = (app.member("ada"), app.member("bob"));
    let held = ada.hold(DAY, json!({"number": "0001", "ttl_s": 60})).expect(201);
    let end = app.now().plus_s(60);
    app.set_time(Time(end.0 - 1));
    assert_eq!(app.books(DAY).held, 1);
    bob.hold(DAY, json!({"number": "0001"})).refused(409, "no-match-left");
    app.set_time(end);
    assert_eq!(numbers(&bob.hold(DAY, json!({"number": "0001"})).expect(201)), ["0001"]);
    ada.confirm(id(&held)).refused(409, "hold-expired");
    ada.extend(id(&held), 60).refused(409, "hold-expired");
    ada.release(id(&held)).refused(409, "hold-expired");
    ada.get(&format!("/holds/{}", id(&held))).refused(404, "not-found");
    assert_eq!(ada.get("/holds").expect(200)["items"], json!([]));
    assert_eq!(app.books(DAY), TicketBooks { free: 9_999, held: 1, sold: 0 });
}

#[test]
fn a_hold_can_be_confirmed_in_its_last_millisecond() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    let held = ada.hold(DAY, json!({"number": "0001", "ttl_s": 60})).expect(201);
    app.set_time(Time(app.now().plus_s(60).0 - 1));
    ada.confirm(id(&held)).expect(200);
    app.pass_s(3600);
    assert_eq!(app.books(DAY), TicketBooks { free: 9_999, held: 0, sold: 1 });
}

#[test]
fn nothing_but_time_is_needed_for_a_hold_to_end() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    app.member("ada").hold(DAY, json!({"number": "0001", "ttl_s": 60})).expect(201);
    let before = facts_of(&app, "0***");
    app.pass_s(60);
    app.until("the hold ends although nobody asks", || facts_of(&app, "0***") == before + 1);
    assert_eq!(app.books(DAY).held, 0);
    assert_eq!(facts_of(&app, "0***"), before + 1);
}

#[test]
fn a_hold_that_ended_while_the_server_was_down_has_ended() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    let held = ada.hold(DAY, json!({"number": "0001", "ttl_s": 60})).expect(201);
    app.stop();
    app.pass_s(60);
    app.serve();
    ada.confirm(id(&held)).refused(409, "hold-expired");
    assert_eq!(app.books(DAY), TicketBooks { free: 10_000, held: 0, sold: 0 });
}

#[test]
fn a_hold_that_ended_while_the_server_was_down_ends_although_nobody_asks() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    app.member("ada").hold(DAY, json!({"number": "0001", "ttl_s": 60})).expect(201);
    let before = facts_of(&app, "0***");
    app.stop();
    app.pass_s(60);
    app.serve();
    app.until("the sleeper is woken", || facts_of(&app, "0***") == before + 1);
}

#[test]
fn a_hold_outlives_a_restart_to_the_millisecond() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let (ada, bob) = (app.member("ada"), app.member("bob"));
    let held = ada.hold(DAY, json!({"number": "0001", "ttl_s": 60})).expect(201);
    let end = app.now().plus_s(60);
    app.restart();
    assert_eq!(ada.get(&format!("/holds/{}", id(&held))).expect(200), held);
    app.set_time(Time(end.0 - 1));
    bob.hold(DAY, json!({"number": "0001"})).refused(409, "no-match-left");
    app.set_time(end);
    bob.hold(DAY, json!({"number": "0001"})).expect(201);
}

#[test]
fn an_extended_hold_does_not_end_when_it_would_have() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    let held = ada.hold(DAY, json!({"number": "0001", "ttl_s": 60})).expect(201);
    ada.extend(id(&held), 120).expect(200);
    app.pass_s(119);
    app.restart();
    assert_eq!(app.books(DAY).held, 1);
    app.pass_s(1);
    assert_eq!(app.books(DAY).held, 0);
    ada.confirm(id(&held)).refused(409, "hold-expired");
}

#[test]
fn all_holds_that_end_in_the_same_instant_end() {
    let app = TestApp::start_with(|config| config.holds_per_member = 1000);
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    for number in 0..200 {
        ada.hold(DAY, json!({"number": format!("{number:04}"), "ttl_s": 60})).expect(201);
    }
    assert_eq!(app.books(DAY).held, 200);
    app.pass_s(60);
    assert_eq!(app.books(DAY), TicketBooks { free: 10_000, held: 0, sold: 0 });
    assert_eq!(ada.get("/holds").expect(200)["items"], json!([]));
}

#[test]
fn a_clock_that_goes_back_brings_nothing_back() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    let held = ada.hold(DAY, json!({"number": "0001", "ttl_s": 60})).expect(201);
    app.pass_s(60);
    assert_eq!(app.books(DAY).held, 0);
    app.pass_s(-60);
    ada.confirm(id(&held)).refused(409, "hold-expired");
    app.restart();
    ada.confirm(id(&held)).refused(409, "hold-expired");
    let next = ada.hold(DAY, json!({"number": "0001", "ttl_s": 60})).expect(201);
    assert_eq!(next["expires_at"], "2026-12-01T12:02:00.000Z");
}
