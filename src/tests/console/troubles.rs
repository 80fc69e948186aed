//! What the console says when something is in its way, and that it goes on by itself.

use crate::Scene;
use serde_json::json;

/// Whoever asks for bulletins waits until `window.listen()`.
pub const BULLETINS_WAIT: &str = "const ask = window.fetch;
    window.fetch = async (path, options) => {
      if (path === '/api/v1/events/bulletins') await new Promise((go) => { window.listen = go; });
      return ask(path, options);
    };";

const HIDE: &str =
    "Object.defineProperty(document, 'hidden', {value: arguments[0], configurable: true});
    document.dispatchEvent(new Event('visibilitychange'));";

fn campaign() -> serde_json::Value {
    json!({"name": "First", "quota": 100, "discount_percent": 10,
        "ends_at": "2199-12-31T00:00:00Z", "trigger": "claim"})
}

#[test]
fn a_session_that_has_ended_elsewhere_leads_to_the_sign_in_and_says_why() {
    let Some(scene) = Scene::open() else { return };
    let browser = &scene.browser;
    scene.sign_in_as_admin();
    browser.sees("Live.");
    scene.server().admin().post("/auth/logout-all", json!({})).expect(204);
    browser.sees("Your session has ended. Please sign in again.");
    scene.sign_in_as_admin();
    browser.sees("Live.");
}

#[test]
fn a_server_that_was_killed_is_waited_for_and_nothing_is_missed() {
    let Some(mut scene) = Scene::open() else { return };
    let made = scene.server().admin().post("/campaigns", campaign()).expect(201);
    let path = format!("/campaigns/{}", harness::id(&made));
    scene.sign_in_as_admin();
    scene.browser.go(&path[1..]);
    scene.browser.sees("0 of 100");
    scene.browser.sees("Live.");
    let claim = |scene: &Scene, name: &str| {
        scene.server().member(name).post(&format!("{path}/claims"), json!({})).expect(201);
    };
    claim(&scene, "ada");
    scene.browser.sees("1 of 100");
    scene.kill();
    scene.browser.sees("The connection is lost.");
    scene.start();
    claim(&scene, "bob");
    scene.browser.sees("2 of 100");
    scene.browser.no_longer_sees("The connection is lost.");
}

#[test]
fn what_happens_before_a_page_begins_to_listen_is_seen_all_the_same() {
    let Some(scene) = Scene::open() else { return };
    let browser = &scene.browser;
    let made = scene.server().admin().post("/campaigns", campaign()).expect(201);
    let path = format!("/campaigns/{}", harness::id(&made));
    scene.sign_in_as_admin();
    browser.run(BULLETINS_WAIT, json!([]));
    browser.go(&path[1..]);
    browser.sees("0 of 100");
    browser.until("window.listen", json!([]));
    scene.server().member("ada").post(&format!("{path}/claims"), json!({})).expect(201);
    browser.run("window.listen()", json!([]));
    browser.sees("1 of 100");
}

#[test]
fn a_page_that_nobody_sees_listens_to_nothing() {
    let Some(scene) = Scene::open() else { return };
    scene.sign_in_as_admin();
    scene.browser.sees("Live.");
    scene.browser.run(HIDE, json!([true]));
    let listeners = || {
        let text = scene.server().anybody().get("//metrics").text;
        let line = text.lines().find(|line| line.starts_with("stampede_streams{kind=\"live\"}"));
        line.and_then(|line| line.split(' ').nth(1)?.parse::<f64>().ok())
    };
    let mut asked = std::iter::repeat_with(listeners);
    assert!(asked.by_ref().take(1_000_000).any(|count| count == Some(0.0)));
    scene.browser.run(HIDE, json!([false]));
    assert!(asked.take(1_000_000).any(|count| count == Some(1.0)));
    scene.browser.sees("Live.");
}

#[test]
fn what_happens_while_nobody_sees_the_page_is_there_when_it_is_seen_again() {
    let Some(scene) = Scene::open() else { return };
    let made = scene.server().admin().post("/campaigns", campaign()).expect(201);
    let path = format!("/campaigns/{}", harness::id(&made));
    scene.sign_in_as_admin();
    scene.browser.go(&path[1..]);
    let claim = |name: &str| {
        scene.server().member(name).post(&format!("{path}/claims"), json!({})).expect(201);
    };
    // Whatever was asked for when the page was opened is there by the second.
    for (n, name) in ["ada", "bob"].into_iter().enumerate() {
        claim(name);
        scene.browser.sees(&format!("{} of 100", n + 1));
    }
    scene.browser.run(HIDE, json!([true]));
    claim("cleo");
    scene.browser.run(HIDE, json!([false]));
    scene.browser.sees("3 of 100");
    scene.browser.until("document.querySelectorAll('tbody tr').length === 3", json!([]));
}

#[test]
fn a_token_that_is_old_is_renewed_and_nobody_notices() {
    let Some(scene) = Scene::open_with(&[("STAMPEDE_TOKEN_S", "2")]) else { return };
    let browser = &scene.browser;
    scene.sign_in_as_admin();
    browser.sees("Live.");
    let token = "return JSON.stringify(sessionStorage)";
    let first = browser.run(token, json!([]));
    browser.until("JSON.stringify(sessionStorage) !== arguments[0]", json!([first]));
    browser.go("settings");
    browser.sees("STAMPEDE_TOKEN_S");
    browser.go("overview");
    browser.sees("Live.");
}

#[test]
fn a_session_that_nobody_used_for_too_long_leads_to_the_sign_in_and_says_why() {
    let settings = [("STAMPEDE_TOKEN_S", "1"), ("STAMPEDE_REFRESH_S", "1")];
    let Some(scene) = Scene::open_with(&settings) else { return };
    let browser = &scene.browser;
    browser.fill("account", "admin");
    browser.fill("password", harness::ADMIN_PASSWORD);
    browser.press("Sign in");
    browser.sees("Your session has ended. Please sign in again.");
    assert_eq!(browser.run("return sessionStorage.length", json!([])), 0);
    browser.until("document.querySelector('input[name=password]')", json!([]));
}
