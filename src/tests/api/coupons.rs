//! Coupons before they are used: made with their codes, listed, void, expired, and what is left of
//! their owners.

use crate::campaigns::{END, balanced, campaign, voucher, with};
use actors::Time;
use harness::{Answer, Client, PASSWORD, TestApp, id, pointers};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A batch of ten coupons of 500 each, with some fields changed. Its id.
pub fn batch(app: &TestApp, changes: Value) -> String {
    let body = with(json!({"count": 10, "discount_amount": 500, "expires_at": END}), changes);
    id(&app.admin().post("/coupon-batches", body).expect(201)).to_owned()
}

/// New coupons and their codes.
pub fn codes(app: &TestApp, changes: Value) -> (String, Vec<String>) {
    let body = with(json!({"count": 3, "discount_amount": 500, "expires_at": END}), changes);
    let made = app.admin().post("/coupons", body).expect(201);
    let codes = made["codes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|code| code.as_str().unwrap().to_owned())
        .collect();
    (id(&made["batch"]).to_owned(), codes)
}

#[track_caller]
pub fn books(app: &TestApp, batch: &str) -> Value {
    balanced(app.admin().get(&format!("/coupon-batches/{batch}/ledger")).expect(200))
}

pub fn code(coupon: &Value) -> &str {
    coupon["code"].as_str().unwrap()
}

pub fn assign(client: &Client, batch: &str, body: Value) -> Answer {
    client.post(&format!("/coupon-batches/{batch}/assign"), body)
}

pub fn give(client: &Client, code: &str, body: Value) -> Answer {
    client.put(&format!("/coupons/{code}/assign"), body)
}

fn state(client: &Client, code: &str) -> Value {
    client.get(&format!("/coupons/{code}")).expect(200)["state"].clone()
}

pub fn my_id(client: &Client) -> String {
    id(&client.get("/me").expect(200)).to_owned()
}

pub fn listed(client: &Client) -> Vec<String> {
    let (mut seen, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let page = client.get(&format!("/coupons?{query}")).expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|coupon| code(coupon).to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { return seen };
        query = format!("limit=2&cursor={cursor}");
    }
}

#[test]
fn up_to_a_thousand_coupons_are_made_with_their_codes() {
    let app = TestApp::start();
    for count in [1, 1000] {
        let (batch, codes) = codes(&app, json!({"count": count}));
        assert_eq!((codes.len(), codes.iter().collect::<BTreeSet<_>>().len()), (count, count));
        assert!(
            codes.iter().all(|code| code.len() == 23 && code.split('-').count() == 4),
            "{codes:?}"
        );
        assert_eq!(books(&app, &batch)["available"], count);
        assert_eq!(state(&app.admin(), &codes[count - 1]), "created");
    }
    let would_be = app
        .admin()
        .post(
            "/coupons?dry_run=true",
            json!({"count": 5, "discount_percent": 5, "expires_at": END}),
        )
        .expect(201);
    assert_eq!(would_be["codes"], json!([]));
    assert_eq!(
        app.admin().get("/coupon-batches").expect(200)["items"].as_array().unwrap().len(),
        2
    );
}

#[test]
fn a_key_stands_for_one_batch_and_the_same_codes() {
    let app = TestApp::start();
    let body = json!({"count": 3, "discount_amount": 500, "expires_at": END});
    let admin = app.admin();
    let first = admin.key("k").post("/coupons", body.clone()).expect(201);
    app.restart();
    let again = admin.key("k").post("/coupons", body.clone());
    assert!(again.was_replayed());
    assert_eq!(again.expect(201), first);
    admin
        .key("k")
        .post("/coupons", with(body.clone(), json!({"count": 4})))
        .refused(422, "idempotency-key-reused");
    // Another call is another request, however alike.
    admin.key("k").post("/coupon-batches", body.clone()).refused(422, "idempotency-key-reused");
    assert_ne!(admin.post("/coupons", body).expect(201)["codes"], first["codes"]);
}

#[test]
fn what_cannot_be_a_batch_is_pointed_at_and_none_is_made() {
    let app = TestApp::start();
    let admin = app.admin();
    let body = json!({"count": 10, "discount_amount": 500, "expires_at": END});
    for (changes, pointer) in [
        (json!({"count": 0}), "/count"),
        (json!({"count": 10_000_000_001_u64}), "/count"),
        (json!({"count": -1}), "/count"),
        (json!({"count": 1e300}), "/count"),
        (json!({"count": "10"}), "/count"),
        (json!({"discount_amount": 0}), "/discount_amount"),
        (json!({"discount_percent": 5}), "/discount_amount"),
        (json!({"discount_amount": null}), "/discount_percent"),
        (json!({"discount_amount": null, "discount_percent": 101}), "/discount_percent"),
        (json!({"min_amount": 0}), "/min_amount"),
        (json!({"max_discount": 1_000_000_000_000_001_u64}), "/max_discount"),
        (json!({"expires_at": "2026-12-01T12:00:00Z"}), "/expires_at"),
        (json!({"expires_at": "2026-12-31"}), "/expires_at"),
        (json!({"name": ""}), "/name"),
        (json!({"name": "x".repeat(101)}), "/name"),
        (json!({"one_per_member": "yes"}), "/one_per_member"),
        (json!({"colour": "red"}), "/colour"),
    ] {
        for path in ["/coupon-batches", "/coupons"] {
            let refused =
                admin.post(path, with(body.clone(), changes.clone())).refused(422, "invalid");
            assert_eq!(pointers(&refused), [pointer], "{path} {changes}");
        }
    }
    admin.post("/coupons", with(body.clone(), json!({"count": 1001}))).refused(422, "invalid");
    for (caller, why) in [
        (app.member("ada"), "forbidden"),
        (app.service("shop").on_behalf_of("ada"), "out-of-scope"),
    ] {
        for path in ["/coupon-batches", "/coupons"] {
            caller.post(path, body.clone()).refused(403, why);
        }
        caller.get("/coupon-batches").refused(403, why);
    }
    assert_eq!(admin.get("/coupon-batches").expect(200)["items"], json!([]));
}

#[test]
fn what_is_void_is_neither_assigned_nor_used() {
    let app = TestApp::start();
    let (batch, codes) = codes(&app, json!({}));
    let (admin, ada) = (app.admin(), app.member("ada"));
    let ada_id = my_id(&ada);
    give(&admin, &codes[1], json!({"member_id": ada_id})).expect(200);
    for code in &codes[..2] {
        ada.post(&format!("/coupons/{code}/void"), json!({})).refused(403, "forbidden");
        let void = admin.post(&format!("/coupons/{code}/void?dry_run=true"), json!({})).expect(200);
        assert_eq!(void["state"], "void");
        for _ in 0..2 {
            assert_eq!(
                admin.post(&format!("/coupons/{code}/void"), json!({})).expect(200)["state"],
                "void"
            );
        }
        give(&admin, code, json!({"member_id": ada_id})).refused(409, "coupon-void");
    }
    ada.post(&format!("/coupons/{}/use", codes[1]), json!({})).refused(409, "coupon-void");
    assert_eq!((state(&ada, &codes[1]), listed(&ada)), (json!("void"), vec![codes[1].clone()]));
    assert_eq!(code(&assign(&admin, &batch, json!({"member_id": ada_id})).expect(201)), codes[2]);
    app.restart();
    let books = books(&app, &batch);
    assert_eq!((&books["void"], &books["assigned"]), (&json!(2), &json!(1)));
    // Used, or held, it cannot be void any more.
    ada.post(&format!("/coupons/{}/use", codes[2]), json!({"hold_s": 60})).expect(200);
    admin.post(&format!("/coupons/{}/void", codes[2]), json!({})).refused(409, "coupon-held");
    ada.post(&format!("/coupons/{}/use/confirm", codes[2]), json!({})).expect(200);
    admin.post(&format!("/coupons/{}/void", codes[2]), json!({})).refused(409, "coupon-used");
}

#[test]
fn a_coupon_expires_at_its_millisecond_wherever_one_looks() {
    let app = TestApp::start();
    let (batch, codes) = codes(&app, json!({"expires_at": "2026-12-01T12:01:00Z"}));
    let (admin, ada) = (app.admin(), app.member("ada"));
    let ada_id = my_id(&ada);
    for code in &codes[..2] {
        give(&admin, code, json!({"member_id": ada_id})).expect(200);
    }
    ada.post(&format!("/coupons/{}/use", codes[1]), json!({"amount": 700})).expect(200);
    let end = app.now().plus_s(60);
    app.set_time(Time(end.0 - 1));
    assert_eq!(
        (state(&ada, &codes[0]), books(&app, &batch)["expired"].clone()),
        (json!("assigned"), json!(0))
    );
    ada.post(&format!("/coupons/{}/use?dry_run=true", codes[0]), json!({})).expect(200);
    app.set_time(end);
    let states = |client: &Client| -> Vec<Value> {
        client.get("/coupons").expect(200)["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|coupon| coupon["state"].clone())
            .collect()
    };
    assert_eq!(states(&ada), ["expired", "used"]);
    assert_eq!(
        (state(&ada, &codes[0]), state(&admin, &codes[2])),
        (json!("expired"), json!("expired"))
    );
    let ledger = books(&app, &batch);
    assert_eq!((&ledger["expired"], &ledger["used"]), (&json!(2), &json!(1)));
    ada.post(&format!("/coupons/{}/use", codes[0]), json!({})).refused(409, "coupon-expired");
    admin.post(&format!("/coupons/{}/void", codes[0]), json!({})).refused(409, "coupon-expired");
    give(&admin, &codes[2], json!({"member_id": ada_id})).refused(409, "coupon-expired");
    assign(&admin, &batch, json!({"member_id": ada_id})).refused(409, "coupon-expired");
    // A use that is cancelled now gives back what has expired.
    let cancelled = ada.delete(&format!("/coupons/{}/use?dry_run=true", codes[1])).expect(200);
    assert_eq!(cancelled["state"], "expired");
    assert_eq!(ada.delete(&format!("/coupons/{}/use", codes[1])).expect(200)["state"], "expired");
    ada.post(&format!("/coupons/{}/use", codes[1]), json!({})).refused(409, "coupon-expired");
    assert_eq!(books(&app, &batch)["expired"], 3);
    // Nor does a clock that goes back revive anything, nor a restart.
    app.pass_s(-60);
    app.restart();
    ada.post(&format!("/coupons/{}/use", codes[0]), json!({})).refused(409, "coupon-expired");
    assert_eq!(books(&app, &batch)["expired"], 3);
}

#[test]
fn my_coupons_are_those_of_all_campaigns_and_batches_in_the_order_they_came() {
    let app = TestApp::start();
    let ada = app.member("ada");
    let ada_id = my_id(&ada);
    let small = batch(&app, json!({}));
    let large = batch(&app, json!({"count": 5_000_000}));
    let mut expected = Vec::new();
    for turn in 0..3 {
        for batch in [&small, &large] {
            app.pass_s(1);
            expected.push(
                code(&assign(&app.admin(), batch, json!({"member_id": ada_id})).expect(201))
                    .to_owned(),
            );
        }
        app.pass_s(1);
        expected.push(voucher(&ada, &campaign(&app, json!({"name": format!("Campaign {turn}")}))));
    }
    assert_eq!(listed(&ada), expected);
    app.restart();
    assert_eq!(listed(&ada), expected);
    assert_eq!(listed(&app.member("bob")), Vec::<String>::new());
    for query in ["limit=0", "limit=101", "cursor=%21", "stat=used"] {
        ada.get(&format!("/coupons?{query}")).refused(422, "invalid");
    }
}

#[test]
fn what_somebody_deleted_had_stays_on_the_books_and_is_nobody_elses() {
    let app = TestApp::start();
    let (batch, codes) = codes(&app, json!({}));
    let admin = app.admin();
    let ada = app.member("ada");
    let ada_id = my_id(&ada);
    give(&admin, &codes[0], json!({"member_id": ada_id})).expect(200);
    admin.delete(&format!("/users/{ada_id}")).expect(204);
    ada.post(&format!("/coupons/{}/use", codes[0]), json!({})).refused(401, "unauthenticated");
    // Nothing can be assigned to somebody who is not there.
    assert_eq!(
        pointers(&give(&admin, &codes[1], json!({"member_id": ada_id})).refused(422, "invalid")),
        ["/member_id"]
    );
    assign(&admin, &batch, json!({"member_id": ada_id})).refused(422, "invalid");
    let again = app.member("ada");
    again.post(&format!("/coupons/{}/use", codes[0]), json!({})).refused(404, "unknown-coupon");
    assert_eq!(listed(&again), Vec::<String>::new());
    assert_eq!(
        (state(&admin, &codes[0]), books(&app, &batch)["assigned"].clone()),
        (json!("assigned"), json!(1))
    );
    admin.post(&format!("/coupons/{}/void", codes[0]), json!({})).expect(200);
    assert_eq!(app.log_in("ada", PASSWORD).get("/coupons").expect(200)["items"], json!([]));
}
