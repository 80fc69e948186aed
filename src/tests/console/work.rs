//! A server that asks for proofs of work: the page makes them by itself.

use crate::Scene;
use harness::{ADMIN_PASSWORD, DAY, PASSWORD};
use serde_json::json;

const ASKING: [(&str, &str); 2] = [
    ("STAMPEDE_PROOF_OF_WORK", "register,login,claim,ballot"),
    ("STAMPEDE_PROOF_OF_WORK_NUMBERS", "20000"),
];

#[test]
fn whoever_registers_signs_in_claims_and_submits_need_not_know_that_the_page_works_for_it() {
    let Some(scene) = Scene::open_with(&ASKING) else { return };
    let browser = &scene.browser;
    let anybody = scene.server().anybody();
    let who = json!({"username": "admin", "password": ADMIN_PASSWORD});
    anybody.post("/auth/login", who).refused(403, "proof-of-work-needed");
    let admin = anybody.worked("login").log_in("admin", ADMIN_PASSWORD);
    admin.post("/lotteries", json!({"closes_on": DAY, "ballots": true})).expect(201);
    let offer = json!({"name": "First", "quota": 10, "discount_percent": 10,
        "ends_at": "2199-12-31T00:00:00Z", "trigger": "claim"});
    admin.post("/campaigns", offer).expect(201);

    browser.press("I am new here");
    browser.fill("account", "ada");
    browser.fill("password", PASSWORD);
    browser.press("Make it");
    browser.sees("What is mine");
    browser.go("campaigns");
    browser.press("First");
    browser.press("Claim");
    browser.sees("It is yours: you are number 1");
    browser.go(&format!("lotteries/{DAY}"));
    browser.press("Submit a ballot");
    browser.sees("Your ballot is in the box.");
    browser.press("Sign out");
    // A wrong password is told as ever, and has cost its work.
    browser.fill("account", "ada");
    browser.fill("password", "not this one, surely");
    browser.press("Sign in");
    browser
        .until("document.querySelector('[role=alert]')?.innerText.includes('password')", json!([]));
    scene.sign_in("ada", PASSWORD);
}
