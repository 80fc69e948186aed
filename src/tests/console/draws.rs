//! The public page of a draw: what is promised before, who has won after, and everything recomputed
//! in the page, also in a copy without a server.

use crate::Scene;
use crate::axe::Axe;
use crate::browser::Browser;
use base::Hex;
use harness::{DAY, root};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const IN_ORDER: &str = "Everything that can be checked is in order.";

/// A lottery with ballots of nine members; the answers that their ballots were given.
fn ballots(scene: &Scene) -> Vec<Value> {
    let admin = scene.server().admin();
    let wish = json!({"closes_on": DAY, "name": "The stalls",
        "ballots": true, "winners": 2, "reserves": 1});
    admin.post("/lotteries", wish).expect(201);
    (0..9)
        .map(|n| scene.server().member(&format!("buyer{n}")).submit(DAY).expect(201).clone())
        .collect()
}

fn open(scene: &Scene) {
    scene.browser.open(&scene.address(&format!("/draws/{DAY}")));
    scene.browser.sees("The stalls");
}

/// Light and dark, narrow and wide.
fn is_for_everybody(browser: &Browser, axe: Option<&Axe>) {
    for theme in ["light", "dark"] {
        browser.run("document.documentElement.dataset.theme = arguments[0]", json!([theme]));
        let serious = axe.map(|axe| axe.serious(browser)).unwrap_or_default();
        assert!(serious.is_empty(), "{theme}: {serious:#?}");
    }
    for width in [390, 3840] {
        browser.show_as_wide(width);
        browser.fits(width, "the draw");
    }
    browser.show_as_wide(1280);
}

fn take(browser: &Browser, text: &str) {
    browser.paste("pasted", text);
    browser.press("Take the text");
}

#[test]
fn a_draw_counts_down_to_what_it_is_held_to_and_then_tells_who_has_won() {
    let Some(scene) = Scene::open() else { return };
    let (browser, axe) = (&scene.browser, Axe::find());
    ballots(&scene);
    open(&scene);
    browser.sees("until it closes");
    let shown = scene.server().anybody().get(&format!("/lotteries/{DAY}")).expect(200);
    let commitment = shown["ballots"]["commitment"].as_str().unwrap();
    browser.sees(commitment);
    browser
        .until("document.querySelector('svg.code path').getAttribute('d').length > 999", json!([]));
    browser.sees("2 winners and 1 reserve");
    is_for_everybody(browser, axe.as_ref());

    scene.server().admin().post(&format!("/lotteries/{DAY}/close"), json!({})).expect(200);
    open(&scene);
    browser.sees("Winners");
    let draw = scene.server().anybody().get(&format!("/lotteries/{DAY}/winner")).expect(200);
    for lot in [&draw["winners"][0], &draw["winners"][1], &draw["reserves"][0]] {
        browser.sees(lot["ballot"].as_str().unwrap());
        browser.sees(lot["name"].as_str().unwrap());
    }
    browser.press("Check the draw");
    browser.sees(IN_ORDER);
    browser.sees("Not proved: that no ballot was left out");
    is_for_everybody(browser, axe.as_ref());
}

#[test]
fn a_receipt_is_checked_in_the_page_and_a_forged_one_and_a_forged_proof_are_found() {
    let Some(scene) = Scene::open() else { return };
    let browser = &scene.browser;
    let answers = ballots(&scene);
    scene.server().admin().post(&format!("/lotteries/{DAY}/close"), json!({})).expect(200);
    let draw = scene.server().anybody().get(&format!("/lotteries/{DAY}/winner")).expect(200);
    open(&scene);
    for (answer, short) in answers.iter().map(|answer| (answer, outcome(answer, &draw))) {
        take(browser, &answer.to_string());
        let id: Vec<&str> = answer["id"].as_str().unwrap().split('_').collect();
        browser.sees(&format!("Your ballot: box {}, place {}, {short}.", id[2], id[3]));
    }
    browser.sees(IN_ORDER);

    open(&scene);
    browser.run("location.reload()", json!([]));
    browser.sees("The stalls");
    let mut forged = answers[3]["receipt"].clone();
    forged["winners"] = json!(3);
    take(browser, &forged.to_string());
    browser.sees("receipt-forged");
    browser.no_longer_sees(IN_ORDER);

    // A proof that is not the server's is taken instead of it.
    let proof = scene.server().anybody().get(&format!("/lotteries/{DAY}/proof")).text;
    let first = draw["winners"][0]["ballot"].as_str().unwrap();
    let second = draw["winners"][1]["ballot"].as_str().unwrap();
    let swapped = proof.replacen(
        &format!("\"{first}\",\"{second}\""),
        &format!("\"{second}\",\"{first}\""),
        1,
    );
    assert_ne!(proof, swapped);
    browser.run("location.reload()", json!([]));
    browser.sees("The stalls");
    take(browser, &swapped);
    browser.sees("lots-differ");
    take(browser, &proof);
    browser.sees(IN_ORDER);
    browser.fill("commitment", &"0".repeat(64));
    browser.press("Check the draw");
    browser.sees("commitment-differs");
}

fn outcome(answer: &Value, draw: &Value) -> String {
    let place = |list: &str| {
        let lots = draw[list].as_array().unwrap();
        lots.iter().position(|lot| lot["ballot"] == answer["id"])
    };
    match (place("winners"), place("reserves")) {
        (Some(place), _) => format!("winner {}", place + 1),
        (_, Some(place)) => format!("reserve {}", place + 1),
        _ => "not drawn".to_owned(),
    }
}

/// The proof of a draw with a real round of the beacon: one of the vectors, as it is written there.
fn with_a_beacon() -> String {
    let vectors = std::fs::read_to_string(root().join("docs/draw-vectors.json")).unwrap();
    let mut bundles = vectors.lines().filter_map(|line| line.strip_prefix("  \"bundle\": "));
    let found = bundles.find(|bundle| bundle.contains("\"round\":123,"));
    found.unwrap().trim_end_matches(',').to_owned()
}

#[test]
fn the_signature_of_the_beacon_is_checked_in_the_page() {
    let Some(scene) = Scene::open() else { return };
    let browser = &scene.browser;
    ballots(&scene);
    scene.server().admin().post(&format!("/lotteries/{DAY}/close"), json!({})).expect(200);
    open(&scene);
    let proof = with_a_beacon();
    take(browser, &proof);
    browser.sees("was due at 2023-08-23T15:15:33Z; the network signed it");
    browser.sees(IN_ORDER);
    // The other point at the same place, with its own hash.
    let signature = &proof.split_once("\"signature\":\"").unwrap().1[..96];
    let randomness = &proof.split_once("\"randomness\":\"").unwrap().1[..64];
    let other: Hex<48> = signature.replacen('b', "9", 1).parse().unwrap();
    let hash = Hex(Sha256::digest(other.0).into()).to_string();
    take(browser, &proof.replace(signature, &other.to_string()).replace(randomness, &hash));
    browser.sees("beacon-forged");
    browser.no_longer_sees(IN_ORDER);
}

#[test]
fn a_saved_copy_checks_the_draw_without_a_server_and_asks_nobody() {
    let Some(mut scene) = Scene::open() else { return };
    let answers = ballots(&scene);
    scene.server().admin().post(&format!("/lotteries/{DAY}/close"), json!({})).expect(200);
    open(&scene);
    let browser = &scene.browser;
    // What the browser would write into a file.
    let watch = "const make = URL.createObjectURL;
        URL.createObjectURL = (blob) => {
          blob.text().then((text) => { window.saved = text; });
          return make.call(URL, new Blob([]));
        };
        HTMLAnchorElement.prototype.click = () => {};";
    browser.run(watch, json!([]));
    browser.press("Save this page");
    browser.until("window.saved", json!([]));
    let saved = browser.run("return window.saved", json!([]));
    let file = scene.folder.file("draw.html", saved.as_str().unwrap());
    scene.kill();
    let alone = Browser::start();
    alone.open(&format!("file://{file}"));
    alone.sees("A copy of http://127.0.0.1");
    alone.press("Check the draw");
    alone.sees(IN_ORDER);
    take(&alone, &answers[0].to_string());
    alone.sees("Your ballot: box ");
    take(&alone, &answers[1].to_string().replace("\"winners\":2", "\"winners\":1"));
    alone.sees("receipt-forged");
    let asked = alone.asked();
    assert!(asked.iter().all(|url| *url == format!("file://{file}")), "{asked:#?}");
    assert!(alone.complaints().is_empty(), "{:#?}", alone.complaints());
}

/// What a reader of QR codes has read, square by square: the smallest version, that of an address
/// with a commitment, and the largest.
#[test]
fn the_code_is_drawn_as_readers_read_it() {
    let Some(scene) = Scene::open() else { return };
    let commitment = "0123456789abcdef".repeat(4);
    let address = format!("http://127.0.0.1:8080/draws/2030-12-31#commitment={commitment}");
    let script = "const [text, done] = arguments;
        Promise.all(['draws/qr', 'verifier/sha256', 'verifier/bytes']
          .map((name) => import(`/console/${name}.js`)))
          .then(([{qrOf}, {sha256}, {ascii, hexOf}]) => {
            const rows = qrOf(text)?.map((row) => row.map((dark) => (dark ? 1 : 0)).join(''));
            done(rows && [rows.length, hexOf(sha256(ascii(rows.join('\\n'))))]);
          })";
    let drawn = |text: &str| scene.browser.run_on(script, json!([text]));
    let expected = [
        ("stampede", 21, "a5f12fb17a388eef7dc2c2490958b58f6c4fedd543f0928e5272395d30fada7c"),
        (&address, 45, "8d29ca31fdb8e76795befad4e8152385fa92eb3f0cea694b2feeb7489ab7aee2"),
        (&"x".repeat(280), 65, "61b5e66f3d98c53c8daf0fa2beab3ec59e8edf9fffee7915c1509077137ad7c2"),
    ];
    for (text, size, hash) in expected {
        assert_eq!(drawn(text), json!([size, hash]), "{text}");
    }
    assert_eq!(drawn(&"x".repeat(300)), Value::Null, "no version is large enough");
}
