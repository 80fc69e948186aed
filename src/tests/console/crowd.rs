//! What pages show while more happens than they are told whole.

use crate::Scene;
use crate::troubles::BULLETINS_WAIT;
use harness::{Client, id};
use serde_json::{Value, json};

/// The next claim is heard once this is seen, and not found by asking.
fn listens(scene: &Scene, path: &str, of: u32) {
    scene.browser.sees(&format!("0 of {of}"));
    for n in 1..=2 {
        let member = scene.server().member(&format!("early{n}"));
        member.post(&format!("{path}/claims"), json!({})).expect(201);
        scene.browser.sees(&format!("{n} of {of}"));
    }
}

fn campaign(scene: &Scene, name: &str) -> String {
    let offer = json!({"name": name, "quota": 200, "discount_percent": 10,
        "ends_at": "2199-12-31T00:00:00Z", "trigger": "claim"});
    format!("/campaigns/{}", id(&scene.server().admin().post("/campaigns", offer).expect(201)))
}

fn shop(scene: &Scene) -> Client {
    let made = scene.server().admin().post("/service-keys", json!({"name": "shop"})).expect(201);
    scene.server().anybody().bearer(made["key"].as_str().unwrap())
}

fn lines(all: impl Iterator<Item = Value>) -> String {
    all.map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_crowd_is_counted_to_the_last_and_the_first_hundred_are_shown_although_it_came_at_once() {
    let Some(scene) = Scene::open() else { return };
    let path = campaign(&scene, "First");
    scene.sign_in_as_admin();
    scene.browser.go(&path[1..]);
    listens(&scene, &path, 200);
    let crowd = lines((0..150).map(|n| json!({"member": format!("m{n}")})));
    shop(&scene).send_lines(&format!("{path}/claims:batch"), &crowd).expect(200);
    scene.browser.sees("152 of 200");
    let first = "Array.from(document.querySelectorAll('[role=region] tbody tr td:first-child'), \
        (cell) => cell.innerText).join() === Array.from({length: 100}, (_, n) => n + 1).join()";
    scene.browser.until(first, json!([]));
}

#[test]
fn what_a_crowd_buys_is_counted_and_the_map_says_that_it_shows_a_part_of_it() {
    let Some(scene) = Scene::open() else { return };
    let pool = json!({"id": "hall", "closes_at": "2199-12-31T00:00:00Z", "tickets": {"digits": 4}});
    scene.server().admin().post("/pools", pool).expect(201);
    scene.sign_in_as_admin();
    scene.browser.go("lotteries/hall");
    scene.browser.sees("dots: bought while you watch");
    // The second one is heard, and not found by asking.
    for n in 1..=2 {
        let member = scene.server().member(&format!("early{n}"));
        let held = member.post("/pools/hall/holds", json!({"pattern": "****"})).expect(201);
        member.post(&format!("/holds/{}/confirm", id(&held)), json!({})).expect(200);
        scene.browser.sees(&format!("{n} sold"));
    }
    let shop = shop(&scene);
    let wanted = json!({"pattern": "****"});
    let members = (0..60).map(|n| format!("m{n}"));
    let holds = lines(members.map(|member| json!({"member": member, "body": wanted})));
    let held = shop.send_lines("/pools/hall/holds:batch", &holds).expect(200).clone();
    let held = held.as_array().unwrap().iter().enumerate();
    let of =
        |(n, held): (usize, &Value)| json!({"member": format!("m{n}"), "id": held["body"]["id"]});
    shop.send_lines("/holds/confirm:batch", &lines(held.map(of))).expect(200);
    scene.browser.sees("dots: some of what was bought while you watch");
    scene.browser.sees("62 sold");
}

#[test]
fn a_list_says_what_was_made_since_and_that_it_may_have_missed_something() {
    let Some(mut scene) = Scene::open() else { return };
    scene.sign_in_as_admin();
    scene.browser.go("campaigns");
    scene.browser.sees("There is none yet");
    campaign(&scene, "First");
    // It is on the list if it was made before the page began to listen.
    scene.browser.until(
        "/1 new: show/.test(document.body.innerText) || document.querySelector('tbody tr')",
        json!([]),
    );
    campaign(&scene, "Second");
    scene.browser.until("/[12] new: show/.test(document.body.innerText)", json!([]));
    let news =
        scene.browser.run("return document.querySelector('main button').innerText", json!([]));
    scene.browser.press(news.as_str().unwrap());
    scene.browser.until("document.querySelectorAll('tbody tr').length === 2", json!([]));
    scene.kill();
    scene.browser.sees("The connection is lost.");
    scene.browser.run(BULLETINS_WAIT, json!([]));
    scene.start();
    scene.browser.until("window.listen", json!([]));
    campaign(&scene, "Third");
    scene.browser.run("window.listen()", json!([]));
    scene.browser.no_longer_sees("The connection is lost.");
    scene.browser.sees("There may be new ones: show");
    scene.browser.press("There may be new ones: show");
    scene.browser.until("document.querySelectorAll('tbody tr').length === 3", json!([]));
}
