//! Every page, for eyes, keyboards and screen readers: light and dark, wide and narrow.

use crate::Scene;
use crate::axe::Axe;
use harness::DAY;
use serde_json::{Value, json};

/// Everything that an administrator can open, on a server where there is one of each.
pub fn places(scene: &Scene) -> Vec<String> {
    let admin = scene.server().admin();
    let both = json!({"closes_on": DAY, "tickets": {"digits": 4}, "ballots": true});
    admin.post("/lotteries", both).expect(201);
    let campaign = admin.post(
        "/campaigns",
        json!({"name": "First", "quota": 10,
        "discount_percent": 10, "ends_at": "2199-12-31T00:00:00Z", "trigger": "claim"}),
    );
    let campaign = campaign.expect(201)["id"].as_str().unwrap().to_owned();
    let coupons = admin.post(
        "/coupons",
        json!({"name": "Some", "count": 3, "discount_percent": 5,
        "expires_at": "2199-12-31T00:00:00Z"}),
    );
    let coupons = coupons.expect(201);
    let batch = harness::id(&coupons["batch"]);
    let code = coupons["codes"][0].as_str().unwrap();
    let file = b"code\nA-1\nA-1\n";
    let import = "/coupon-imports?name=Old&discount_percent=5&expires_at=2199-12-31T00:00:00Z";
    let job = admin.send_file(import, file).expect(202)["id"].as_str().unwrap().to_owned();
    let webhook = admin.post("/webhooks", json!({"url": "https://example.org/x", "events": ["*"]}));
    let webhook = webhook.expect(201)["id"].as_str().unwrap().to_owned();
    admin.post("/service-keys", json!({"name": "shop"})).expect(201);
    let ada = scene.server().member("ada");
    ada.post(&format!("/campaigns/{campaign}/claims"), json!({})).expect(201);
    let ada = ada.get("/me").expect(200)["id"].as_str().unwrap().to_owned();
    let plain = [
        "overview",
        "campaigns",
        "campaigns/new",
        "lotteries",
        "lotteries/new",
        "lotteries/new-",
        "coupons",
        "coupons/new",
        "imports",
        "imports/new",
        "members",
        "audit",
        "settings",
        "find",
        "keys",
        "webhooks",
        "node",
        "mine",
        "sessions",
        "no-such-page",
    ];
    let of_one = [
        format!("campaigns/{campaign}"),
        format!("lotteries/{DAY}"),
        format!("coupons/batch/{batch}"),
        format!("coupons/code/{code}"),
        format!("imports/{job}"),
        format!("members/{ada}"),
        format!("webhooks/{webhook}"),
    ];
    plain.into_iter().map(str::to_owned).chain(of_one).collect()
}

/// Opens it, and waits until its head has the focus, so that a reader is told where they are.
pub fn open(scene: &Scene, place: &str) {
    scene.browser.go(place);
    scene.browser.until(
        "location.hash === arguments[0] && document.activeElement.tagName === 'H1'",
        json!([format!("#/{place}")]),
    );
}

#[test]
fn no_page_has_anything_serious_that_keeps_people_out() {
    let Some(axe) = Axe::find() else { return };
    let Some(scene) = Scene::open() else { return };
    let browser = &scene.browser;
    browser.until("document.querySelector('h1')", json!([]));
    let mut found: Vec<(String, Vec<Value>)> = Vec::new();
    let mut look = |name: &str| {
        let wrong = axe.serious(browser);
        if !wrong.is_empty() {
            found.push((name.to_owned(), wrong));
        }
    };
    look("the sign-in");
    scene.sign_in_as_admin();
    let places = places(&scene);
    for place in &places {
        open(&scene, place);
        look(place);
    }
    browser.press("Dark");
    for place in &places {
        open(&scene, place);
        look(&format!("{place}, dark"));
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn every_page_fits_a_telephone_and_a_wall() {
    let Some(scene) = Scene::open() else { return };
    scene.sign_in_as_admin();
    let places = places(&scene);
    for width in [390, 3840] {
        scene.browser.show_as_wide(width);
        for place in &places {
            open(&scene, place);
            scene.browser.fits(width, place);
        }
    }
}

#[test]
fn a_keyboard_is_enough_to_sign_in_and_to_reach_the_content() {
    let Some(scene) = Scene::open() else { return };
    let browser = &scene.browser;
    browser.until("document.activeElement.name === 'account'", json!([]));
    // Tab and Enter, as WebDriver writes them.
    browser.type_keys(&format!("admin\u{e004}{}\u{e007}", harness::ADMIN_PASSWORD));
    browser.sees("Sign out");
    browser.run("document.querySelector('.skip').focus()", json!([]));
    browser.type_keys("\u{e007}");
    browser.until("document.activeElement.tagName === 'H1'", json!([]));
}
