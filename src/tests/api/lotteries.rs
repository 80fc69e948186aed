//! Lotteries: made once for a day, seen by everybody, over when their day is over where the crowd
//! lives.

use crate::campaigns::with;
use actors::Time;
use harness::{NOON, TODAY, TestApp, numbers, pointers};
use serde_json::{Value, json};

const DAY: &str = "2026-12-31";

fn in_zone(zone: &str) -> TestApp {
    let zone = jiff::tz::TimeZone::get(zone).unwrap();
    TestApp::start_with(|config| config.time_zone = zone)
}

fn closes_at(app: &TestApp, day: &str) -> Value {
    app.lottery(day, 1);
    app.anybody().get(&format!("/lotteries/{day}")).expect(200)["closes_at"].clone()
}

#[test]
fn a_lottery_is_what_its_creation_said() {
    let app = TestApp::start();
    let made = app
        .admin()
        .post(
            "/lotteries",
            json!({"closes_on": DAY, "name": "New Year", "tickets": {"copies": 10}}),
        )
        .expect(201);
    let expected = json!({
        "closes_on": DAY, "closes_at": "2027-01-01T00:00:00.000Z", "name": "New Year",
            "state": "open",
        "created_at": "2026-12-01T12:00:00.000Z",
        "tickets": {"digits": 6, "copies": 10, "stock": 10_000_000, "slices": 10,
            "held_per_member_and_slice": 100},
        "ballots": null, "figures": "public",
    });
    assert_eq!(made, expected);
    assert_eq!(app.anybody().get("/lotteries/2026-12-31").expect(200), expected);
    assert_eq!(app.books(DAY).free, 10_000_000);
    app.restart();
    assert_eq!(app.anybody().get("/lotteries/2026-12-31").expect(200), expected);
    assert_eq!(app.books(DAY).free, 10_000_000);
}

#[test]
fn a_lottery_without_a_name_gets_one() {
    let app = TestApp::start();
    let made =
        app.admin().post("/lotteries", json!({"closes_on": DAY, "ballots": true})).expect(201);
    assert_eq!(made["name"], "Lottery of 2026-12-31");
    assert_eq!(made["tickets"], Value::Null);
}

#[test]
fn a_day_has_one_lottery() {
    let app = TestApp::start();
    app.lottery(DAY, 3);
    let second = json!({"closes_on": DAY, "tickets": {"digits": 5, "copies": 1}});
    app.admin().post("/lotteries", second.clone()).refused(409, "lottery-exists");
    app.restart();
    app.admin().post("/lotteries", second).refused(409, "lottery-exists");
    assert_eq!(app.books(DAY).free, 30_000);
}

#[test]
fn a_lottery_closes_today_or_later() {
    let app = TestApp::start();
    for day in [
        "2026-11-30",
        "1999-12-31",
        "2026-02-30",
        "2026-13-01",
        "tomorrow",
        "",
        "2026-12-31T00:00:00Z",
    ] {
        let refused =
            app.admin().post("/lotteries", json!({"closes_on": day})).refused(422, "invalid");
        assert_eq!(pointers(&refused), ["/closes_on"], "{day}");
    }
    app.admin().post("/lotteries", json!({"closes_on": TODAY, "ballots": true})).expect(201);
}

#[test]
fn what_a_lottery_cannot_be_is_pointed_at() {
    let app = TestApp::start();
    for (tickets, pointer) in [
        (json!({"digits": 3}), "/tickets/digits"),
        (json!({"digits": 8}), "/tickets/digits"),
        (json!({"digits": 256}), "/tickets/digits"),
        (json!({"copies": 0}), "/tickets/copies"),
        (json!({"copies": 1001}), "/tickets/copies"),
        (json!({"copies": -1}), "/tickets/copies"),
        (json!({"colour": "red"}), "/tickets/colour"),
    ] {
        let refused = app
            .admin()
            .post("/lotteries", json!({"closes_on": DAY, "tickets": tickets}))
            .refused(422, "invalid");
        assert_eq!(pointers(&refused), [pointer], "{tickets}");
    }
    for name in ["", "  ", "two\nlines", &"n".repeat(201)] {
        let refused = app
            .admin()
            .post("/lotteries", json!({"closes_on": DAY, "ballots": true, "name": name}))
            .refused(422, "invalid");
        assert_eq!(pointers(&refused), ["/name"], "{name}");
    }
    app.anybody().get("/lotteries/2026-12-31").refused(404, "not-found");
}

#[test]
fn a_lottery_with_neither_tickets_nor_ballots_is_refused() {
    let app = TestApp::start();
    for plan in [json!({}), json!({"ballots": false}), json!({"tickets": null})] {
        let refused = app
            .admin()
            .post("/lotteries", with(plan.clone(), json!({"closes_on": DAY})))
            .refused(422, "invalid");
        assert_eq!(pointers(&refused), ["/tickets"], "{plan}");
    }
    app.anybody().get("/lotteries/2026-12-31").refused(404, "not-found");
}

#[test]
fn a_lottery_without_tickets_says_so() {
    let app = TestApp::start();
    app.admin().post("/lotteries", json!({"closes_on": DAY, "ballots": true})).expect(201);
    app.member("ada").hold(DAY, json!({"pattern": "******"})).refused(409, "no-tickets");
    app.anybody().get("/lotteries/2026-12-31/tickets?pattern=******").refused(409, "no-tickets");
}

#[test]
fn only_an_administrator_makes_or_closes_a_lottery() {
    let app = TestApp::start();
    let ada = app.member("ada");
    ada.post("/lotteries", json!({"closes_on": DAY})).refused(403, "forbidden");
    app.anybody().post("/lotteries", json!({"closes_on": DAY})).refused(401, "unauthenticated");
    app.lottery(DAY, 1);
    ada.post("/lotteries/2026-12-31/close", json!({})).refused(403, "forbidden");
    assert_eq!(app.anybody().get("/lotteries/2026-12-31").expect(200)["state"], "open");
}

#[test]
fn the_list_shows_what_is_open_by_closing_day_page_by_page() {
    let app = TestApp::start();
    let days = ["2026-12-05", "2026-12-24", "2027-01-06", "2028-02-29", "2030-01-01"];
    days.iter().rev().for_each(|day| app.lottery(day, 1));
    app.admin().post("/lotteries/2026-12-24/close", json!({})).expect(200);
    let mut seen = Vec::new();
    let mut path = "/lotteries?limit=2".to_owned();
    loop {
        let page = app.anybody().get(&path).expect(200);
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|lottery| lottery["closes_on"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        app.restart();
        path = format!("/lotteries?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, ["2026-12-05", "2027-01-06", "2028-02-29", "2030-01-01"]);
}

#[test]
fn a_day_ends_at_midnight_in_the_configured_zone_also_when_the_clocks_change() {
    let app = in_zone("Europe/Berlin");
    assert_eq!(closes_at(&app, "2026-12-31"), "2026-12-31T23:00:00.000Z");
    assert_eq!(closes_at(&app, "2027-03-27"), "2027-03-27T23:00:00.000Z");
    assert_eq!(closes_at(&app, "2027-03-28"), "2027-03-28T22:00:00.000Z");
    assert_eq!(closes_at(&app, "2027-10-30"), "2027-10-30T22:00:00.000Z");
    assert_eq!(closes_at(&app, "2027-10-31"), "2027-10-31T23:00:00.000Z");
}

#[test]
fn a_day_whose_midnight_is_skipped_ends_when_the_next_one_begins() {
    let app = in_zone("Africa/Cairo");
    // On the last Friday of April the clocks go from 00:00 to 01:00.
    assert_eq!(closes_at(&app, "2027-04-29"), "2027-04-29T22:00:00.000Z");
    assert_eq!(closes_at(&app, "2027-04-30"), "2027-04-30T21:00:00.000Z");
}

#[test]
fn which_day_is_today_is_a_matter_of_the_zone() {
    let east = in_zone("Pacific/Kiritimati");
    east.admin().post("/lotteries", json!({"closes_on": TODAY})).refused(422, "invalid");
    let west = in_zone("Pacific/Pago_Pago");
    west.set_time(Time(NOON.0 + 22 * 3600 * 1000));
    west.admin().post("/lotteries", json!({"closes_on": TODAY, "ballots": true})).expect(201);
}

#[test]
fn tickets_are_to_be_had_until_the_last_millisecond_of_the_day_where_the_crowd_lives() {
    let app = in_zone("Europe/Berlin");
    app.lottery("2027-03-28", 1);
    let ada = app.member("ada");
    // Summer time began that day, which therefore has 23 hours: 2027-03-28T22:00:00Z.
    let end = Time(1_806_271_200_000);
    app.set_time(Time(end.0 - 1));
    let ada = if ada.get("/me").status == 401 { app.log_in("ada", harness::PASSWORD) } else { ada };
    assert_eq!(numbers(&ada.hold("2027-03-28", json!({"number": "0000"})).expect(201)), ["0000"]);
    app.set_time(end);
    ada.hold("2027-03-28", json!({"number": "0001"})).refused(409, "lottery-closed");
}
