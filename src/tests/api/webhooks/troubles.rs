//! Receivers that fail, lie, stall or have gone.

use super::{DAY, buy, deliveries, holds, in_order, make, start, webhook};
use actors::Time;
use actors::domain::webhooks::WAITS_S;
use harness::{Mood, TestApp, TestReceiver, id};
use serde_json::{Value, json};

#[test]
fn a_receiver_that_fails_drops_and_lies_gets_everything_in_order_all_the_same() {
    let app = start();
    let receiver = TestReceiver::start();
    let elsewhere = TestReceiver::start();
    let made = make(&app, &receiver, json!(["*"]));
    let troubles = [
        Mood::Answer(500),
        Mood::Answer(204),
        Mood::Drop,
        Mood::Lie,
        Mood::Answer(404),
        Mood::Redirect(elsewhere.url()),
        Mood::Answer(200),
        Mood::Lie,
        Mood::Answer(429),
        Mood::Drop,
    ];
    receiver.plan(troubles);
    app.lottery(DAY, 1);
    let bought = buy(&app.member("ada"), 12);
    let arrived = || {
        // Whatever waits is tried again as soon as its time has come.
        let next = webhook(&app, &made)["next_attempt_at"]
            .as_str()
            .map(|at| at.parse::<jiff::Timestamp>().unwrap());
        if let Some(next) = next.filter(|next| next.as_millisecond() > app.now().0) {
            app.set_time(Time(next.as_millisecond()));
        }
        let acknowledged = receiver
            .heard()
            .iter()
            .filter(|heard| heard.met.starts_with("Answer(20") || heard.met == "Lie")
            .count();
        acknowledged >= 13
    };
    app.until("all of it is acknowledged", arrived);
    let events = receiver.events();
    in_order(&events);
    assert_eq!(holds(&events), bought);
    // What failed came again before anything else did.
    let heard: Vec<String> = receiver.heard().into_iter().map(|heard| heard.id).collect();
    let mut once = heard.clone();
    once.dedup();
    assert_eq!(once.len(), 13, "{heard:?}");
    assert_eq!(heard.len(), 13 + 6, "six of those answers were failures");
    assert!(elsewhere.heard().is_empty(), "a redirect is not followed");
    app.until("it is well again", || webhook(&app, &made)["state"] == "enabled");
}

#[test]
fn attempts_follow_the_table_by_the_engine_s_clock_and_after_the_last_it_keeps_its_place() {
    let app = start();
    app.lottery(DAY, 1);
    let receiver = TestReceiver::start();
    receiver.usually(Mood::Answer(503));
    let made = make(&app, &receiver, json!(["*"]));
    let bought = buy(&app.member("ada"), 3);
    for (failed, wait_s) in (1..).zip(WAITS_S) {
        app.until("it fails", || webhook(&app, &made)["failed_attempts"] == failed);
        let now = webhook(&app, &made);
        let next: jiff::Timestamp = now["next_attempt_at"].as_str().unwrap().parse().unwrap();
        let wait = next.as_millisecond() - app.now().0;
        let least = i64::from(wait_s) * 1000;
        assert!((least..=least + least / 10).contains(&wait), "{wait} after {failed}");
        assert_eq!((&now["state"], receiver.heard().len()), (&json!("retrying"), failed));
        if failed == 4 {
            app.restart();
        }
        app.set_time(Time(next.as_millisecond()));
    }
    app.until("it is given up", || webhook(&app, &made)["state"] == "disabled");
    assert_eq!(webhook(&app, &made)["disabled_because"], "gave_up");
    assert_eq!(receiver.heard().len(), 10);
    assert!(receiver.heard().iter().all(|heard| heard.id == receiver.heard()[0].id));
    app.admin()
        .post(
            &format!("/webhooks/{}/replay", id(&made)),
            json!({"from": "2026-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}),
        )
        .refused(409, "webhook-disabled");

    receiver.usually(Mood::Answer(200));
    app.restart();
    let enabled =
        app.admin().post(&format!("/webhooks/{}/enable", id(&made)), json!({})).expect(200);
    assert_eq!(
        (&enabled["state"], &enabled["disabled_because"]),
        (&json!("enabled"), &Value::Null)
    );
    app.until("nothing was forgotten", || receiver.events().len() == 3);
    assert_eq!(holds(&receiver.events()), bought);
}

#[test]
fn a_receiver_that_is_gone_is_not_asked_again() {
    let app = start();
    app.lottery(DAY, 1);
    let receiver = TestReceiver::start();
    receiver.plan([Mood::Answer(200), Mood::Answer(410)]);
    let made = make(&app, &receiver, json!(["*"]));
    let ada = app.member("ada");
    buy(&ada, 3);
    app.until("it is disabled", || webhook(&app, &made)["disabled_because"] == "gone");
    app.pass_s(90_000);
    // Another webhook hears of this, so this one would have, too.
    let other = TestReceiver::start();
    make(&app, &other, json!(["*"]));
    buy(&ada, 1);
    app.until("the other hears of it", || other.events().len() == 1);
    assert_eq!(receiver.heard().len(), 2);
}

#[test]
fn a_receiver_that_stalls_keeps_nobody_waiting_but_itself() {
    let app = start();
    app.lottery(DAY, 1);
    let (stalling, well) = (TestReceiver::start(), TestReceiver::start());
    stalling.plan([Mood::Stall]);
    make(&app, &stalling, json!(["*"]));
    make(&app, &well, json!(["*"]));
    let ada = app.member("ada");
    let bought = buy(&ada, 5);
    app.until("the other has it all", || well.events().len() == 5);
    app.until("it stalls", || stalling.stalled() == 1);
    assert_eq!(stalling.heard().len(), 1);
    stalling.go_on();
    app.until("it gets the rest", || stalling.events().len() == 5);
    assert_eq!(holds(&stalling.events()), bought);
    assert_eq!(stalling.heard().len(), 5);
}

#[test]
fn a_receiver_that_never_answers_has_failed() {
    let app = TestApp::start_with(|config| {
        config.webhook_private_addresses = true;
        config.webhook_timeout_s = 1;
    });
    app.lottery(DAY, 1);
    let receiver = TestReceiver::start();
    receiver.plan([Mood::Stall]);
    let made = make(&app, &receiver, json!(["*"]));
    let bought = buy(&app.member("ada"), 1);
    app.until("it fails", || webhook(&app, &made)["state"] == "retrying");
    let attempt = deliveries(&app, &made)[0].clone();
    assert_eq!((&attempt["outcome"], &attempt["status"]), (&json!("failed"), &Value::Null));
    assert!(attempt["error"].as_str().unwrap().contains("timeout"), "{attempt}");
    assert_eq!(attempt["next_attempt_at"], webhook(&app, &made)["next_attempt_at"]);
    app.pass_s(6);
    app.until("it is tried again", || deliveries(&app, &made)[0]["outcome"] == "delivered");
    assert_eq!(holds(&receiver.events()), bought);
}
