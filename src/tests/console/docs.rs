//! The page of the API: to search, to read, and to try.

use crate::Scene;
use crate::axe::Axe;
use serde_json::{Value, json};

#[test]
fn a_call_is_found_read_and_tried_with_a_service_key() {
    let Some(scene) = Scene::open() else { return };
    let browser = &scene.browser;
    let admin = scene.server().admin();
    let made = admin.post("/service-keys", json!({"name": "shop"})).expect(201);
    browser.open(&scene.address("/docs/"));
    browser.fill_search("my hold live");
    browser.sees("1 of ");
    browser.press("List my live holds");
    browser.sees("/api/v1/holds");
    browser.sees("How it may say no");
    browser.press("Send");
    browser.sees("unauthenticated");
    browser.fill("token", made["key"].as_str().unwrap());
    browser.fill("on_behalf_of", "customer-7");
    browser.press("Send");
    browser.sees("next_cursor");
    for theme in ["light", "dark"] {
        browser.run("document.documentElement.dataset.theme = arguments[0]", json!([theme]));
        let serious = Axe::find().map(|axe| axe.serious(browser)).unwrap_or_default();
        assert!(serious.is_empty(), "{theme}: {serious:#?}");
    }
    for width in [390, 3840] {
        browser.show_as_wide(width);
        browser.fits(width, "the API");
    }
}

/// Opens every call. What its form begins with is no mistake, whatever else stands in its way.
#[test]
fn every_call_can_be_read_and_its_sample_can_be_sent_as_it_is() {
    let Some(scene) = Scene::open() else { return };
    let (browser, admin) = (&scene.browser, scene.server().admin());
    browser.open(&scene.address("/docs/"));
    browser.sees("The API, version");
    let document = admin.get("//openapi.json").expect(200);
    let mut samples = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, call) in item.as_object().unwrap() {
            browser.run("location.hash = arguments[0]", json!([call["operationId"]]));
            browser.until(
                "document.querySelector('main h1').innerText === arguments[0]",
                json!([call["summary"]]),
            );
            let script = "return document.querySelector('#body')?.value ?? null";
            let Value::String(sample) = browser.run(script, json!([])) else { continue };
            samples += 1;
            let path = format!("/{}", path.replace("{date}", "2099-12-31"));
            // Some calls end the session of whoever sends them.
            let admin = scene.server().admin();
            let answer = admin.send(&method.to_uppercase(), &path, Some(sample.into_bytes()));
            // An id has the right shape, but nobody is called so.
            let is_mistaken = [400, 422].contains(&answer.status)
                && !answer.text.contains("no member has this id");
            assert!(!is_mistaken, "{method} {path}: {}", answer.text);
        }
    }
    assert!(samples > 20, "{samples}");
}
