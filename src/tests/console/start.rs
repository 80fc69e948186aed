//! What a newcomer is told to type and to press (docs/start.md), and that they see what it says.

use crate::Scene;
use harness::printed::{not_seen, run_printed};
use harness::{ADMIN_PASSWORD, root};
use serde_json::json;

#[test]
fn the_first_five_minutes_end_with_a_draw_that_the_browser_checks_as_printed() {
    let Some(scene) = Scene::open() else { return };
    let browser = &scene.browser;
    let text = std::fs::read_to_string(root().join("docs/start.md")).unwrap();
    let address = format!("127.0.0.1:{}", scene.port);
    let met = run_printed(&text, "five minutes", &scene.folder, &address, ADMIN_PASSWORD);
    assert!(met.as_ref().is_ok_and(|met| *met > 10), "{met:?}");

    let open = scene.server().anybody().get("/lotteries/2099-12-31").expect(200);
    scene.sign_in_as_admin();
    browser.press("Pools");
    browser.press(open["name"].as_str().unwrap());
    browser.sees("2 sold");
    browser.press("Pools");
    browser.paste("day", "2099-12-30");
    browser.press("Open");
    browser.sees("It is over, and drawn.");
    browser.press("in their browser");
    browser.press("Check the draw");
    browser.sees("Everything that can be checked is in order.");
    browser.choose_file(scene.folder.join("receipt.json").to_str().unwrap());
    browser.sees("Your ballot: box");
    browser.until("!document.body.innerText.includes('It is being recomputed')", json!([]));
    let missing = not_seen(&text, "in the browser", &browser.text());
    assert!(missing.is_empty(), "{missing:#?}\nis not in\n{}", browser.text());
}
