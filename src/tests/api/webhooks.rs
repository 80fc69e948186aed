//! Webhooks, as a receiver that fails, stalls and lies meets them: every event at least once, in
//! order, signed; nothing that did not happen.

use actors::Time;
use actors::domain::webhooks::WAITS_S;
use harness::{Client, Mood, Receiver, TestApp, id, pointers};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const DAY: &str = "2099-12-31";

fn start() -> TestApp {
    TestApp::start_with(|config| config.webhook_private_addresses = true)
}

fn make(app: &TestApp, receiver: &Receiver, events: Value) -> Value {
    app.admin().post("/webhooks", json!({"url": receiver.url(), "events": events})).expect(201)
}

/// Buys so many tickets, one by one, and returns the ids of the holds.
fn buy(member: &Client, count: usize) -> Vec<String> {
    let one = || {
        let held = member.hold(DAY, json!({"pattern": "****"})).expect(201);
        member.confirm(id(&held)).expect(200);
        id(&held).to_owned()
    };
    (0..count).map(|_| one()).collect()
}

fn holds(events: &[Value]) -> Vec<&str> {
    let bought = events.iter().filter(|event| event["type"] == "tickets.confirmed");
    bought.map(|event| event["data"]["hold"].as_str().unwrap()).collect()
}

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort();
    items
}

/// Each partition's events in the order of its facts, whatever was repeated.
#[track_caller]
fn in_order(events: &[Value]) {
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    for event in events {
        let sequence = event["sequence"].as_u64().unwrap();
        let before = last.insert(event["partition"].as_str().unwrap(), sequence);
        assert!(before.is_none_or(|before| before < sequence), "{event}");
    }
}

fn webhook(app: &TestApp, made: &Value) -> Value {
    app.admin().get(&format!("/webhooks/{}", id(made))).expect(200)
}

fn deliveries(app: &TestApp, made: &Value) -> Vec<Value> {
    app.admin().get(&format!("/webhooks/{}/deliveries", id(made))).expect(200)["items"]
        .as_array()
        .unwrap()
        .clone()
}

#[test]
fn every_event_arrives_in_order_and_signed_as_the_reference_library_verifies() {
    let app = start();
    // The library asks the machine's own clock how old a message is.
    app.set_time(actors::time::system_clock()());
    let receiver = Receiver::start();
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
    let receiver = Receiver::start();
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
fn a_receiver_that_fails_drops_and_lies_gets_everything_in_order_all_the_same() {
    let app = start();
    let receiver = Receiver::start();
    let elsewhere = Receiver::start();
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
    let receiver = Receiver::start();
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
    let receiver = Receiver::start();
    receiver.plan([Mood::Answer(200), Mood::Answer(410)]);
    let made = make(&app, &receiver, json!(["*"]));
    let ada = app.member("ada");
    buy(&ada, 3);
    app.until("it is disabled", || webhook(&app, &made)["disabled_because"] == "gone");
    app.pass_s(90_000);
    // Another webhook hears of this, so this one would have, too.
    let other = Receiver::start();
    make(&app, &other, json!(["*"]));
    buy(&ada, 1);
    app.until("the other hears of it", || other.events().len() == 1);
    assert_eq!(receiver.heard().len(), 2);
}

#[test]
fn a_receiver_that_stalls_keeps_nobody_waiting_but_itself() {
    let app = start();
    app.lottery(DAY, 1);
    let (stalling, well) = (Receiver::start(), Receiver::start());
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
    let receiver = Receiver::start();
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

#[test]
fn a_stop_waits_for_no_receiver_and_a_restart_goes_on_where_it_was() {
    let app = start();
    app.lottery(DAY, 1);
    let receiver = Receiver::start();
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
    let receiver = Receiver::start();
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
fn a_replay_tells_a_range_of_time_again_under_the_same_ids() {
    let app = start();
    app.lottery(DAY, 1);
    let receiver = Receiver::start();
    let made = make(&app, &receiver, json!(["*"]));
    let ada = app.member("ada");
    let mut by_hour = Vec::new();
    for _ in 0..4 {
        by_hour.push(buy(&ada, 3));
        app.pass_s(3600);
    }
    app.until("all of it arrives", || receiver.events().len() == 12);
    let before = receiver.heard();
    let replay = |from: &str, to: &str| {
        app.admin()
            .post(&format!("/webhooks/{}/replay", id(&made)), json!({"from": from, "to": to}))
    };
    // The second and the third hour; the first instant belongs to it, the last does not.
    assert!(
        replay("2026-12-01T13:00:00Z", "2026-12-01T15:00:00Z").expect(202)["replay"].is_object()
    );
    app.until("it is told again", || {
        receiver.heard().len() == 18 && webhook(&app, &made)["replay"].is_null()
    });
    let again: Vec<String> =
        receiver.heard()[12..].iter().map(|heard| heard.text.clone()).collect();
    assert_eq!(again, before[3..9].iter().map(|heard| heard.text.clone()).collect::<Vec<_>>());
    assert!(
        deliveries(&app, &made)[0]["replay"] == true
            && deliveries(&app, &made)[17]["replay"] == false
    );
    // The same once more, one of nothing, and what happens meanwhile.
    replay("2026-12-01T13:00:00Z", "2026-12-01T15:00:00Z").expect(202);
    app.until("it is told a third time", || {
        receiver.heard().len() == 24 && webhook(&app, &made)["replay"].is_null()
    });
    replay("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z").expect(202);
    app.until("there was nothing", || webhook(&app, &made)["replay"].is_null());
    buy(&ada, 1);
    app.until("and life goes on", || receiver.heard().len() == 25);
    assert_eq!(
        replay("2026-12-01T15:00:00Z", "2026-12-01T15:00:00Z").refused(422, "invalid")["errors"][0]
            ["pointer"],
        "/to"
    );
    assert_eq!(
        replay("yesterday", "2026-12-01T15:00:00Z").refused(422, "invalid")["errors"][0]["pointer"],
        "/from"
    );
}

#[test]
fn a_replay_goes_on_after_a_restart_and_stands_in_nobody_s_way() {
    let app = start();
    app.lottery(DAY, 1);
    let receiver = Receiver::start();
    let made = make(&app, &receiver, json!(["*"]));
    let ada = app.member("ada");
    let bought = buy(&ada, 5);
    app.until("they arrive", || receiver.events().len() == 5);
    receiver.plan([Mood::Answer(500)]);
    let replay = || {
        app.admin().post(
            &format!("/webhooks/{}/replay", id(&made)),
            json!({"from": "2026-12-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}),
        )
    };
    replay().expect(202);
    app.until("its first delivery fails", || webhook(&app, &made)["state"] == "retrying");
    replay().refused(409, "replay-under-way");
    app.restart();
    let live = buy(&ada, 2);
    app.pass_s(6);
    // The replay begins with the lottery, which was there before the webhook.
    app.until("both are told", || {
        receiver.events().len() == 8 && receiver.heard().len() == 5 + 1 + 6 + 2
    });
    assert_eq!(holds(&receiver.events()), [bought, live].concat());
    app.until("the replay is over", || webhook(&app, &made)["replay"].is_null());
}

#[test]
fn a_secret_is_shown_once_and_a_repeat_is_the_same_webhook() {
    let app = start();
    let (receiver, admin) = (Receiver::start(), app.admin());
    let body = json!({"url": receiver.url(), "events": ["coupon.used", "*"]});
    let first = admin.key("k").post("/webhooks", body.clone());
    assert_eq!(first.header("cache-control"), Some("no-store"));
    let made = first.expect(201);
    assert!(
        made["secret"].as_str().unwrap().starts_with("whsec_") && made["events"] == json!(["*"])
    );
    let again = admin.key("k").post("/webhooks", body.clone());
    assert!(again.was_replayed());
    assert_eq!(again.expect(201), made);
    admin
        .key("k")
        .post("/webhooks", json!({"url": receiver.url(), "events": ["coupon.used"]}))
        .refused(422, "idempotency-key-reused");
    let other = admin.post("/webhooks", body.clone()).expect(201);
    assert!(other["id"] != made["id"] && other["secret"] != made["secret"]);
    let listed = admin.get("/webhooks").expect(200)["items"].as_array().unwrap().clone();
    assert_eq!(sorted(listed.iter().map(id).collect()), sorted(vec![id(&made), id(&other)]));
    for webhook in listed.iter().chain([&webhook(&app, &made)]) {
        assert!(webhook.get("secret").is_none() && webhook["state"] == "enabled", "{webhook}");
    }
    for answer in [
        admin.delete(&format!("/webhooks/{}", id(&made))),
        admin.delete(&format!("/webhooks/{}", id(&made))),
    ] {
        answer.expect(204);
    }
    admin.get(&format!("/webhooks/{}", id(&made))).refused(404, "not-found");
    admin.get(&format!("/webhooks/{}/deliveries", id(&made))).refused(404, "not-found");
    admin.post(&format!("/webhooks/{}/enable", id(&made)), json!({})).refused(404, "not-found");
    admin.key("k").post("/webhooks", body).refused(422, "idempotency-key-reused");
    assert_eq!(admin.get("/webhooks").expect(200)["items"].as_array().unwrap().len(), 1);
}

#[test]
fn a_deleted_or_disabled_webhook_hears_nothing_more() {
    let app = start();
    app.lottery(DAY, 1);
    let (deleted, disabled, witness) = (Receiver::start(), Receiver::start(), Receiver::start());
    let made = [&deleted, &disabled, &witness].map(|receiver| make(&app, receiver, json!(["*"])));
    let ada = app.member("ada");
    buy(&ada, 1);
    app.until("all hear it", || {
        [&deleted, &disabled, &witness].iter().all(|receiver| receiver.events().len() == 1)
    });
    app.admin().delete(&format!("/webhooks/{}", id(&made[0]))).expect(204);
    let ordered =
        app.admin().post(&format!("/webhooks/{}/disable", id(&made[1])), json!({})).expect(200);
    assert_eq!(ordered["disabled_because"], "ordered");
    buy(&ada, 1);
    app.until("one hears it", || witness.events().len() == 2);
    app.restart();
    buy(&ada, 1);
    app.until("one hears it", || witness.events().len() == 3);
    assert_eq!((deleted.heard().len(), disabled.heard().len()), (1, 1));
    app.admin().post(&format!("/webhooks/{}/enable", id(&made[1])), json!({})).expect(200);
    app.until("it catches up", || disabled.events() == witness.events());
}

#[test]
fn private_addresses_are_refused_in_every_spelling() {
    let app = TestApp::start();
    let admin = app.admin();
    let make = |url: &str| admin.post("/webhooks", json!({"url": url, "events": ["*"]}));
    for host in [
        "127.0.0.1",
        "localhost",
        "LOCALHOST",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:10.0.0.1]",
        "[fd00::1]",
        "[fe80::1]",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "0",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "224.0.0.1",
        "255.255.255.255",
    ] {
        for url in [format!("https://{host}/"), format!("https://{host}:8443/hook")] {
            assert_eq!(pointers(&make(&url).refused(422, "invalid")), ["/url"], "{url}");
        }
    }
    for url in [
        "http://8.8.8.8/",
        "ftp://8.8.8.8/",
        "8.8.8.8",
        "https://a:b@8.8.8.8/",
        "",
        "https://8.8.8.8/#x",
    ] {
        assert_eq!(pointers(&make(url).refused(422, "invalid")), ["/url"], "{url}");
    }
    assert_eq!(admin.get("/webhooks").expect(200)["items"], json!([]));
    let public = make("https://8.8.8.8/hook").expect(201);
    assert_eq!(public["url"], "https://8.8.8.8/hook");
}

#[test]
fn a_name_that_means_a_private_address_by_now_is_refused_at_the_connection() {
    let receiver = Receiver::start();
    let allowed = start();
    allowed.lottery(DAY, 1);
    let by_name = json!({"url": format!("http://localhost:{}/hook?of=tests", receiver.port()),
        "events": ["*"]});
    let made = [
        make(&allowed, &receiver, json!(["*"])),
        allowed.admin().post("/webhooks", by_name).expect(201),
    ];
    allowed.stop();
    // The same data, served by somebody who does not allow it.
    let strict = TestApp::start_with(|config| {
        config.data = allowed.data().to_owned();
        config.keyspace = allowed.config().keyspace;
    });
    buy(&strict.member("ada"), 1);
    for made in &made {
        strict.until("it fails", || webhook(&strict, made)["state"] == "retrying");
        assert_eq!(deliveries(&strict, made)[0]["error"], "its address is not public");
    }
    assert!(receiver.heard().is_empty());
    strict.stop();
    allowed.serve();
    allowed.pass_s(60);
    allowed.until("allowed again, both arrive", || receiver.heard().len() == 2);
}

#[test]
fn nobody_but_an_administrator_has_to_do_with_webhooks() {
    let app = start();
    let receiver = Receiver::start();
    let path = format!("/webhooks/{}", id(&make(&app, &receiver, json!(["*"]))));
    for (caller, status, name) in
        [(app.anybody(), 401, "unauthenticated"), (app.member("ada"), 403, "forbidden")]
    {
        caller
            .post("/webhooks", json!({"url": receiver.url(), "events": ["*"]}))
            .refused(status, name);
        caller.get("/webhooks").refused(status, name);
        caller.get(&path).refused(status, name);
        caller.delete(&path).refused(status, name);
        for action in ["enable", "disable"] {
            caller.post(&format!("{path}/{action}"), json!({})).refused(status, name);
        }
        caller
            .post(
                &format!("{path}/replay"),
                json!({"from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}),
            )
            .refused(status, name);
        caller.get(&format!("{path}/deliveries")).refused(status, name);
        caller.get("/events").refused(status, name);
    }
    let admin = app.admin();
    for (body, pointer) in [
        (json!({"url": receiver.url(), "events": []}), "/events"),
        (json!({"url": receiver.url(), "events": ["*", "coupon.eaten"]}), "/events/1"),
        (json!({"url": receiver.url(), "events": ["*"], "secret": "whsec_mine"}), "/secret"),
        (json!({"url": receiver.url()}), ""),
    ] {
        assert_eq!(pointers(&admin.post("/webhooks", body).refused(422, "invalid")), [pointer]);
    }
    admin.get("/webhooks/nonsense").refused(404, "not-found");
}

#[test]
fn there_may_be_so_many_webhooks() {
    let app = start();
    let (receiver, admin) = (Receiver::start(), app.admin());
    let make =
        || admin.post("/webhooks", json!({"url": receiver.url(), "events": ["coupon.used"]}));
    let first = make().expect(201);
    (1..products::webhooks::MOST).for_each(|_| drop(make().expect(201)));
    make().refused(409, "too-many-webhooks");
    admin.delete(&format!("/webhooks/{}", id(&first))).expect(204);
    make().expect(201);
}

#[test]
fn the_metrics_say_how_webhooks_are_doing() {
    let app = start();
    app.lottery(DAY, 1);
    let (receiver, stalling) = (Receiver::start(), Receiver::start());
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
