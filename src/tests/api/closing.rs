//! Closing: by an administrator or by the clock, once and for good. What is held is released, what
//! is sold stays sold.

use actors::Time;
use harness::{TestApp, TicketBooks, id};
use serde_json::{Value, json};

const DAY: &str = "2026-12-31";
/// 2027-01-01T00:00:00Z
const END: Time = Time(1_798_761_600_000);
/// 2028-03-01T00:00:00Z
const MARCH: Time = Time(1_835_481_600_000);

fn state(app: &TestApp) -> Value {
    app.anybody().get("/lotteries/2026-12-31").expect(200)["state"].clone()
}

#[test]
fn a_closed_lottery_keeps_what_is_sold_and_frees_what_is_held() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    let sold = ada.hold(DAY, json!({"pattern": "1***", "count": 3})).expect(201);
    let bought = ada.confirm(id(&sold)).expect(200);
    let held = ada.hold(DAY, json!({"pattern": "2***", "count": 5})).expect(201);
    assert_eq!(app.books(DAY), TicketBooks { free: 9_992, held: 5, sold: 3 });

    let closed = app.admin().post("/lotteries/2026-12-31/close", json!({})).expect(200);
    assert_eq!(closed["state"], "closed");
    assert_eq!(app.books(DAY), TicketBooks { free: 9_997, held: 0, sold: 3 });
    assert_eq!(app.admin().post("/lotteries/2026-12-31/close", json!({})).expect(200), closed);

    for _ in 0..2 {
        ada.hold(DAY, json!({"pattern": "****"})).refused(409, "lottery-closed");
        ada.hold(DAY, json!({"number": "9999"})).refused(409, "lottery-closed");
        ada.confirm(id(&held)).refused(409, "hold-expired");
        ada.extend(id(&held), 600).refused(409, "hold-expired");
        app.admin()
            .post("/tickets/t_20261231_1000_1/refund", json!({}))
            .refused(409, "lottery-closed");
        assert_eq!(ada.confirm(id(&sold)).expect(200), bought);
        assert_eq!(ada.get("/holds").expect(200)["items"], json!([]));
        assert_eq!(ada.get("/tickets").expect(200)["items"].as_array().unwrap().len(), 3);
        assert_eq!(app.anybody().get("/lotteries").expect(200)["items"], json!([]));
        assert_eq!(state(&app), "closed");
        assert_eq!(app.books(DAY), TicketBooks { free: 9_997, held: 0, sold: 3 });
        app.restart();
    }
}

#[test]
fn closing_releases_thousands_of_holds() {
    let app = TestApp::start_with(|config| config.holds_per_member = 10_000);
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    for _ in 0..60 {
        ada.hold(DAY, json!({"pattern": "5***", "count": 10, "at_least": 10})).expect(201);
    }
    assert_eq!(app.books(DAY).held, 600);
    app.admin().post("/lotteries/2026-12-31/close", json!({})).expect(200);
    assert_eq!(app.books(DAY), TicketBooks { free: 10_000, held: 0, sold: 0 });
}

#[test]
fn asking_what_closing_would_do_closes_nothing() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    ada.hold(DAY, json!({"pattern": "****"})).expect(201);
    let closed =
        app.admin().post("/lotteries/2026-12-31/close?dry_run=true", json!({})).expect(200);
    assert_eq!(closed["state"], "closed");
    assert_eq!((state(&app), app.books(DAY).held), (json!("open"), 1));
    ada.hold(DAY, json!({"pattern": "****"})).expect(201);
}

#[test]
fn a_lottery_closes_by_itself_when_its_day_is_over() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    app.lottery("2027-01-01", 1);
    let ada = app.member("ada");
    let sold = ada.hold(DAY, json!({"pattern": "1***"})).expect(201);
    ada.confirm(id(&sold)).expect(200);
    app.set_time(END.minus_s(60));
    let ada = app.log_in("ada", harness::PASSWORD);
    let held = ada.hold(DAY, json!({"pattern": "****", "ttl_s": 3600})).expect(201);
    // No hold outlives the closing instant.
    assert_eq!(held["expires_at"], "2027-01-01T00:00:00.000Z");
    app.set_time(Time(END.0 - 1));
    assert_eq!((state(&app), app.books(DAY).held), (json!("open"), 1));
    app.set_time(END);
    ada.hold(DAY, json!({"pattern": "****"})).refused(409, "lottery-closed");
    ada.confirm(id(&held)).refused(409, "hold-expired");
    app.until("the lottery closes by itself", || state(&app) == "closed");
    assert_eq!(app.books(DAY), TicketBooks { free: 9_999, held: 0, sold: 1 });
    assert_eq!(app.anybody().get("/lotteries/2027-01-01").expect(200)["state"], "open");
}

#[test]
fn a_lottery_whose_day_ended_while_the_server_was_down_is_caught_up_with() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    app.lottery("2027-01-01", 1);
    app.member("ada").hold(DAY, json!({"pattern": "****"})).expect(201);
    app.stop();
    app.set_time(END.plus_s(86_400));
    app.serve();
    app.until("both days are caught up with", || {
        app.anybody().get("/lotteries").expect(200)["items"] == json!([])
    });
    assert_eq!(app.books(DAY), TicketBooks { free: 10_000, held: 0, sold: 0 });
    assert_eq!(state(&app), "closed");
}

#[test]
fn a_lottery_nobody_ever_bought_from_can_be_closed() {
    let app = TestApp::start();
    app.lottery(DAY, 1000);
    app.admin().post("/lotteries/2026-12-31/close", json!({})).expect(200);
    app.member("ada").hold(DAY, json!({"pattern": "****"})).refused(409, "lottery-closed");
    assert_eq!(app.books(DAY).free, 10_000_000);
}

#[test]
fn a_day_closes_in_time_although_hundreds_lie_ahead() {
    let app = TestApp::start_with(|config| config.job_interval_ms = 10);
    let days: Vec<String> =
        (0..150).map(|n| format!("20{}-{:02}-28", 28 + n / 12, 1 + n % 12)).collect();
    days.iter().for_each(|day| app.lottery(day, 1));
    app.lottery(DAY, 1);
    app.set_time(END);
    app.until("the first day is over", || state(&app) == "closed");
    // A later one that an administrator ended is over; the others are as they were.
    app.admin().post(&format!("/lotteries/{}/close", days[140]), json!({})).expect(200);
    assert_eq!(app.state_of(&days[140]), "closed");
    app.set_time(MARCH);
    app.until("two more are over", || [0, 1].iter().all(|n| app.state_of(&days[*n]) == "closed"));
    assert_eq!(app.state_of(&days[2]), "open");
    assert_eq!(app.state_of(&days[149]), "open");
}
