//! Owners of unused coupons are told before these expire: once, in time, and never of what has
//! expired.

use harness::TestApp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

const BERLIN: &str = "Europe/Berlin";

fn at(app: &TestApp, local: &str) {
    let local: DateTime = local.parse().unwrap();
    let zone = TimeZone::get(BERLIN).unwrap();
    app.set_time(actors::Time(local.to_zoned(zone).unwrap().timestamp().as_millisecond()));
}

fn in_berlin(days: &[u16]) -> TestApp {
    let days = days.to_vec();
    TestApp::start_with(move |config| {
        config.time_zone = TimeZone::get(BERLIN).unwrap();
        config.notice_days = days;
        config.job_interval_ms = 10;
    })
}

/// A coupon that expires then, and is that member's.
fn coupon(app: &TestApp, owner: &str, expires_at: &str) -> String {
    let batch = app
        .admin()
        .post(
            "/coupon-batches",
            json!({"count": 3, "discount_amount": 5, "expires_at": expires_at}),
        )
        .expect(201);
    let assign = format!("/coupon-batches/{}/assign", batch["id"].as_str().unwrap());
    app.admin().post(&assign, json!({"member_id": owner})).expect(201)["code"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn notices(app: &TestApp) -> Vec<(String, u64, String)> {
    let listed = app.admin().get("/notices").expect(200);
    let line = |line: &Value| {
        (
            line["code"].as_str().unwrap().to_owned(),
            line["days"].as_u64().unwrap(),
            line["at"].as_str().unwrap()[..16].to_owned(),
        )
    };
    let mut told: Vec<_> = listed["items"].as_array().unwrap().iter().map(line).collect();
    // Those of one instant have no order of their own.
    told.sort_by(|one, other| (&one.2, &one.0).cmp(&(&other.2, &other.0)));
    told
}

#[test]
fn in_a_month_with_five_days_down_each_is_told_once_at_nine_and_none_of_what_has_expired() {
    let app = in_berlin(&[3]);
    at(&app, "2026-03-01T12:00");
    let ada = app.member("ada").get("/me").expect(200)["id"].as_str().unwrap().to_owned();
    // One for each day of a month in which the clocks change. The morning of the notices of the
    // first four is over, so they go out the next one, but for the one that has expired by then.
    let codes: Vec<String> = (1..=31)
        .map(|day| coupon(&app, &ada, &format!("2026-03-{day:02}T22:30:00+01:00")))
        .collect();
    // Down from the morning of the 11th to the morning of the 16th: what expires on the 14th and
    // 15th is gone by then.
    let told_by = |day: usize| {
        (2..=day + 3)
            .filter(|on| *on <= 31 && (day < 16 || ![14, 15].contains(on)))
            .collect::<Vec<_>>()
    };
    for day in (2..=10).chain(16..=31) {
        at(&app, &format!("2026-03-{day:02}T08:59"));
        if day == 16 {
            app.serve();
        }
        at(&app, &format!("2026-03-{day:02}T09:00"));
        app.until(&format!("the notices of the {day}th"), || {
            notices(&app).len() == told_by(day).len()
        });
        if day == 10 {
            at(&app, "2026-03-11T08:59");
            app.stop();
        }
    }
    let told = notices(&app);
    let mut expected: Vec<_> =
        told_by(31).into_iter().map(|on| (codes[on - 1].clone(), 3, nine_before(on))).collect();
    expected.sort_by(|one, other| (&one.2, &one.0).cmp(&(&other.2, &other.0)));
    assert_eq!(told, expected);
}

/// When owners are told of what expires on that day of March: three days before, at nine in Berlin,
/// or when the process is up again.
fn nine_before(on: usize) -> String {
    let day = if (14..=19).contains(&on) { 16 } else { on.max(5) - 3 };
    let utc = if day >= 29 { 7 } else { 8 };
    format!("2026-03-{day:02}T{utc:02}:00")
}

#[test]
fn what_is_used_or_void_or_nobodys_is_not_told_and_of_two_thresholds_each_is_told() {
    let app = in_berlin(&[1, 3]);
    at(&app, "2026-03-01T12:00");
    let ada = app.member("ada");
    let id = ada.get("/me").expect(200)["id"].as_str().unwrap().to_owned();
    let [kept, used, void] = [(); 3].map(|()| coupon(&app, &id, "2026-03-06T12:00:00Z"));
    ada.post(&format!("/coupons/{used}/use"), json!({})).expect(200);
    app.admin().post(&format!("/coupons/{void}/void"), json!({})).expect(200);
    at(&app, "2026-03-03T09:00");
    app.until("the notice three days before", || notices(&app).len() == 1);
    // A use that is cancelled does not make its owner hear it again.
    ada.post(&format!("/coupons/{kept}/use"), json!({})).expect(200);
    ada.delete(&format!("/coupons/{kept}/use")).expect(200);
    at(&app, "2026-03-05T09:00");
    app.until("the notice one day before", || notices(&app).len() == 2);
    let told: Vec<(String, u64)> =
        notices(&app).into_iter().map(|(code, days, _)| (code, days)).collect();
    assert_eq!(told, [(kept.clone(), 3), (kept, 1)]);
}

#[test]
fn vouchers_of_campaigns_are_told_too_and_notices_survive_a_restart() {
    let app = in_berlin(&[2]);
    at(&app, "2026-03-01T12:00");
    let campaign = json!({"name": "Spring", "quota": 5, "discount_percent": 10,
        "ends_at": "2026-03-20T00:00:00Z", "trigger": "claim", "voucher_valid_days": 4});
    let id =
        app.admin().post("/campaigns", campaign).expect(201)["id"].as_str().unwrap().to_owned();
    let claimed = app.member("ada").post(&format!("/campaigns/{id}/claims"), json!({})).expect(201);
    at(&app, "2026-03-03T09:00");
    app.until("the notice", || notices(&app).len() == 1);
    assert_eq!(notices(&app)[0].0, claimed["voucher"]["code"]);
    app.restart();
    assert_eq!(notices(&app).len(), 1);
    app.member("bob").get("/notices").refused(403, "forbidden");
}

#[test]
fn nobody_is_told_at_night_what_was_missed_by_day() {
    let app = in_berlin(&[3]);
    at(&app, "2026-03-01T12:00");
    let ada = app.member("ada").get("/me").expect(200)["id"].as_str().unwrap().to_owned();
    coupon(&app, &ada, "2026-03-06T12:00:00Z");
    at(&app, "2026-03-02T12:00");
    app.stop();
    for night in ["2026-03-03T20:00", "2026-03-03T23:59", "2026-03-04T08:59"] {
        at(&app, night);
        app.serve();
        app.until("the job has looked around", || app.shared().engine.node.is_settled());
        assert_eq!(notices(&app), [], "{night}");
        app.stop();
    }
    at(&app, "2026-03-04T19:59");
    app.serve();
    app.until("the notice", || notices(&app).len() == 1);
    assert_eq!(notices(&app)[0].2, "2026-03-04T18:59");
}

#[test]
fn what_is_given_after_the_morning_of_its_notice_is_told_the_next_morning_once() {
    let app = in_berlin(&[3]);
    at(&app, "2026-03-01T12:00");
    let ada = app.member("ada").get("/me").expect(200)["id"].as_str().unwrap().to_owned();
    let first = coupon(&app, &ada, "2026-03-05T12:00:00Z");
    at(&app, "2026-03-02T09:00");
    app.until("the first notice", || notices(&app).len() == 1);
    let late = coupon(&app, &ada, "2026-03-05T12:00:00Z");
    let gone = coupon(&app, &ada, "2026-03-02T12:00:00Z");
    for morning in ["2026-03-03T09:00", "2026-03-04T09:00", "2026-03-05T09:00"] {
        at(&app, morning);
        app.until("the late notice", || notices(&app).len() == 2);
    }
    let told: Vec<String> = notices(&app).into_iter().map(|(code, ..)| code).collect();
    assert_eq!(told, [first, late], "and never {gone}");
}
