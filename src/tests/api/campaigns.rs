//! Campaigns: the first so many, one each, in the engine's own order.

use crate::harness::TestApp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const END: &str = "2026-12-31T00:00:00Z";

fn campaign(app: &TestApp, name: &str, quota: u64, trigger: &str) -> String {
    let body = json!({"name": name, "quota": quota, "discount_percent": 10, "ends_at": END, "trigger": trigger});
    app.admin().post("/campaigns", body).expect(201)["id"].as_str().unwrap().to_owned()
}

fn ledger(app: &TestApp, campaign: &str) -> Value {
    let ledger = app.anybody().get(&format!("/campaigns/{campaign}/ledger")).expect(200);
    assert_eq!(ledger["imbalance"], 0, "{ledger}");
    ledger
}

#[test]
fn the_first_so_many_get_a_voucher_and_the_next_one_changes_nothing() {
    let app = TestApp::start();
    let id = campaign(&app, "Welcome", 2, "claim");
    let claim = format!("/campaigns/{id}/claims");
    let first = app.member("ada").post(&claim, json!({})).expect(201);
    assert_eq!((&first["rank"], &first["voucher"]["discount_percent"]), (&json!(1), &json!(10)), "{first}");
    assert_eq!(app.member("bob").post(&claim, json!({})).expect(201)["rank"], 2);
    app.member("eve").post(&claim, json!({})).refused(409, "sold-out");
    assert_eq!(app.anybody().get(&format!("/campaigns/{id}")).expect(200)["state"], "sold_out");
    let ledger = ledger(&app, &id);
    assert_eq!((&ledger["issued"], &ledger["available"], &ledger["assigned"]), (&json!(2), &json!(0), &json!(2)));
}

#[test]
fn the_same_member_again_gets_the_same_rank_and_voucher() {
    let app = TestApp::start();
    let id = campaign(&app, "Welcome", 2, "claim");
    let claim = format!("/campaigns/{id}/claims");
    let ada = app.member("ada");
    let first = ada.post(&claim, json!({})).expect(201);
    app.restart();
    let ada = app.log_in("ada", crate::harness::PASSWORD);
    let again = ada.post(&claim, json!({}));
    assert!(again.was_replayed());
    assert_eq!(again.expect(200), first);
}

#[test]
fn a_voucher_is_used_once_and_a_use_is_cancelled_once() {
    let app = TestApp::start();
    let id = campaign(&app, "Welcome", 2, "claim");
    let ada = app.member("ada");
    let voucher = ada.post(&format!("/campaigns/{id}/claims"), json!({})).expect(201);
    let code = voucher["voucher"]["code"].as_str().unwrap().to_owned();
    let used = ada.post(&format!("/coupons/{code}/use"), json!({"amount": 1005, "reference": "order-1"})).expect(200);
    assert_eq!((&used["discount"], &used["payable"], &used["state"]), (&json!(101), &json!(904), &json!("used")));
    ada.post(&format!("/coupons/{code}/use"), json!({"amount": 1005})).refused(409, "coupon-used");
    app.member("bob").post(&format!("/coupons/{code}/use"), json!({"amount": 1005})).refused(404, "unknown-coupon");
    assert_eq!(ada.delete(&format!("/coupons/{code}/use")).expect(200)["state"], "assigned");
    ada.delete(&format!("/coupons/{code}/use")).refused(409, "coupon-not-used");
    let seen = app.admin().get(&format!("/coupons/{}", code.to_lowercase().replace('-', ""))).expect(200);
    let steps: Vec<&str> = seen["history"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(steps, ["created", "assigned", "used", "use_cancelled"]);
    assert_eq!(ada.get("/coupons").expect(200)["items"][0]["code"], code);
}

#[test]
fn a_first_login_within_the_window_brings_its_voucher() {
    let app = TestApp::start();
    let id = campaign(&app, "Hello", 2, "first_login");
    app.member("ada");
    let tokens = app.anybody().post("/auth/login", json!({"account": "ada", "password": crate::harness::PASSWORD})).expect(200);
    assert_eq!((&tokens["first_login"], &tokens["vouchers"][0]["campaign"]), (&json!(true), &json!(id)), "{tokens}");
    let again = app.anybody().post("/auth/login", json!({"account": "ada", "password": crate::harness::PASSWORD})).expect(200);
    assert_eq!((&again["first_login"], &again["vouchers"]), (&json!(false), &tokens["vouchers"]));
    assert_eq!(ledger(&app, &id)["assigned"], 1);
    app.member("bob").post(&format!("/campaigns/{id}/claims"), json!({})).refused(409, "by-first-login");
}

#[test]
fn ten_thousand_million_coupons_are_one_call() {
    let app = TestApp::start();
    let batch = json!({"count": 10_000_000_000u64, "discount_amount": 500, "expires_at": END});
    let batch = app.admin().post("/coupon-batches", batch).expect(201);
    let id = batch["id"].as_str().unwrap();
    let ledger = app.admin().get(&format!("/coupon-batches/{id}/ledger")).expect(200);
    assert_eq!((&ledger["available"], &ledger["imbalance"]), (&json!(10_000_000_000u64), &json!(0)));
    let shop = app.service("shop");
    let assign = format!("/coupon-batches/{id}/assign");
    let mut codes = BTreeSet::new();
    for member in 0..20 {
        let given = shop.on_behalf_of(&format!("m{member}")).post(&assign, json!({"source_id": format!("order-{member}")})).expect(201);
        assert!(codes.insert(given["code"].as_str().unwrap().to_owned()));
        let again = shop.on_behalf_of(&format!("m{member}")).post(&assign, json!({"source_id": format!("order-{member}")})).expect(200);
        assert_eq!(again["code"], given["code"]);
    }
    let text = app.admin().get(&format!("/coupon-batches/{id}/codes?format=csv&limit=3&from=9999999990")).text;
    assert_eq!(text.lines().count(), 4, "{text}");
}
