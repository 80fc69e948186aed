//! The end of the day: each lottery is closed and drawn once, in the order of days, however the
//! clock behaves and however long nobody was there.

use actors::Time;
use harness::{PASSWORD, TestApp, TestReceiver, id};
use serde_json::{Value, json};

const DAY: &str = "2026-12-31";

fn closes_at(lottery: &Value) -> Time {
    Time(
        lottery["closes_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond(),
    )
}

fn winner(app: &TestApp, day: &str) -> Value {
    app.anybody().get(&format!("/lotteries/{day}/winner")).expect(200)
}

#[test]
fn three_midnights_that_nobody_saw_are_caught_up_with_in_order_and_once() {
    let days = ["2026-12-01", "2026-12-02", "2026-12-03"];
    let app = TestApp::start_with(|config| config.webhook_private_addresses = true);
    let receiver = TestReceiver::start();
    app.admin()
        .post(
            "/webhooks",
            json!({"url": receiver.url(), "events": ["lottery.closed", "lottery.drawn"]}),
        )
        .expect(201);
    let ada = app.member("ada");
    for day in days.iter().rev() {
        app.ballots(day, json!({}));
        (0..3).for_each(|_| drop(ada.submit(day).expect(201)));
    }
    app.ballots(DAY, json!({}));
    app.stop();
    app.set_time(Time(harness::NOON.0 + 3 * 86_400_000));
    app.serve();
    app.until("all three are drawn", || days.iter().all(|day| app.state_of(day) == "drawn"));
    let drawn: Vec<Value> = days.iter().map(|day| winner(&app, day)).collect();
    assert!(drawn.iter().all(|draw| draw["winner"]["ballot"].is_string()), "{drawn:?}");
    assert_eq!(app.state_of(DAY), "open");
    // Nothing of it is done again.
    app.restart();
    app.admin().post(&format!("/lotteries/{DAY}/close"), json!({})).expect(200);
    let told = || receiver.events();
    app.until("the last draw is told", || {
        told().last().is_some_and(|event| {
            event["type"] == "lottery.drawn" && event["data"]["lottery"] == DAY
        })
    });
    let order: Vec<(String, String)> = told()
        .iter()
        .map(|event| {
            (
                event["data"]["lottery"].as_str().unwrap().to_owned(),
                event["type"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let both = |day: &&str| {
        [
            (day.to_string(), "lottery.closed".to_owned()),
            (day.to_string(), "lottery.drawn".to_owned()),
        ]
    };
    assert_eq!(order, [&days[..], &[DAY]].concat().iter().flat_map(both).collect::<Vec<_>>());
    assert_eq!(days.iter().map(|day| winner(&app, day)).collect::<Vec<_>>(), drawn);
}

#[test]
fn ballots_are_taken_until_the_last_millisecond_of_a_day_of_any_length() {
    // A day of 23 hours, one of 25, one that ends where the next one's first hour is skipped, and
    // one that begins behind such a gap.
    for (zone, day, hours) in [
        ("Europe/Berlin", "2027-03-28", 23),
        ("Europe/Berlin", "2027-10-31", 25),
        ("Africa/Cairo", "2027-04-29", 24),
        ("Africa/Cairo", "2027-04-30", 23),
    ] {
        let app =
            TestApp::start_with(|config| config.time_zone = jiff::tz::TimeZone::get(zone).unwrap());
        let end = closes_at(&app.ballots(day, json!({})));
        let before = day.parse::<jiff::civil::Date>().unwrap().yesterday().unwrap().to_string();
        assert_eq!(
            end.0 - closes_at(&app.ballots(&before, json!({}))).0,
            hours * 3_600_000,
            "{zone} {day}"
        );
        app.member("ada");
        app.set_time(Time(end.0 - 1));
        let ada = app.log_in("ada", PASSWORD);
        let ballot = ada.submit(day).expect(201);
        ada.submit(&before).refused(409, "lottery-closed");
        assert_eq!(app.state_of(day), "open");
        app.set_time(end);
        ada.submit(day).refused(409, "lottery-closed");
        app.until("both are drawn by themselves", || {
            app.state_of(day) == "drawn" && app.state_of(&before) == "drawn"
        });
        assert_eq!(winner(&app, day)["winner"]["ballot"], id(&ballot));
        assert_eq!(winner(&app, &before)["winner"], Value::Null);
    }
}

#[test]
fn a_clock_that_is_set_back_opens_nothing_and_draws_nothing_again() {
    let app = TestApp::start();
    let end = closes_at(&app.ballots(DAY, json!({})));
    app.member("ada").submit(DAY).expect(201);
    app.set_time(end);
    app.until("it is drawn", || app.state_of(DAY) == "drawn");
    let drawn = winner(&app, DAY);
    app.set_time(Time(end.0 - 3_600_000));
    for _ in 0..2 {
        let ada = app.log_in("ada", PASSWORD);
        (0..20).for_each(|_| drop(ada.submit(DAY).refused(409, "lottery-closed")));
        assert_eq!((app.state_of(DAY), winner(&app, DAY)), (json!("drawn"), drawn.clone()));
        app.restart();
    }
    // The day can be closed once, and the clock coming back to its end changes nothing.
    app.set_time(end.plus_s(60));
    assert_eq!(
        app.admin().post(&format!("/lotteries/{DAY}/close"), json!({})).expect(200)["state"],
        "drawn"
    );
    assert_eq!(winner(&app, DAY), drawn);
}
