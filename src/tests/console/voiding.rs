//! Some coupons of a batch are voided from its page: counted, confirmed by a word, watched, and
//! stopped.

use crate::Scene;
use harness::{Client, id};
use serde_json::{Value, json};

fn batch(admin: &Client, name: &str, count: u64) -> String {
    let body = json!({"name": name, "count": count, "discount_percent": 5,
        "expires_at": "2199-12-31T00:00:00Z"});
    id(&admin.post("/coupon-batches", body).expect(201)).to_owned()
}

/// Void, and assigned.
fn books(admin: &Client, batch: &str) -> (u64, u64) {
    let ledger: Value = admin.get(&format!("/coupon-batches/{batch}/ledger")).expect(200);
    (ledger["void"].as_u64().unwrap(), ledger["assigned"].as_u64().unwrap())
}

#[test]
fn what_a_filter_means_is_counted_confirmed_and_void() {
    let Some(scene) = Scene::open() else { return };
    let (browser, admin) = (&scene.browser, scene.server().admin());
    let batch = batch(&admin, "Autumn", 6);
    let members = ["ada", "bob"].map(|name| scene.server().member(name).get("/me").expect(200));
    for to in [&members[0], &members[0], &members[1]] {
        let path = format!("/coupon-batches/{batch}/assign");
        admin.post(&path, json!({"member_id": id(to)})).expect(201);
    }
    scene.sign_in_as_admin();
    browser.go(&format!("coupons/batch/{batch}"));
    browser.sees("Nothing was counted or voided so yet.");
    // Not all of it, and not by an empty form.
    browser.press("Count them");
    browser
        .until("document.querySelector('[role=alert] a[href=\"/problems/invalid\"]')", json!([]));
    browser.fill("member", id(&members[0]));
    browser.press("Count them");
    browser.sees("0 that nobody has, and 2 that are somebody's.");
    assert_eq!(books(&admin, &batch), (0, 3), "nothing is void yet");
    let shows = "[...document.querySelectorAll('details pre')].some((pre) => (
        pre.textContent.includes(arguments[0]) && pre.textContent.includes(arguments[1])))";
    browser.until(shows, json!([format!("/coupon-batches/{batch}/voidings'"), id(&members[0])]));
    browser.press("Void them");
    browser.fill_in_dialog("Autum");
    browser.until("document.querySelector('dialog[open] button').disabled", json!([]));
    browser.fill_in_dialog("Autumn");
    browser.press_in_dialog("Void them");
    browser.sees("Void: 0 that nobody has, and 2 that are somebody's.");
    assert_eq!(books(&admin, &batch), (2, 1));
    // Another filter has to be counted first.
    browser.fill("member", id(&members[1]));
    browser.no_longer_sees("Void them");
}

#[test]
fn one_that_is_under_way_is_found_again_and_stopped() {
    let Some(scene) = Scene::open() else { return };
    let (browser, admin) = (&scene.browser, scene.server().admin());
    let batch = batch(&admin, "Many", 5_000_000);
    let path = format!("/coupon-batches/{batch}/voidings");
    let job = admin.post(&path, json!({"state": "created"})).expect(202);
    scene.sign_in_as_admin();
    browser.go(&format!("coupons/batch/{batch}"));
    browser.press("Look at it");
    browser.sees("parts so far");
    browser.press("Stop it");
    browser.sees("cancelled");
    let job = admin.get(&format!("/voidings/{}", id(&job))).expect(200);
    assert_eq!(job["state"], "cancelled");
    assert!(books(&admin, &batch).0 < 5_000_000);
    assert_eq!(job["voided"]["free"], books(&admin, &batch).0, "what is void stays so");
}
