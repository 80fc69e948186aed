//! Pictures of every page, for whoever wants to know what they look like, and for those who change
//! them: light, dark and narrow. They are made on purpose, and looked at:
//!
//! ```sh
//! cargo test --test console pictures -- --ignored
//! ```

use crate::Scene;
use crate::pages::{open, places};
use harness::{DAY, root};
use serde_json::json;

/// Each with its width, and whether it is dark.
const VIEWS: [(&str, u32, &str); 3] =
    [("light", 1000, "light"), ("dark", 1000, "dark"), ("narrow", 390, "light")];

/// `campaigns/new` stays, an id becomes a word.
fn name_of(place: &str) -> String {
    let is_word = |part: &&str| part.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let parts: Vec<&str> =
        place.split('/').map(|part| if is_word(&part) { part } else { "one" }).collect();
    parts.join("-")
}

#[test]
#[ignore = "writes docs/pictures/pages"]
fn every_page_light_dark_and_narrow() {
    let Some(scene) = Scene::open() else { return };
    let browser = &scene.browser;
    let folder = root().join("docs/pictures/pages");
    std::fs::create_dir_all(&folder).unwrap();
    let take = |name: &str| {
        browser.is_quiet();
        for (view, width, theme) in VIEWS {
            browser.show_as_wide(width);
            let script = "document.documentElement.dataset.theme = arguments[0];
                document.activeElement?.blur();";
            browser.run(script, json!([theme]));
            std::fs::write(folder.join(format!("{name}-{view}.webp")), browser.picture(width))
                .unwrap();
        }
        browser.show_as_wide(1000);
    };
    take("sign-in");
    scene.sign_in_as_admin();
    for place in places(&scene) {
        open(&scene, &place);
        take(&name_of(&place));
    }
    browser.go("overview");
    browser.until(
        "document.querySelector('.line').getAttribute('d').split('L').length > 9",
        json!([]),
    );
    take("overview");
    browser.open(&scene.address("/docs/#holdTickets"));
    browser.sees("How it may say no");
    take("docs");
    browser.open(&scene.address("/problems"));
    take("problems");
    browser.open(&scene.address("/problems/sold-out"));
    take("problem");
    browser.open(&scene.address(&format!("/draws/{DAY}")));
    browser.sees("until it closes");
    take("draw-before");
    for name in ["bob", "carol", "dave"] {
        scene.server().member(name).submit(DAY).expect(201);
    }
    scene.server().admin().post(&format!("/lotteries/{DAY}/close"), json!({})).expect(200);
    browser.open(&scene.address(&format!("/draws/{DAY}?again")));
    browser.press("Check the draw");
    browser.sees("Everything that can be checked is in order.");
    take("draw-after");
}
