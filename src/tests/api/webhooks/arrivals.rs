//! What arrives: every event that was asked for, in order, signed.

use super::{DAY, buy, holds, in_order, make, sorted, start};
use harness::{Client, Mood, TestReceiver, id};
use serde_json::json;

#[test]
fn every_event_arrives_in_order_and_signed_as_the_reference_library_verifies() {
    let app = start();
    // The library asks the machine's own clock how old a message is.
    app.set_time(actors::time::system_clock()());
    let receiver = TestReceiver::start();
    let made = make(&app, &receiver, json!(["*"]));
    app.lottery(DAY, 1);
    let members: Vec<Client> = ["ada", "bob", "eve"].map(|name| app.member(name)).into();
    let bought: Vec<String> = members.iter().flat_map(|member| buy(member, 20)).collect();
    app.admin().post(&format!("/lotteries/{DAY}/close"), json!({})).expect(200);
    app.until("all of it arrives", || receiver.events().len() == 62);

    let (heard, events) = (receiver.heard(), receiver.events());
    assert_eq!(heard.len(), events.len(), "nothing failed, so nothing is repeated");
    in_order(&events);
    assert_eq!(sorted(holds(&events)), sorted(bought.iter().map(String::as_str).collect()));
    assert_eq!(
        events.iter().map(|event| event["type"].as_str().unwrap()).next(),
        Some("lottery.created")
    );
    assert_eq!(events.iter().filter(|event| event["type"] == "lottery.closed").count(), 1);
    let ada = members[0].get("/me").expect(200)["id"].clone();
    assert_eq!(events.iter().filter(|event| event["data"]["member"] == ada).count(), 20);

    let reference = standardwebhooks::Webhook::new(made["secret"].as_str().unwrap()).unwrap();
    for heard in &heard {
        reference.verify(heard.text.as_bytes(), &heard.headers).unwrap();
        assert!(
            reference
                .verify(heard.text.replace("tickets", "coupons").as_bytes(), &heard.headers)
                .is_err()
                || heard.body["type"] != "tickets.confirmed"
        );
        assert_eq!(heard.body["id"], heard.id);
        assert_eq!(heard.headers["content-type"], "application/json");
        assert!(!heard.text.contains("ada") && !heard.text.contains("New Year"), "{}", heard.text);
    }
}

#[test]
fn only_what_was_asked_for_arrives_and_nothing_from_before() {
    let app = start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    buy(&ada, 3);
    let receiver = TestReceiver::start();
    make(&app, &receiver, json!(["ticket.refunded", "tickets.confirmed", "tickets.confirmed"]));
    app.lottery("2099-12-30", 1);
    let after = buy(&ada, 2);
    let ticket = ada.get("/tickets").expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
    app.admin().post(&format!("/tickets/{ticket}/refund"), json!({})).expect(200);
    app.until("three events", || receiver.events().len() == 3);
    let events = receiver.events();
    assert_eq!(holds(&events), after);
    assert_eq!(
        (&events[2]["type"], &events[2]["data"]["ticket"]),
        (&json!("ticket.refunded"), &json!(ticket))
    );
}

#[test]
fn a_stop_waits_for_no_receiver_and_a_restart_goes_on_where_it_was() {
    let app = start();
    app.lottery(DAY, 1);
    let receiver = TestReceiver::start();
    make(&app, &receiver, json!(["*"]));
    let ada = app.member("ada");
    let mut bought = buy(&ada, 4);
    app.until("they arrive", || receiver.events().len() == 4);
    receiver.plan([Mood::Stall]);
    bought.extend(buy(&ada, 3));
    app.until("it stalls", || receiver.stalled() == 1);
    app.restart();
    receiver.go_on();
    bought.extend(buy(&ada, 2));
    app.until("they arrive, too", || receiver.events().len() == 9);
    assert_eq!(holds(&receiver.events()), bought);
    in_order(&receiver.events());
    let heard: Vec<String> = receiver.heard().into_iter().map(|heard| heard.id).collect();
    assert_eq!(heard.len(), 10, "only what was under way at the stop came twice: {heard:?}");
    assert_eq!(heard[4], heard[5]);
}

#[test]
fn the_cursor_is_not_written_for_every_delivery() {
    let app = start();
    app.lottery(DAY, 1);
    let receiver = TestReceiver::start();
    receiver.plan([Mood::Stall]);
    let made = make(&app, &receiver, json!(["*"]));
    buy(&app.member("ada"), 150);
    app.until("it stalls", || receiver.stalled() == 1);
    receiver.go_on();
    app.until("all of it arrives", || receiver.events().len() == 150);
    app.stop();
    let records = app.records_of(&format!("webhook/{}", id(&made)));
    assert!((2..=4).contains(&records), "created, once for a hundred, once at the end: {records}");
    assert!(app.verified().is_ok());
}

#[test]
fn the_metrics_say_how_webhooks_are_doing() {
    let app = start();
    app.lottery(DAY, 1);
    let (receiver, stalling) = (TestReceiver::start(), TestReceiver::start());
    stalling.plan([Mood::Stall]);
    let swift = make(&app, &receiver, json!(["*"]));
    let made = make(&app, &stalling, json!(["*"]));
    buy(&app.member("ada"), 2);
    app.until("it is behind", || {
        let text = app.anybody().get("//metrics").text;
        let lag = format!("stampede_webhook_lag_frames{{webhook=\"{}\"}} ", id(&made));
        text.lines().any(|line| line.strip_prefix(&lag).is_some_and(|lag| lag != "0"))
            || stalling.stalled() == 1
    });
    app.until("deliveries are counted", || {
        let text = app.anybody().get("//metrics").text;
        [
            "stampede_webhook_deliveries_total{outcome=\"delivered\"}",
            "stampede_webhook_delivery_seconds_bucket",
            "stampede_webhooks{state=\"enabled\"}",
        ]
        .iter()
        .all(|line| text.contains(line))
    });
    let lag = format!("stampede_webhook_lag_frames{{webhook=\"{}\"}} ", id(&swift));
    app.until("its lag is shown", || app.anybody().get("//metrics").text.contains(&lag));
    app.admin().delete(&format!("/webhooks/{}", id(&swift))).expect(204);
    app.until("nothing is shown of one that was deleted", || {
        !app.anybody().get("//metrics").text.contains(&lag)
    });
}
