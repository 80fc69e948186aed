//! A pool, from the form that makes it until a crowd has bought all of it.

use crate::Scene;
use harness::{PASSWORD, id};
use serde_json::json;

/// A member who is new here buys so many tickets of the hall.
fn buy(scene: &Scene, name: &str, count: u32) {
    let member = scene.server().member(name);
    let wanted = json!({"pattern": "****", "count": count, "at_least": count});
    let held = member.post("/pools/hall/holds", wanted).expect(201);
    member.confirm(id(&held)).expect(200);
}

#[test]
fn a_pool_is_previewed_and_made_with_labels_and_a_limit_and_fills_while_a_crowd_buys() {
    let Some(scene) = Scene::open() else { return };
    let browser = &scene.browser;
    scene.sign_in_as_admin();
    browser.go("lotteries");
    browser.press("New pool");
    browser.fill("id", "The Hall");
    browser.fill("count", "none");
    browser.paste("closes_at", "2199-12-31T20:00");
    browser.press("Preview");
    browser.until("document.querySelector('input[name=count][aria-invalid=true]')", json!([]));
    browser.fill("count", "12");
    browser.press("Preview");
    browser.until("document.querySelector('input[name=id][aria-invalid=true]')", json!([]));
    browser.fill("id", "hall");
    browser.fill("bought", "2");
    browser.press("Preview");
    browser.sees("This will be made: “hall”");
    // What was previewed is what is made: another word in the form takes the preview away.
    browser.fill("labels", "front 000*, row 1 001*");
    browser.no_longer_sees("This will be made");
    browser.press("Preview");
    browser.sees("with 12 tickets and no ballots.");
    let anybody = scene.server().anybody();
    assert_eq!(anybody.get("/pools/hall").status, 404, "a preview makes nothing");
    browser.press("Make it");
    browser.sees("at most 2");
    browser.sees("001*");

    let made = anybody.get("/pools/hall").expect(200);
    let tickets = &made["tickets"];
    assert_eq!((&tickets["stock"], &tickets["per_member"]["bought"]), (&json!(12), &json!(2)));
    let labels = [("front", "000*"), ("row 1", "001*")];
    let labels = labels.map(|(name, pattern)| json!({"name": name, "pattern": pattern}));
    assert_eq!(tickets["labels"], json!(labels));
    let script = "return new Date(arguments[0]).toISOString()";
    assert_eq!(made["closes_at"], browser.run(script, json!(["2199-12-31T20:00"])));

    browser.sees("12 free");
    buy(&scene, "ada", 2);
    browser.sees("2 sold");
    browser.sees("10 free");
    let ada = anybody.log_in("ada", PASSWORD);
    let third = ada.post("/pools/hall/holds", json!({"pattern": "****"}));
    third.refused(409, "hold-limit-reached");
    (0..5).for_each(|n| buy(&scene, &format!("next{n}"), 2));
    browser.sees("12 sold");
    browser.sees("0 free");
    browser.fill("pattern", "000*");
    browser.sees("10 match, and 0 of them are free.");
    browser.sees("Sold out.");
    let books = anybody.get("/pools/hall/ledger").expect(200);
    assert_eq!((&books["sold"], &books["imbalance"]), (&json!(12), &json!(0)));
}
