//! What people do with the console, from the first look to the last.

use crate::Scene;
use harness::{DAY, PASSWORD};
use serde_json::json;

#[test]
fn a_wrong_password_is_told_and_the_right_one_lets_in_until_one_signs_out() {
    let Some(scene) = Scene::open() else { return };
    let browser = &scene.browser;
    browser.fill("account", "admin");
    browser.fill("password", "not this one, surely");
    browser.press("Sign in");
    browser
        .until("document.querySelector('[role=alert]')?.innerText.includes('password')", json!([]));
    scene.sign_in_as_admin();
    browser.sees("Handed out");
    // Whoever loads the page again is still in.
    browser.open(&format!("http://127.0.0.1:{}/", scene.port));
    browser.sees("Sign out");
    browser.press("Sign out");
    browser.until("document.querySelector('input[name=password]')", json!([]));
    assert_eq!(browser.run("return sessionStorage.length", json!([])), 0);
}

#[test]
fn a_campaign_is_previewed_and_made_and_its_numbers_move_while_a_crowd_claims() {
    let Some(scene) = Scene::open() else { return };
    let browser = &scene.browser;
    scene.sign_in_as_admin();
    browser.go("campaigns");
    browser.sees("There is none yet");
    browser.press("New campaign");
    browser.fill("quota", "none");
    browser.press("Preview");
    browser.until("document.querySelector('input[name=quota][aria-invalid=true]')", json!([]));
    browser.fill("name", "Spring");
    browser.fill("quota", "5");
    browser.press("Preview");
    browser.sees("This will be made: 5 vouchers of “Spring”");
    browser.press("Make it");
    browser.sees("0 of 5");
    let made = scene.server().admin().get("/campaigns").expect(200);
    assert_eq!(
        (&made["items"][0]["quota"], made["items"].as_array().unwrap().len()),
        (&5.into(), 1)
    );
    let path = format!("/campaigns/{}/claims", made["items"][0]["id"].as_str().unwrap());
    let first = scene.server().member("first");
    first.post(&path, json!({})).expect(201);
    browser.sees("1 of 5");
    let me = first.get("/me").expect(200)["id"].as_str().unwrap().to_owned();
    browser.until(
        "document.querySelector('tbody td:last-child').innerText === arguments[0]",
        json!([me]),
    );
    for n in 0..6 {
        scene.server().member(&format!("next{n}")).post(&path, json!({}));
    }
    browser.sees("5 of 5");
    browser.sees("sold out");
    // What was refused is told on the overview, and which campaign is sold out.
    browser.go("overview");
    browser.sees("The books balance.");
    browser.sees("0 left");

    browser.go(&path[1..path.len() - "/claims".len()]);
    browser.press("Pause");
    browser.sees("It is paused");
    browser.press("Resume");
    browser.sees("It goes on.");
    browser.press("End");
    browser.fill_in_dialog("Sprin");
    browser.until("document.querySelector('dialog[open] button').disabled", json!([]));
    browser.fill_in_dialog("Spring");
    browser.press_in_dialog("End");
    browser.sees("It has ended.");
    let over = scene.server().admin().get("/campaigns").expect(200);
    assert_eq!(over["items"][0]["state"], "ended");
}

#[test]
fn a_newcomer_holds_and_buys_a_number_claims_a_voucher_and_takes_part_in_a_draw() {
    let Some(scene) = Scene::open() else { return };
    let browser = &scene.browser;
    let admin = scene.server().admin();
    let both = json!({"closes_on": DAY, "tickets": {"digits": 4}, "ballots": true});
    admin.post("/lotteries", both).expect(201);
    let offer = json!({"name": "First", "quota": 10, "discount_percent": 10,
        "ends_at": "2199-12-31T00:00:00Z", "trigger": "claim"});
    admin.post("/campaigns", offer).expect(201);

    browser.press("I am new here");
    browser.fill("account", "ada");
    browser.fill("password", PASSWORD);
    browser.press("Make it");
    browser.sees("What is mine");
    // What is for others is not offered.
    for page in ["Members", "Webhooks", "Overview"] {
        assert!(!browser.text().contains(page), "{page}");
    }
    browser.go(&format!("lotteries/{DAY}"));
    browser.fill("pattern", "000");
    browser.sees("It has to be 4 digits or stars.");
    browser.fill("pattern", "0007");
    browser.sees("1 match, and 1 of them are free, such as 0007.");
    browser.press("Hold");
    browser.sees("You hold 0007.");
    browser.until("document.body.innerText.match(/0007 in the lottery of .* left/)", json!([]));
    browser.sees("1 match, and 0 of them are free.");
    browser.press("Submit a ballot");
    browser.sees("Your ballot is in the box.");
    browser.sees("Keep the receipt");

    browser.go("mine");
    browser.sees("left");
    browser.press("Buy");
    browser.sees("You have bought 0007.");
    browser.sees("My tickets");
    assert_eq!(scene.server().books(), (0, 1));

    browser.go("campaigns");
    browser.press("First");
    browser.press("Claim");
    browser.sees("It is yours: you are number 1");
    browser.go("mine");
    browser.press("Use");
    browser.sees("You have used");
    browser.sees("used");
    // What is gone is gone, and the page says so.
    browser.go(&format!("lotteries/{DAY}"));
    browser.fill("pattern", "0007");
    browser.sees("1 match, and 0 of them are free.");
    browser.press("Hold");
    browser.until("document.querySelector('[role=alert] a[href^=\"/problems/\"]')", json!([]));
}

#[test]
fn a_member_holds_seats_side_by_side_and_sees_what_is_left_of_their_share() {
    let Some(scene) = Scene::open() else { return };
    let browser = &scene.browser;
    let hall = json!({"id": "hall", "closes_at": "2199-12-31T00:00:00Z",
        "tickets": {"digits": 4}, "per_member": {"held": 4, "bought": 6}});
    scene.server().admin().post("/pools", hall).expect(201);

    browser.press("I am new here");
    browser.fill("account", "ada");
    browser.fill("password", PASSWORD);
    browser.press("Make it");
    browser.sees("What is mine");
    browser.go("lotteries/hall");
    browser.sees("I hold 0 and have bought 0. I may hold 4 more.");
    browser.fill("pattern", "07**");
    browser.fill("count", "3");
    browser.run("document.querySelector('input[name=together]').click()", json!([]));
    browser.press("Hold");
    let are_a_run = "((said) => said && said[2] - said[1] === 1 && said[3] - said[2] === 1)(\
        document.body.innerText.match(/You hold (07\\d\\d), (07\\d\\d), (07\\d\\d)\\./))";
    browser.until(are_a_run, json!([]));
    browser.sees("I hold 3 and have bought 0. I may hold 1 more.");
    browser.go("mine");
    browser.press("Buy");
    browser.sees("You have bought 07");
    browser.go("lotteries/hall");
    browser.sees("I hold 0 and have bought 3. I may hold 3 more.");
}

#[test]
fn a_lottery_is_closed_and_drawn_by_whoever_types_its_day() {
    let Some(scene) = Scene::open() else { return };
    let browser = &scene.browser;
    let both = json!({"closes_on": DAY, "tickets": {"digits": 4}, "ballots": true});
    scene.server().admin().post("/lotteries", both).expect(201);
    scene.sign_in_as_admin();
    browser.go(&format!("lotteries/{DAY}"));
    browser.sees("It closes in");
    let ada = scene.server().member("ada");
    let ballot = ada.submit(DAY).expect(201)["id"].as_str().unwrap().to_owned();
    let held = ada.hold(DAY, json!({"number": "0815"})).expect(201);
    ada.confirm(harness::id(&held)).expect(200);
    browser.sees("1 sold");
    browser.press("Close and draw");
    browser.fill_in_dialog(DAY);
    browser.press_in_dialog("Close and draw");
    browser.sees("Winners");
    browser.sees(&ballot);
    browser.sees("It is over, and drawn.");
}

#[test]
fn the_support_desk_finds_an_order_what_was_done_by_whom_and_with_which_settings() {
    let Some(scene) = Scene::open() else { return };
    let (browser, admin) = (&scene.browser, scene.server().admin());
    let batch = json!({"name": "Some", "count": 1, "discount_percent": 5,
        "expires_at": "2199-12-31T00:00:00Z"});
    let made = admin.post("/coupons", batch).expect(201);
    let code = made["codes"][0].as_str().unwrap();
    let ada = scene.server().member("ada");
    let me = harness::id(&ada.get("/me").expect(200)).to_owned();
    admin.put(&format!("/coupons/{code}/assign"), json!({"member_id": me})).expect(200);
    ada.post(&format!("/coupons/{code}/use"), json!({"reference": "order-77"})).expect(200);

    scene.sign_in_as_admin();
    browser.go("find/reference/order-77");
    browser.sees("1 found.");
    browser.sees("used for order-77");
    browser.go("find");
    browser.fill("text", code);
    browser.press("Look for it");
    browser.sees("Its life");
    browser.press("all that they have");
    browser.sees("1 found.");
    browser.sees("assigned");

    browser.go("audit");
    browser.sees("createCoupons");
    browser.fill("what", "assignCoupon");
    browser.press("Look");
    browser.no_longer_sees("createCoupons");
    browser.sees("assignCoupon");

    browser.go("settings");
    browser.sees("STAMPEDE_LISTEN");
    browser.sees("(set)");
    assert!(!browser.text().contains(harness::ADMIN_PASSWORD));
    browser.fill("search", "hold_ttl");
    browser.sees("1 setting, 0 of them");
}
