//! `kill -9` under load: what was acknowledged is there, nothing is there twice, and lost answers
//! can be asked for again.

use crate::STAMPEDE;
use crate::load::{Buyer, State, nothing_twice};
use actors::dice::Dice;
use harness::{DAY, Process, TestFolder, hold_number, id};
use serde_json::{Value, json};
use std::sync::mpsc::sync_channel;
use std::thread;

const CYCLES: u64 = 50;
const BUYERS: u64 = 4;
const SEED: u64 = 20;

#[test]
fn fifty_kills_lose_nothing_that_was_acknowledged_and_give_nothing_twice() {
    let folder = TestFolder::new();
    let mut server = STAMPEDE.start(&folder);
    server.lottery(5);
    let mut buyers: Vec<Buyer> = (0..BUYERS)
        .map(|name| Buyer::new(server.member(&format!("buyer-{name}")), name, SEED))
        .collect();
    let mut dice = Dice::new(SEED);
    let mut lost = 0;
    for cycle in 0..CYCLES {
        kill_under_load(server, &mut buyers, 10 + dice.below(60));
        if cycle % 10 == 0 {
            STAMPEDE.verify(&folder);
        }
        server = STAMPEDE.start(&folder);
        for buyer in &mut buyers {
            lost += buyer.ask_again(&server.address);
            let recent = std::mem::take(&mut buyer.recent);
            buyer.finds(&recent);
        }
        nothing_twice(&buyers);
        let count = |state| buyers.iter().map(|buyer| buyer.count(state)).sum::<u64>();
        assert_eq!(
            server.books(),
            (count(State::Held), count(State::Confirmed)),
            "seed {SEED}, cycle {cycle}"
        );
    }
    assert!(lost > 0, "no answer was ever lost, so nothing was shown");
    for buyer in &buyers {
        buyer.finds(&buyer.holds.keys().cloned().collect::<Vec<_>>());
        assert_eq!(listed(buyer, "/tickets"), buyer.count(State::Confirmed));
        assert_eq!(
            listed(buyer, "/holds"),
            buyer.holds.values().filter(|known| known.state == State::Held).count() as u64
        );
    }
    server.kill();
    STAMPEDE.verify(&folder);
}

/// Kills the server when it has given so many answers, in the middle of the next ones.
fn kill_under_load(server: Process, buyers: &mut [Buyer], answers: u64) {
    thread::scope(|scope| {
        let (acknowledged, heard) = sync_channel(1024);
        for buyer in buyers {
            let acknowledged = acknowledged.clone();
            scope.spawn(move || buyer.buy_until_it_is_gone(&acknowledged));
        }
        (0..answers).for_each(|_| heard.recv().unwrap());
        server.kill();
    });
}

/// How many lines a list has, page by page.
fn listed(buyer: &Buyer, path: &str) -> u64 {
    let (mut lines, mut query) = (0, String::new());
    loop {
        let page: Value = buyer.client.get(&format!("{path}{query}")).expect(200);
        lines += page["items"].as_array().unwrap().len() as u64;
        match page["next_cursor"].as_str() {
            Some(cursor) => query = format!("?cursor={cursor}"),
            None => return lines,
        }
    }
}

#[test]
fn a_hold_made_before_a_kill_is_still_held_after_it() {
    let folder = TestFolder::new();
    let server = STAMPEDE.start(&folder);
    server.lottery(1);
    let (mut ada, mut bob) = (server.member("ada"), server.member("bob"));
    let held = hold_number(&ada, "0007");
    server.kill();
    let server = STAMPEDE.start(&folder);
    (ada, bob) = (ada.at(&server.address), bob.at(&server.address));
    let taken = bob.post(&format!("/lotteries/{DAY}/holds"), json!({"number": "0007"})).expect(409);
    assert_eq!(taken["type"], "/problems/no-match-left");
    assert_eq!(ada.get(&format!("/holds/{}", id(&held))).expect(200), held);
    ada.post(&format!("/holds/{}/confirm", id(&held)), json!({})).expect(200);
    server.kill();
    let server = STAMPEDE.start(&folder);
    assert_eq!(server.books(), (0, 1));
}

#[test]
fn a_kill_in_the_middle_of_a_start_does_no_harm() {
    let folder = TestFolder::new();
    let server = STAMPEDE.start(&folder);
    server.lottery(1);
    hold_number(&server.member("ada"), "0007");
    server.kill();
    for _ in 0..5 {
        STAMPEDE.start(&folder).kill();
    }
    assert_eq!(STAMPEDE.start(&folder).books(), (1, 0));
    STAMPEDE.verify(&folder);
}
