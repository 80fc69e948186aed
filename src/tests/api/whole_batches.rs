//! Batches as a whole: paused, extended, voided.

use crate::coupons::{assign, batch, books, code, codes};
use crate::events::{listen, next};
use harness::{Client, TestApp};
use serde_json::{Value, json};

const LATER: &str = "2027-03-31T00:00:00Z";

/// A batch of so many that they lie in sixteen ranges.
const MANY: u64 = 2_000_000;

fn change(client: &Client, batch: &str, body: Value) -> harness::Answer {
    client.patch(&format!("/coupon-batches/{batch}"), body)
}

fn tell(client: &Client, batch: &str, what: &str) -> harness::Answer {
    client.post(&format!("/coupon-batches/{batch}/{what}"), json!({}))
}

fn shown(app: &TestApp, batch: &str) -> Value {
    app.admin().get(&format!("/coupon-batches/{batch}")).expect(200)
}

#[test]
fn nothing_of_a_paused_batch_is_assigned_until_it_is_resumed() {
    let app = TestApp::start();
    let (admin, shop) = (app.admin(), app.service("shop"));
    for count in [10, MANY] {
        let id = batch(&app, json!({ "count": count }));
        let ada = shop.on_behalf_of("ada");
        let mine = code(&assign(&ada, &id, json!({"source_id": "one"})).expect(201)).to_owned();
        let would = tell(&admin, &id, "pause?dry_run=true").expect(200);
        assert_eq!(
            (&would["state"], &shown(&app, &id)["state"]),
            (&json!("paused"), &json!("open"))
        );
        assert_eq!(tell(&admin, &id, "pause").expect(200)["state"], "paused");
        assert!(tell(&admin, &id, "pause").was_replayed());
        app.restart();
        assert_eq!(shown(&app, &id)["state"], "paused");
        for member in 0..20 {
            let member = shop.on_behalf_of(&format!("m{member}"));
            assign(&member, &id, json!({})).refused(409, "paused");
        }
        // What was given is theirs, also when it is asked for again.
        assign(&ada, &id, json!({"source_id": "one"})).expect(200);
        ada.post(&format!("/coupons/{mine}/use"), json!({})).expect(200);
        assert_eq!(tell(&admin, &id, "resume").expect(200)["state"], "open");
        assign(&ada, &id, json!({})).expect(201);
        assert_eq!(books(&app, &id)["assigned"], 1);
    }
    let (id, codes) = codes(&app, json!({}));
    tell(&admin, &id, "pause").expect(200);
    let given = shop.on_behalf_of("bob").put(&format!("/coupons/{}/assign", codes[0]), json!({}));
    given.refused(409, "paused");
}

#[test]
fn an_extended_batch_expires_later_with_all_that_was_given_of_it() {
    let app = TestApp::start();
    let (admin, shop) = (app.admin(), app.service("shop"));
    let soon = "2026-12-10T12:00:00Z";
    for count in [10, MANY] {
        let id = batch(&app, json!({"count": count, "expires_at": soon}));
        let ada = shop.on_behalf_of("ada");
        let mine = code(&assign(&ada, &id, json!({})).expect(201)).to_owned();
        change(&admin, &id, json!({"expires_at": "2026-12-09T00:00:00Z"})).refused(409, "in-use");
        let past = change(&admin, &id, json!({"expires_at": "2020-01-01T00:00:00Z"}));
        assert_eq!(past.refused(422, "invalid")["errors"][0]["pointer"], "/expires_at");
        let would = admin.patch(
            &format!("/coupon-batches/{id}?dry_run=true"),
            json!({"expires_at": "2026-12-10T18:00:00Z"}),
        );
        assert_eq!(would.expect(200)["expires_at"], "2026-12-10T18:00:00.000Z");
        assert_eq!(shown(&app, &id)["expires_at"], "2026-12-10T12:00:00.000Z");
        // Later on the same day: listed there once.
        change(&admin, &id, json!({"expires_at": "2026-12-10T18:00:00Z"})).expect(200);
        let page = admin.get("/coupons/expired?on=2026-12-10&state=assigned").expect(200);
        let codes: Vec<&str> = page["items"].as_array().unwrap().iter().map(code).collect();
        assert_eq!(codes, [mine.as_str()]);
        change(&admin, &id, json!({"expires_at": "2026-12-20T00:00:00Z"})).expect(200);
        let page = admin.get("/coupons/expired?on=2026-12-10&state=assigned").expect(200);
        assert_eq!(page["items"], json!([]));
        let page = admin.get("/coupons/expired?on=2026-12-20&state=assigned").expect(200);
        assert_eq!(page["items"][0]["code"], mine);
        assert_eq!(page["items"][0]["expires_at"], "2026-12-20T00:00:00.000Z");
        change(&admin, &id, json!({})).expect(200);
        change(&admin, &id, json!({"expires_at": LATER})).expect(200);
    }
    app.pass_s(86_400 * 30);
    app.restart();
    let mine = shop.on_behalf_of("ada").get("/coupons").expect(200);
    assert_eq!(mine["items"][0]["state"], "assigned");
    let code = code(&mine["items"][0]);
    shop.on_behalf_of("ada").post(&format!("/coupons/{code}/use"), json!({})).expect(200);
    app.pass_s(86_400 * 120);
    change(&app.admin(), "b_0", json!({"expires_at": "2028-01-01T00:00:00Z"}))
        .refused(409, "coupon-expired");
    app.stop();
    assert!(app.verified().is_ok());
}

#[test]
fn a_whole_batch_is_voided_at_once_and_a_dry_run_counts() {
    let app = TestApp::start();
    let (admin, shop) = (app.admin(), app.service("shop"));
    for count in [10, MANY] {
        let id = batch(&app, json!({ "count": count }));
        let mine: Vec<String> = (0..4)
            .map(|n| {
                let member = shop.on_behalf_of(&format!("m{n}"));
                code(&assign(&member, &id, json!({})).expect(201)).to_owned()
            })
            .collect();
        let redeem = |n: usize, body| {
            shop.on_behalf_of(&format!("m{n}")).post(&format!("/coupons/{}/use", mine[n]), body)
        };
        redeem(0, json!({})).expect(200);
        redeem(1, json!({"hold_s": 600})).expect(200);
        let counts = json!({"batch": id, "free": count - 4, "assigned": 2});
        assert_eq!(tell(&admin, &id, "void?dry_run=true").expect(200), counts);
        assert_eq!(books(&app, &id)["void"], 0);
        assert_eq!(tell(&admin, &id, "void").expect(200), counts);
        let again = tell(&admin, &id, "void");
        assert!(again.was_replayed());
        assert_eq!(again.expect(200), counts);
        app.restart();
        assert_eq!(shown(&app, &id)["state"], "void");
        let after = books(&app, &id);
        assert_eq!(
            (&after["void"], &after["used"], &after["held"]),
            (&json!(count - 2), &json!(1), &json!(1))
        );
        redeem(2, json!({})).refused(409, "coupon-void");
        assign(&shop.on_behalf_of("late"), &id, json!({})).refused(409, "coupon-void");
        tell(&admin, &id, "pause").refused(409, "coupon-void");
        change(&admin, &id, json!({"expires_at": LATER})).refused(409, "coupon-void");
        let seen = admin.get(&format!("/coupons/{}", mine[2])).expect(200);
        assert_eq!(seen["state"], "void");
        let steps: Vec<&Value> =
            seen["history"].as_array().unwrap().iter().map(|step| &step["step"]).collect();
        assert_eq!(steps, ["created", "assigned", "void"]);
        // A hold can still be confirmed; what is given back is void.
        let first = shop.on_behalf_of("m0").delete(&format!("/coupons/{}/use", mine[0]));
        assert_eq!(first.expect(200)["state"], "void");
        let second = format!("/coupons/{}/use/confirm", mine[1]);
        shop.on_behalf_of("m1").post(&second, json!({})).expect(200);
        assert_eq!(books(&app, &id)["void"], count - 1);
    }
    app.stop();
    assert!(app.verified().is_ok());
}

#[test]
fn an_imported_batch_is_paused_extended_and_voided_on_all_racks() {
    let app = TestApp::start();
    let admin = app.admin();
    let terms = "discount_percent=10&expires_at=2027-01-01T00:00:00Z";
    let file = b"code\nONE\nTWO\nTHREE\n".to_vec();
    let job = admin.send("POST", &format!("/coupon-imports?{terms}"), Some(file)).expect(202);
    let job = format!("/jobs/{}", harness::id(&job));
    app.until("it is imported", || admin.get(&job).expect(200)["ended_at"].is_string());
    let id =
        admin.get("/coupon-batches").expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
    let ada = app.service("shop").on_behalf_of("ada");
    assert_eq!(tell(&admin, &id, "void?dry_run=true").expect(200)["free"], 3);
    assert_eq!(tell(&admin, &id, "pause").expect(200)["state"], "paused");
    assign(&ada, &id, json!({})).refused(409, "paused");
    assert_eq!(change(&admin, &id, json!({"expires_at": LATER})).expect(200)["state"], "paused");
    tell(&admin, &id, "resume").expect(200);
    let given = assign(&ada, &id, json!({})).expect(201);
    assert_eq!(given["expires_at"], "2027-03-31T00:00:00.000Z");
    let counts = json!({"batch": id, "free": 2, "assigned": 1});
    assert_eq!(tell(&admin, &id, "void").expect(200), counts);
    ada.post(&format!("/coupons/{}/use", code(&given)), json!({})).refused(409, "coupon-void");
    assert_eq!(books(&app, &id)["void"], 3);
    app.stop();
    assert!(app.verified().is_ok());
}

#[test]
fn what_happens_to_a_whole_batch_is_told_once() {
    let app = TestApp::start();
    let admin = app.admin();
    let id = batch(&app, json!({ "count": MANY }));
    let mut lines = listen(&admin, &app, None);
    tell(&admin, &id, "pause").expect(200);
    tell(&admin, &id, "resume").expect(200);
    change(&admin, &id, json!({"expires_at": LATER})).expect(200);
    tell(&admin, &id, "void").expect(200);
    for topic in ["batch.paused", "batch.resumed", "batch.extended"] {
        let (_, kind, event) = next(&mut lines).unwrap();
        assert_eq!((kind.as_str(), &event["data"]["batch"]), (topic, &json!(id)));
    }
    let voided = (0..16).map(|_| next(&mut lines).unwrap());
    let free = voided.map(|(_, kind, event)| {
        assert_eq!(kind, "coupons.voided");
        event["data"]["free"].as_u64().unwrap()
    });
    assert_eq!(free.sum::<u64>(), MANY);
}

#[test]
fn until_the_first_assignment_a_batch_can_be_mended() {
    let app = TestApp::start();
    let (admin, shop) = (app.admin(), app.service("shop"));
    for count in [10, MANY] {
        let id = batch(&app, json!({"count": count, "name": "Smmer", "min_amount": 10}));
        let wrong = json!({"discount_percent": 101, "expires_at": "x", "name": ""});
        let problem = change(&admin, &id, wrong).refused(422, "invalid");
        let mut said = harness::pointers(&problem);
        said.sort_unstable();
        assert_eq!(said, ["/discount_percent", "/expires_at", "/name"]);
        let changes = json!({"name": "Summer", "discount_percent": 20, "min_amount": null,
            "max_discount": 300, "cancel_by": "service", "expires_at": "2026-12-20T00:00:00Z"});
        let path = format!("/coupon-batches/{id}");
        let would = admin.patch(&format!("{path}?dry_run=true"), changes.clone()).expect(200);
        assert_eq!(would["discount_percent"], 20);
        assert_eq!(shown(&app, &id)["discount_amount"], 500);
        let changed = admin.key(&id).patch(&path, changes.clone()).expect(200);
        assert_eq!(changed, shown(&app, &id));
        for (field, value) in [
            ("name", json!("Summer")),
            ("state", json!("open")),
            ("discount_percent", json!(20)),
            ("discount_amount", json!(null)),
            ("min_amount", json!(null)),
            ("max_discount", json!(300)),
            ("cancel_by", json!("service")),
            ("expires_at", json!("2026-12-20T00:00:00.000Z")),
        ] {
            assert_eq!(changed[field], value, "{field}");
        }
        let listed = admin.get("/coupons/expired?on=2026-12-20").expect(200);
        assert_eq!(listed["items"][0]["discount_percent"], 20);
        app.restart();
        let member = shop.on_behalf_of("ada");
        let given = assign(&member, &id, json!({})).expect(201);
        assert_eq!((&given["discount_percent"], &given["name"]), (&json!(20), &json!("Summer")));
        let used = member.post(&format!("/coupons/{}/use", code(&given)), json!({"amount": 1000}));
        assert_eq!(used.expect(200)["discount"], 200);
        assert!(admin.key(&id).patch(&path, changes).was_replayed());
        for built_on in [
            json!({"min_amount": 7}),
            json!({"discount_amount": 7}),
            json!({"cancel_by": "member"}),
        ] {
            admin.patch(&path, built_on).refused(409, "in-use");
        }
        assert_eq!(change(&admin, &id, json!({"name": null})).expect(200)["name"], json!(null));
        assign(&shop.on_behalf_of("bob"), &id, json!({})).expect(201);
    }
    app.stop();
    assert!(app.verified().is_ok());
}

#[test]
fn a_batch_of_which_nothing_was_assigned_is_withdrawn() {
    let app = TestApp::start();
    let (admin, shop) = (app.admin(), app.service("shop"));
    for count in [10, MANY] {
        let id = batch(&app, json!({ "count": count }));
        let path = format!("/coupon-batches/{id}");
        let would = admin.delete(&format!("{path}?dry_run=true")).expect(200);
        assert_eq!(
            (&would["state"], &shown(&app, &id)["state"]),
            (&json!("withdrawn"), &json!("open"))
        );
        assert_eq!(admin.delete(&path).expect(200)["state"], "withdrawn");
        assert!(admin.delete(&path).was_replayed());
        app.restart();
        assert_eq!(shown(&app, &id)["state"], "withdrawn");
        assert_eq!(admin.get("/coupon-batches").expect(200)["items"], json!([]));
        assign(&shop.on_behalf_of("ada"), &id, json!({})).refused(409, "coupon-void");
        assert_eq!(books(&app, &id)["void"], count);
    }
    for count in [10, MANY] {
        let id = batch(&app, json!({ "count": count }));
        assign(&shop.on_behalf_of("ada"), &id, json!({})).expect(201);
        admin.delete(&format!("/coupon-batches/{id}")).refused(409, "in-use");
        assign(&shop.on_behalf_of("bob"), &id, json!({})).expect(201);
        assert_eq!(shown(&app, &id)["state"], "open");
        // Whoever is first: an assignment, or the withdrawal.
        let id = batch(&app, json!({ "count": count }));
        let (assigned, withdrawn) = std::thread::scope(|scope| {
            let given = (0..8).map(|n| {
                let (member, id) = (shop.on_behalf_of(&format!("m{n}")), &id);
                scope.spawn(move || assign(&member, id, json!({})).status)
            });
            let given: Vec<_> = given.collect();
            let gone = scope.spawn(|| admin.delete(&format!("/coupon-batches/{id}")).status);
            let given: Vec<u16> = given.into_iter().map(|one| one.join().unwrap()).collect();
            (given.contains(&201), gone.join().unwrap() == 200)
        });
        assert!(assigned != withdrawn, "assigned: {assigned}, withdrawn: {withdrawn}");
    }
    admin.delete("/coupon-batches/b_998").refused(404, "not-found");
    app.stop();
    assert!(app.verified().is_ok());
}
