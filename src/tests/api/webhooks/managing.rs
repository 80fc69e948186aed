//! Making, disabling and deleting webhooks: who may, how many, and to which addresses.

use super::{DAY, buy, deliveries, make, sorted, start, webhook};
use harness::{TestApp, TestReceiver, id, pointers};
use serde_json::json;

#[test]
fn a_secret_is_shown_once_and_a_repeat_is_the_same_webhook() {
    let app = start();
    let (receiver, admin) = (TestReceiver::start(), app.admin());
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
    let (deleted, disabled, witness) =
        (TestReceiver::start(), TestReceiver::start(), TestReceiver::start());
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
    let receiver = TestReceiver::start();
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
    let receiver = TestReceiver::start();
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
        (json!({"url": receiver.url()}), "/events"),
    ] {
        assert_eq!(pointers(&admin.post("/webhooks", body).refused(422, "invalid")), [pointer]);
    }
    admin.get("/webhooks/nonsense").refused(404, "not-found");
}

#[test]
fn there_may_be_so_many_webhooks() {
    let app = start();
    let (receiver, admin) = (TestReceiver::start(), app.admin());
    let make =
        || admin.post("/webhooks", json!({"url": receiver.url(), "events": ["coupon.used"]}));
    let first = make().expect(201);
    (1..products::webhooks::MOST).for_each(|_| drop(make().expect(201)));
    make().refused(409, "too-many-webhooks");
    admin.delete(&format!("/webhooks/{}", id(&first))).expect(204);
    make().expect(201);
}
