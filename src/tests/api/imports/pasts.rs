//! Codes that come with a past: they are somebody's, and may have been used.

use super::{Importing, TERMS, begun, counts, ended, imported, slow, states};
use harness::{Client, TestApp, id};
use serde_json::{Value, json};

fn file(ada: &str, bob: &str) -> String {
    format!(
        "reference,owner,code,state,amount\n,,FREE-1,,\n,{ada},GIVEN-1,assigned,\n\
        order-7,{bob},USED-1,used,4990\n,,FREE-2,created,\n,{ada},USED-2,used,\n,{ada},X,given,\n"
    )
}

fn me(client: &Client) -> String {
    id(&client.get("/me").expect(200)).to_owned()
}

fn ledger(admin: &Client, job: &Value) -> [u64; 4] {
    let path = format!("/coupon-batches/{}/ledger", job["batch"].as_str().unwrap());
    let ledger = admin.get(&path).expect(200);
    ["issued", "available", "assigned", "used"].map(|count| ledger[count].as_u64().unwrap())
}

#[test]
fn codes_come_with_their_owners_and_their_uses() {
    let app = TestApp::start();
    let (admin, ada, bob) = (app.admin(), app.member("ada"), app.member("bob"));
    let file = file(&me(&ada), &me(&bob));
    let job = imported(&app, &admin, "", &file);
    assert_eq!((&job["state"], counts(&job)), (&json!("finished"), (5, 0, 1)));
    let told = states(&admin, id(&job));
    assert_eq!(told, ["imported", "imported", "imported", "imported", "imported", "invalid"]);
    let rows = super::rows(&admin, id(&job), "state=invalid");
    assert_eq!(rows[0]["code"], "X");
    assert!(rows[0]["why"].as_str().unwrap().contains("state"), "{rows:?}");
    assert_eq!(ledger(&admin, &job), [5, 2, 1, 2]);
    let used = bob.get("/coupons/USED-1").expect(200);
    assert_eq!((&used["state"], &used["use"]["reference"]), (&json!("used"), &json!("order-7")));
    assert_eq!((&used["use"]["discount"], &used["use"]["payable"]), (&json!(499), &json!(4491)));
    bob.post("/coupons/USED-1/use", json!({"amount": 100})).refused(409, "coupon-used");
    ada.post("/coupons/GIVEN-1/use", json!({"amount": 100})).expect(200);
    bob.get("/coupons/GIVEN-1").refused(404, "unknown-coupon");
    assert_eq!(ada.get("/coupons").expect(200)["items"].as_array().unwrap().len(), 2);
    // The same codes again are duplicates, whatever is said of them.
    let again = imported(&app, &admin, "&name=Again", file.replace("FREE-1,,", "FREE-1,used,"));
    assert_eq!(counts(&again), (0, 4, 2));
    assert_eq!(ledger(&admin, &job), [5, 2, 0, 3]);
    app.stop();
    app.verified().unwrap();
}

#[test]
fn a_restart_in_the_middle_gives_nothing_twice() {
    let app = slow();
    let (admin, ada) = (app.admin(), app.member("ada"));
    let owner = me(&ada);
    let line = |n: u32| format!("C-{n},used,{owner},order-{n}\n");
    let lines: String = (0..60).map(line).collect();
    let job = admin.import("", format!("code,state,owner,reference\n{lines}")).expect(202);
    begun(&app, &admin, id(&job));
    app.restart();
    let job = ended(&app, &app.admin(), id(&job));
    assert_eq!(counts(&job), (60, 0, 0));
    assert_eq!(ledger(&app.admin(), &job), [60, 0, 0, 60]);
    app.stop();
    app.verified().unwrap();
}

#[test]
fn a_dry_run_gives_nothing_and_a_minimum_asks_for_the_amount() {
    let app = TestApp::start();
    let (admin, ada) = (app.admin(), app.member("ada"));
    let file = format!("code,owner\nA,{}\n", me(&ada));
    let job = imported(&app, &admin, "&dry_run=true", &file);
    assert_eq!((counts(&job), &job["batch"]), ((1, 0, 0), &Value::Null));
    assert_eq!(ada.get("/coupons").expect(200)["items"], json!([]));
    assert!(!TERMS.contains("min_amount"));
    let used = format!("code,state,owner,amount\nB,used,{0},499\nC,used,{0},500\n", me(&ada));
    let job = imported(&app, &admin, "&min_amount=500", used);
    assert_eq!(counts(&job), (1, 0, 1));
}
