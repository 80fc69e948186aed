//! Webhooks, as a receiver that fails, stalls and lies meets them: every event at least once, in
//! order, signed; nothing that did not happen.

mod arrivals;
mod managing;
mod replays;
mod troubles;

use harness::{Client, TestApp, TestReceiver, id};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const DAY: &str = "2099-12-31";

fn start() -> TestApp {
    TestApp::start_with(|config| config.webhook_private_addresses = true)
}

fn make(app: &TestApp, receiver: &TestReceiver, events: Value) -> Value {
    app.admin().post("/webhooks", json!({"url": receiver.url(), "events": events})).expect(201)
}

/// Buys so many tickets, one by one, and returns the ids of the holds.
fn buy(member: &Client, count: usize) -> Vec<String> {
    let one = || {
        let held = member.hold(DAY, json!({"pattern": "****"})).expect(201);
        member.confirm(id(&held)).expect(200);
        id(&held).to_owned()
    };
    (0..count).map(|_| one()).collect()
}

fn holds(events: &[Value]) -> Vec<&str> {
    let bought = events.iter().filter(|event| event["type"] == "tickets.confirmed");
    bought.map(|event| event["data"]["hold"].as_str().unwrap()).collect()
}

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort();
    items
}

/// Each partition's events in the order of its facts, whatever was repeated.
#[track_caller]
fn in_order(events: &[Value]) {
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    for event in events {
        let sequence = event["sequence"].as_u64().unwrap();
        let before = last.insert(event["partition"].as_str().unwrap(), sequence);
        assert!(before.is_none_or(|before| before < sequence), "{event}");
    }
}

fn webhook(app: &TestApp, made: &Value) -> Value {
    app.admin().get(&format!("/webhooks/{}", id(made))).expect(200)
}

fn deliveries(app: &TestApp, made: &Value) -> Vec<Value> {
    app.admin().get(&format!("/webhooks/{}/deliveries", id(made))).expect(200)["items"]
        .as_array()
        .unwrap()
        .clone()
}
