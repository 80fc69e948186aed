//! The console stays open while a crowd claims, and neither the page nor the server grows.
//!
//! A short run is part of every run of this suite. One of an hour:
//!
//! ```sh
//! STAMPEDE_HOUR=60 nice cargo test --test console hour:: -- --nocapture
//! ```
//!
//! Each minute is half on the overview and half on the page of the campaign, where it is measured
//! after the browser has thrown away what nobody holds.

use crate::Scene;
use crate::pages::open;
use harness::{Client, id};
use serde_json::json;
use std::time::{Duration, Instant};

/// So many customers claim, then the browser waits for so long, and they claim again.
const CROWD: u32 = 50;
const PAUSE_MS: u32 = 1000;

const KIB: u64 = 1024;

/// What may come and go: bulletins that are on their way, the last minutes of a chart that
/// fills, pages of the store that are kept for the next who asks. What the server keeps of each
/// claim on purpose, in memory, has a bound, which this test sets so low that it is soon reached.
const CARD_MEMORY: (&str, &str) = ("STAMPEDE_CARD_MEMORY_MIB", "16");
const HEAP_SLACK: u64 = 2 * KIB * KIB;
const NODE_SLACK: u64 = 500;
const SERVER_SLACK: u64 = 48 * KIB * KIB;

struct Plan {
    minutes: usize,
    half: Half,
}

/// How long half a minute is.
enum Half {
    Lasting(Duration),
    /// No minute, but so many crowds.
    Crowds(u32),
}

impl Plan {
    fn goes_on(&self, began: Instant, crowds: u32) -> bool {
        match self.half {
            Half::Lasting(so_long) => began.elapsed() < so_long,
            Half::Crowds(so_many) => crowds < so_many,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own surroundings are no setting of the product"
)]
fn plan() -> Plan {
    match std::env::var("STAMPEDE_HOUR") {
        Ok(minutes) => Plan {
            minutes: minutes.parse().expect("STAMPEDE_HOUR is in minutes"),
            half: Half::Lasting(Duration::from_secs(30)),
        },
        Err(_) => Plan { minutes: 8, half: Half::Crowds(1) },
    }
}

#[derive(Debug)]
struct Sample {
    heap: u64,
    nodes: u64,
    listeners: u64,
    server: u64,
}

impl Sample {
    fn take(scene: &Scene) -> Sample {
        let browser = &scene.browser;
        browser.tell("HeapProfiler.collectGarbage", json!({}));
        let heap = browser.tell("Runtime.getHeapUsage", json!({}));
        let counted = browser.tell("Memory.getDOMCounters", json!({}));
        let whole = |value: &serde_json::Value| value.as_f64().unwrap() as u64;
        Sample {
            heap: whole(&heap["usedSize"]),
            nodes: whole(&counted["nodes"]),
            listeners: whole(&counted["jsEventListeners"]),
            server: scene.server().resident_kib() * KIB,
        }
    }
}

/// Every customer is new: what each of them leaves must not be kept by a page.
fn claim(shop: &Client, path: &str, claims: &mut u64) {
    for _ in 0..CROWD {
        *claims += 1;
        shop.on_behalf_of(&format!("customer-{claims}")).post(path, json!({})).expect(201);
    }
}

/// A median hangs on no single moment.
fn median(samples: &[Sample], of: fn(&Sample) -> u64) -> u64 {
    let mut all: Vec<u64> = samples.iter().map(of).collect();
    all.sort_unstable();
    all[all.len() / 2]
}

fn does_not_grow(samples: &[Sample], what: &str, of: fn(&Sample) -> u64, slack: u64) {
    let quarter = samples.len().div_ceil(4);
    let (first, last) =
        (median(&samples[..quarter], of), median(&samples[samples.len() - quarter..], of));
    println!("{what}: {first} in the first quarter, {last} in the last");
    assert!(last <= first + first / 4 + slack, "{what} grew: {samples:#?}");
}

#[test]
fn a_console_that_stays_open_while_a_crowd_claims_does_not_grow_nor_does_the_server() {
    let Some(scene) = Scene::open_with(&[CARD_MEMORY]) else { return };
    let (browser, plan) = (&scene.browser, plan());
    let admin = scene.server().admin();
    let offer = json!({"name": "Hour", "quota": 10_000_000, "discount_percent": 10,
        "ends_at": "2199-12-31T00:00:00Z", "trigger": "claim"});
    let campaign = id(&admin.post("/campaigns", offer).expect(201)).to_owned();
    let key = admin.post("/service-keys", json!({"name": "shop"})).expect(201);
    let shop = scene.server().anybody().bearer(key["key"].as_str().unwrap());
    let (path, place) = (format!("/campaigns/{campaign}/claims"), format!("campaigns/{campaign}"));
    scene.sign_in_as_admin();
    let (mut claims, mut samples) = (0, Vec::new());
    for _ in 0..plan.minutes {
        // What the browser noted for its tester is no part of the page.
        scene.looks_right();
        for place in ["overview", &place] {
            open(&scene, place);
            let (began, mut crowds) = (Instant::now(), 0);
            while plan.goes_on(began, crowds) {
                claim(&shop, &path, &mut claims);
                browser.wait(PAUSE_MS);
                crowds += 1;
            }
        }
        browser.sees("Live.");
        let told =
            browser.run("return Intl.NumberFormat('en').format(arguments[0])", json!([claims]));
        browser.sees(&format!("{} of 10,000,000", told.as_str().unwrap()));
        samples.push(Sample::take(&scene));
        println!("{claims} claims: {:?}", samples.last().unwrap());
    }
    does_not_grow(&samples, "bytes of the page", |sample| sample.heap, HEAP_SLACK);
    does_not_grow(&samples, "nodes of the page", |sample| sample.nodes, NODE_SLACK);
    does_not_grow(&samples, "its listeners", |sample| sample.listeners, NODE_SLACK);
    does_not_grow(&samples, "bytes of the server", |sample| sample.server, SERVER_SLACK);
    // The session of the beginning is old by now.
    let books = scene.server().admin().get(&format!("/campaigns/{campaign}")).expect(200);
    assert_eq!(books["granted"], claims);
}
