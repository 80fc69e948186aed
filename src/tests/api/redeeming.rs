//! Using coupons: once, by their owners, for what they are worth; held for a payment, confirmed,
//! cancelled.

use crate::campaigns::{END, campaign, ledger, voucher, with};
use crate::coupons::{assign, batch, books, code, my_id};
use actors::Time;
use harness::{Answer, Client, TestApp, pointers};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::thread;

/// A coupon of a new batch with those fields, and its owner, who is a service's member.
fn coupon(app: &TestApp, changes: Value) -> (Client, String, String) {
    let batch = batch(app, changes);
    let owner = app.service("shop").on_behalf_of("seven");
    let code = code(&assign(&owner, &batch, json!({})).expect(201)).to_owned();
    (owner, batch, code)
}

fn redeem(client: &Client, code: &str, body: Value) -> Answer {
    client.post(&format!("/coupons/{code}/use"), body)
}

fn confirm(client: &Client, code: &str) -> Answer {
    client.post(&format!("/coupons/{code}/use/confirm"), json!({}))
}

fn cancel(client: &Client, code: &str) -> Answer {
    client.delete(&format!("/coupons/{code}/use"))
}

fn steps(app: &TestApp, code: &str) -> Vec<String> {
    let seen = app.admin().get(&format!("/coupons/{code}")).expect(200);
    seen["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["step"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_voucher_is_used_once_and_a_use_is_cancelled_once() {
    let app = TestApp::start();
    let ada = app.member("ada");
    let code = voucher(&ada, &campaign(&app, json!({})));
    let used = redeem(&ada, &code, json!({"amount": 1005, "reference": "order-1"})).expect(200);
    assert_eq!(
        (&used["discount"], &used["payable"], &used["state"]),
        (&json!(101), &json!(904), &json!("used"))
    );
    redeem(&ada, &code, json!({"amount": 1005})).refused(409, "coupon-used");
    redeem(&app.member("bob"), &code, json!({"amount": 1005})).refused(404, "unknown-coupon");
    let seen = ada.get(&format!("/coupons/{code}")).expect(200);
    assert_eq!(
        (&seen["use"]["reference"], &seen["use"]["payable"], seen.get("history")),
        (&json!("order-1"), &json!(904), None)
    );
    let cancelled = cancel(&ada, &code).expect(200);
    assert_eq!(
        (&cancelled["state"], &cancelled["discount"], &cancelled["reference"]),
        (&json!("assigned"), &json!(101), &json!("order-1"))
    );
    cancel(&ada, &code).refused(409, "coupon-not-used");
    app.restart();
    assert_eq!(
        steps(&app, &code.to_lowercase().replace('-', "")),
        ["created", "assigned", "used", "use_cancelled"]
    );
    redeem(&app.admin(), &code, json!({"amount": 100})).expect(200);
    assert_eq!(steps(&app, &code), ["created", "assigned", "used", "use_cancelled", "used"]);
    assert_eq!(ledger(&app, "c_1")["used"], 1);
}

#[test]
fn of_two_hundred_uses_at_once_one_succeeds() {
    let app = TestApp::start();
    let (owner, batch, code) = coupon(&app, json!({}));
    let answers = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for n in 0..200 {
            let (owner, code, answers) = (&owner, &code, &answers);
            scope.spawn(move || {
                let owner = if n % 2 == 0 { owner.key(&format!("key-{n}")) } else { owner.clone() };
                let answer = redeem(
                    &owner,
                    code,
                    json!({"amount": 1000, "reference": format!("order-{n}")}),
                );
                answers.lock().unwrap().push(answer);
            });
        }
    });
    let (good, bad): (Vec<Answer>, Vec<Answer>) =
        answers.into_inner().unwrap().into_iter().partition(|answer| answer.status == 200);
    assert_eq!((good.len(), bad.len()), (1, 199));
    bad.into_iter().for_each(|answer| drop(answer.refused(409, "coupon-used")));
    let seen = owner.get(&format!("/coupons/{code}")).expect(200);
    assert_eq!(seen["use"]["reference"], good[0].body["reference"]);
    assert_eq!(books(&app, &batch)["used"], 1);
}

#[test]
fn the_same_key_uses_it_once_however_often_it_is_sent() {
    let app = TestApp::start();
    let (owner, batch, code) = coupon(&app, json!({}));
    let answers = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| {
                answers.lock().unwrap().push(redeem(
                    &owner.key("k"),
                    &code,
                    json!({"amount": 1000}),
                ))
            });
        }
    });
    let answers = answers.into_inner().unwrap();
    assert_eq!(answers.iter().filter(|answer| !answer.was_replayed()).count(), 1);
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.body == answers[0].body));
    redeem(&owner.key("k"), &code, json!({"amount": 1001})).refused(422, "idempotency-key-reused");
    assert_eq!(books(&app, &batch)["used"], 1);
}

#[test]
fn uses_and_cancels_at_once_make_a_history_that_can_be() {
    let app = TestApp::start();
    let (owner, batch, code) = coupon(&app, json!({}));
    let counts = Mutex::new((0, 0));
    thread::scope(|scope| {
        for n in 0..16 {
            let (owner, code, counts) = (&owner, &code, &counts);
            scope.spawn(move || {
                for _ in 0..10 {
                    let answer = if n % 2 == 0 {
                        redeem(owner, code, json!({"amount": 1000}))
                    } else {
                        cancel(owner, code)
                    };
                    let mut counts = counts.lock().unwrap();
                    match (n % 2, answer.status) {
                        (0, 200) => counts.0 += 1,
                        (1, 200) => counts.1 += 1,
                        (0, _) => drop(answer.refused(409, "coupon-used")),
                        (_, _) => drop(answer.refused(409, "coupon-not-used")),
                    }
                }
            });
        }
    });
    let (used, cancelled) = counts.into_inner().unwrap();
    let steps = steps(&app, &code);
    // After it was assigned, each use but the last is followed by its cancel.
    let expected: Vec<&str> =
        ["used", "use_cancelled"].into_iter().cycle().take(used + cancelled).collect();
    assert_eq!(
        (&steps[..2], &steps[2..]),
        (
            &["created".to_owned(), "assigned".to_owned()][..],
            &expected.iter().map(|step| (*step).to_owned()).collect::<Vec<_>>()[..]
        )
    );
    assert!(used == cancelled || used == cancelled + 1, "{used} uses, {cancelled} cancels");
    assert_eq!(books(&app, &batch)["used"], used - cancelled);
    app.stop();
    assert!(app.verified().is_ok());
}

#[test]
fn a_use_that_waits_for_its_payment_is_confirmed_cancelled_or_comes_back_by_itself() {
    let app = TestApp::start();
    let (owner, batch, code) = coupon(&app, json!({}));
    confirm(&owner, &code).refused(409, "coupon-not-held");
    let held =
        redeem(&owner, &code, json!({"amount": 1000, "reference": "a", "hold_s": 60})).expect(200);
    assert_eq!(
        (&held["state"], &held["payable"], &held["expires_at"]),
        (&json!("held"), &json!(500), &json!("2026-12-01T12:01:00.000Z"))
    );
    redeem(&owner, &code, json!({})).refused(409, "coupon-held");
    redeem(&owner, &code, json!({"hold_s": 60})).refused(409, "coupon-held");
    assert_eq!(books(&app, &batch)["held"], 1);
    assert_eq!(cancel(&owner, &code).expect(200)["state"], "assigned");
    // In its last millisecond it can be confirmed, after that it has come back.
    for (waits_ms, confirmed) in [(60_000, false), (59_999, true)] {
        redeem(&owner, &code, json!({"amount": 1000, "reference": "b", "hold_s": 60})).expect(200);
        app.set_time(Time(app.now().0 + waits_ms));
        app.restart();
        if !confirmed {
            assert_eq!(owner.get(&format!("/coupons/{code}")).expect(200)["state"], "assigned");
            confirm(&owner, &code).refused(409, "coupon-not-held");
            cancel(&owner, &code).refused(409, "coupon-not-used");
            assert_eq!(books(&app, &batch)["held"], 0);
        } else {
            let used = confirm(&owner, &code).expect(200);
            assert_eq!(
                (&used["state"], &used["discount"], &used["reference"]),
                (&json!("used"), &json!(500), &json!("b"))
            );
            // The answer may have been lost; without a key it is the same, too.
            let again = confirm(&owner, &code);
            assert!(again.was_replayed());
            assert_eq!(again.expect(200), used);
        }
    }
    assert_eq!(books(&app, &batch)["used"], 1);
}

#[test]
fn a_hold_never_outlives_its_coupon() {
    let app = TestApp::start();
    let (owner, batch, code) = coupon(&app, json!({"expires_at": "2026-12-01T12:01:00Z"}));
    let held = redeem(&owner, &code, json!({"hold_s": 86_400})).expect(200);
    assert_eq!(held["expires_at"], "2026-12-01T12:01:00.000Z");
    app.pass_s(60);
    confirm(&owner, &code).refused(409, "coupon-expired");
    cancel(&owner, &code).refused(409, "coupon-expired");
    let books = books(&app, &batch);
    assert_eq!((&books["held"], &books["expired"]), (&json!(0), &json!(10)));
}

#[test]
fn what_is_payable_is_reckoned_to_the_minor_unit() {
    let app = TestApp::start();
    let percent = json!({"discount_amount": null, "discount_percent": 10});
    let hundredths = json!({"discount_amount": null, "discount_percent": 12.5});
    let nothing = json!({"discount_amount": null, "no_discount": true});
    let capped = json!({"discount_amount": null, "discount_percent": 50, "min_amount": 1000,
        "max_discount": 600});
    for (worth, amount, discount, payable) in [
        (percent.clone(), Some(1004), Some(100), Some(904)),
        (percent.clone(), Some(1005), Some(101), Some(904)),
        (percent.clone(), Some(0), Some(0), Some(0)),
        (
            percent.clone(),
            Some(1_000_000_000_000_000),
            Some(100_000_000_000_000_i64),
            Some(900_000_000_000_000_i64),
        ),
        (percent, None, None, None),
        (hundredths.clone(), Some(1003), Some(125), Some(878)),
        (hundredths, Some(1004), Some(126), Some(878)),
        (nothing.clone(), Some(300), Some(0), Some(300)),
        (nothing, None, Some(0), None),
        (json!({"discount_amount": 500}), Some(501), Some(500), Some(1)),
        (json!({"discount_amount": 500}), Some(300), Some(300), Some(0)),
        (json!({"discount_amount": 500}), None, Some(500), None),
        (json!({"discount_amount": 500, "max_discount": 200}), None, Some(200), None),
        (capped.clone(), Some(1000), Some(500), Some(500)),
        (capped, Some(5000), Some(600), Some(4400)),
    ] {
        let (owner, _, code) = coupon(&app, worth.clone());
        let body = amount.map_or(json!({}), |amount: u64| json!({ "amount": amount }));
        let would_be =
            owner.post(&format!("/coupons/{code}/use?dry_run=true"), body.clone()).expect(200);
        let used = redeem(&owner, &code, body).expect(200);
        assert_eq!(would_be, used);
        assert_eq!(
            (&used["discount"], &used["payable"]),
            (&json!(discount), &json!(payable)),
            "{worth} {amount:?}"
        );
    }
}

#[test]
fn a_percentage_is_told_as_it_was_said_and_none_is_told_as_none() {
    let app = TestApp::start();
    for (said, told) in [
        (json!({"discount_percent": 12.5}), json!(12.5)),
        (json!({"discount_percent": 12.25}), json!(12.25)),
        (json!({"discount_percent": 0.07}), json!(0.07)),
        (json!({"discount_percent": 12}), json!(12)),
        (json!({"discount_percent": 12.0}), json!(12)),
        (json!({"no_discount": true}), Value::Null),
    ] {
        let worth = with(json!({"discount_amount": null}), said);
        let (owner, batch, code) = coupon(&app, worth.clone());
        let shown = owner.get(&format!("/coupons/{code}")).expect(200);
        let whole = app.admin().get(&format!("/coupon-batches/{batch}")).expect(200);
        for body in [shown, whole] {
            assert_eq!(body["discount_percent"], told, "{worth}");
            assert_eq!(body["discount_amount"], Value::Null);
        }
    }
}

#[test]
fn a_paid_use_is_taken_back_by_those_whom_its_batch_names() {
    let app = TestApp::start();
    let (ada, customer) = (app.member("ada"), app.service("bank").on_behalf_of("7"));
    for (named, member, service) in
        [(None, 200, 200), (Some("service"), 403, 200), (Some("admin"), 403, 403)]
    {
        let batch = batch(&app, json!({ "cancel_by": named }));
        let shown = app.admin().get(&format!("/coupon-batches/{batch}")).expect(200);
        assert_eq!(shown["cancel_by"], named.unwrap_or("member"));
        let given = assign(&app.admin(), &batch, json!({"member_id": my_id(&ada)})).expect(201);
        let theirs = assign(&customer, &batch, json!({})).expect(201);
        for (client, coupon, status) in [(&ada, given, member), (&customer, theirs, service)] {
            let code = code(&coupon);
            redeem(client, code, json!({"amount": 500, "hold_s": 60})).expect(200);
            // Nothing was paid with it yet.
            cancel(client, code).expect(200);
            redeem(client, code, json!({"amount": 500})).expect(200);
            let answer = cancel(client, code);
            match status {
                200 => drop(answer.expect(200)),
                _ => {
                    answer.refused(403, "forbidden");
                    assert_eq!(cancel(&app.admin(), code).expect(200)["state"], "assigned");
                }
            }
        }
        assert_eq!(books(&app, &batch)["assigned"], 2);
    }
    let wrong = json!({"count": 1, "discount_amount": 5, "expires_at": END, "cancel_by": "bank"});
    let refused = app.admin().post("/coupon-batches", wrong).refused(422, "invalid");
    assert_eq!(pointers(&refused), ["/cancel_by"]);
}

#[test]
fn a_minimum_needs_an_amount_that_reaches_it() {
    let app = TestApp::start();
    let (owner, batch, code) = coupon(&app, json!({"min_amount": 1000}));
    assert_eq!(pointers(&redeem(&owner, &code, json!({})).refused(422, "invalid")), ["/amount"]);
    let refused = redeem(&owner, &code, json!({"amount": 999})).refused(409, "below-minimum");
    assert!(refused["detail"].as_str().unwrap().contains("1000"), "{refused}");
    redeem(&owner, &code, json!({"amount": 999, "hold_s": 9})).refused(409, "below-minimum");
    assert_eq!(books(&app, &batch)["assigned"], 1);
    redeem(&owner, &code, json!({"amount": 1000})).expect(200);
}

#[test]
fn what_cannot_be_a_use_is_pointed_at_and_nothing_changes() {
    let app = TestApp::start();
    let (owner, batch, code) = coupon(&app, json!({}));
    for (body, pointer) in [
        (json!({"amount": -1}), "/amount"),
        (json!({"amount": 1.5}), "/amount"),
        (json!({"amount": "10"}), "/amount"),
        (json!({"amount": 1_000_000_000_000_001_u64}), "/amount"),
        (json!({"amount": u64::MAX}), "/amount"),
        (json!({"reference": ""}), "/reference"),
        (json!({"reference": "x".repeat(65)}), "/reference"),
        (json!({"reference": "a\u{0}b"}), "/reference"),
        (json!({"hold_s": 0}), "/hold_s"),
        (json!({"hold_s": 86_401}), "/hold_s"),
        (json!({"hold_s": -1}), "/hold_s"),
        (json!({"hold_s": 4_294_967_296_u64}), "/hold_s"),
        (json!({"colour": "red"}), "/colour"),
    ] {
        assert_eq!(
            pointers(&redeem(&owner, &code, body.clone()).refused(422, "invalid")),
            [pointer],
            "{body}"
        );
    }
    let path = format!("/coupons/{code}/use");
    for body in [&b"{"[..], b"[", b"\xff", b"\0", b"{} {}"] {
        owner.send("POST", &path, Some(body.to_vec())).refused(400, "not-readable");
    }
    for body in ["[]", "1", "\"x\"", "null"] {
        owner.send("POST", &path, Some(body.into())).refused(422, "invalid");
    }
    owner.send("POST", &path, Some(vec![b' '; 65_537])).refused(413, "too-large");
    owner.post(&format!("{path}/confirm"), json!({"amount": 5})).refused(422, "invalid");
    for query in ["dry_run=maybe", "dryrun=true", "amount=5"] {
        owner.post(&format!("{path}?{query}"), json!({})).refused(422, "invalid");
        owner.delete(&format!("{path}?{query}")).refused(422, "invalid");
        owner.get(&format!("/coupons/{code}?{query}")).refused(422, "invalid");
    }
    app.anybody().post(&path, json!({})).refused(401, "unauthenticated");
    app.service("bank").post(&path, json!({})).refused(403, "forbidden");
    let books = books(&app, &batch);
    assert_eq!((&books["assigned"], &books["available"]), (&json!(1), &json!(9)));
}

#[test]
fn a_dry_run_of_every_step_changes_nothing() {
    let app = TestApp::start();
    let (owner, batch, code) = coupon(&app, json!({}));
    let dry =
        |path: &str, body: Value| owner.post(&format!("/coupons/{code}/{path}?dry_run=true"), body);
    assert_eq!(dry("use", json!({"hold_s": 5})).expect(200)["state"], "held");
    dry("use/confirm", json!({})).refused(409, "coupon-not-held");
    owner.delete(&format!("/coupons/{code}/use?dry_run=true")).refused(409, "coupon-not-used");
    assert_eq!(books(&app, &batch)["assigned"], 1);
    redeem(&owner, &code, json!({"hold_s": 5})).expect(200);
    assert_eq!(dry("use/confirm", json!({})).expect(200)["state"], "used");
    assert_eq!(
        owner.delete(&format!("/coupons/{code}/use?dry_run=true")).expect(200)["state"],
        "assigned"
    );
    assert_eq!(books(&app, &batch)["held"], 1);
    assert_eq!(steps(&app, &code), ["created", "assigned", "held"]);
}
