//! `kill -9` while webhooks are told: everything that became durable arrives, and nothing arrives
//! that did not.

use crate::STAMPEDE;
use crate::load::{Buyer, State};
use harness::{Process, TestFolder, TestReceiver};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::thread;

const CYCLES: u64 = 10;
const BUYERS: u64 = 4;
const SEED: u64 = 31;

fn start(data: &Path) -> Process {
    let mut command = STAMPEDE.command(data);
    command.env("STAMPEDE_WEBHOOK_PRIVATE_ADDRESSES", "true");
    Process::start_with(command, data).0
}

fn confirmed(buyers: &[Buyer]) -> BTreeSet<&str> {
    buyers
        .iter()
        .flat_map(|buyer| &buyer.holds)
        .filter(|(_, known)| known.state == State::Confirmed)
        .map(|(hold, _)| hold.as_str())
        .collect()
}

#[test]
fn under_kills_every_sale_arrives_and_nothing_that_is_not_in_the_log() {
    let folder = TestFolder::new();
    let receiver = TestReceiver::start();
    let mut server = start(&folder);
    server
        .admin()
        .post("/webhooks", json!({"url": receiver.url(), "events": ["tickets.confirmed"]}))
        .expect(201);
    server.lottery(5);
    let mut buyers: Vec<Buyer> = (0..BUYERS)
        .map(|name| Buyer::new(server.member(&format!("buyer-{name}")), name, SEED))
        .collect();
    for cycle in 0..CYCLES {
        thread::scope(|scope| {
            let (acknowledged, heard) = sync_channel(4096);
            for buyer in &mut buyers {
                let acknowledged = acknowledged.clone();
                scope.spawn(move || buyer.buy_until_it_is_gone(&acknowledged));
            }
            // In the midst of the telling: at least one more event must have arrived since the
            // start.
            let before = receiver.heard().len();
            (0..20 + 7 * cycle).for_each(|_| heard.recv().unwrap());
            while receiver.heard().len() == before {
                heard.recv().unwrap();
            }
            server.kill();
        });
        server = start(&folder);
        for buyer in &mut buyers {
            buyer.ask_again(&server.address);
        }
    }
    let sold = confirmed(&buyers);
    let arrived = || {
        receiver
            .events()
            .iter()
            .map(|event| event["data"]["hold"].as_str().unwrap().to_owned())
            .collect::<BTreeSet<_>>()
    };
    while arrived().len() < sold.len() {
        assert_eq!(server.anybody().get("//health/ready").status, 200);
    }
    assert_eq!(arrived().iter().map(String::as_str).collect::<BTreeSet<_>>(), sold, "seed {SEED}");

    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for heard in receiver.heard() {
        let first = texts.entry(heard.id.clone()).or_insert(heard.text.clone());
        assert_eq!(*first, heard.text, "an id means one event, before and after a kill");
    }
    assert_eq!(texts.len(), sold.len(), "a sale that was told is the one that was kept");
    let mut last: BTreeMap<String, u64> = BTreeMap::new();
    for event in receiver.events() {
        let sequence = event["sequence"].as_u64().unwrap();
        let before = last.insert(event["partition"].as_str().unwrap().to_owned(), sequence);
        assert!(before.is_none_or(|before| before < sequence), "{event}");
    }
    let state: Value = server.admin().get("/webhooks").expect(200);
    assert_eq!(state["items"][0]["state"], "enabled");
    server.kill();
    STAMPEDE.verify(&folder);
}
