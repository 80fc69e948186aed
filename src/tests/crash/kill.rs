//! `kill -9` under load: what was acknowledged is there, nothing is there twice, and lost answers
//! can be asked for again.
//!
//! `STAMPEDE_KILLS=2000` kills more often, `STAMPEDE_SEED=17` begins with another seed. How long it
//! took until all was there again is printed (`--nocapture`), never asserted.

use crate::STAMPEDE;
use crate::load::{Buyer, State, nothing_twice};
use actors::dice::Dice;
use harness::histories::checker::number;
use harness::{DAY, Process, TestFolder, hold_number, id};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

const USUAL: u64 = 50;
const BUYERS: u64 = 4;
const SEED: u64 = 20;
const DAY_S: u32 = 86_400;

#[test]
fn fifty_kills_lose_nothing_that_was_acknowledged_and_give_nothing_twice() {
    let (kills, seed) = (number("STAMPEDE_KILLS", USUAL), number("STAMPEDE_SEED", SEED));
    let folder = TestFolder::new();
    let mut server = start_for_a_day(&folder);
    // Enough for all that is bought between two kills.
    server.lottery(kills.div_ceil(10).clamp(5, 1000) as u16);
    let mut buyers: Vec<Buyer> = (0..BUYERS)
        .map(|name| Buyer::new(server.member(&format!("buyer-{name}")), name, seed))
        .collect();
    buyers.iter_mut().for_each(|buyer| buyer.ttl_s = DAY_S);
    let mut dice = Dice::new(seed);
    let (mut lost, mut recoveries) = (0, Vec::new());
    for cycle in 0..kills {
        kill_under_load(server, &mut buyers, 10 + dice.below(60));
        // What grows with all that was bought before is done now and then.
        let is_looked_through = cycle.is_multiple_of(kills.div_ceil(5));
        if is_looked_through {
            STAMPEDE.verify(&folder);
        }
        let began = Instant::now();
        server = start_for_a_day(&folder);
        server.books();
        recoveries.push(began.elapsed());
        for buyer in &mut buyers {
            lost += buyer.ask_again(&server.address);
            let recent = std::mem::take(&mut buyer.recent);
            buyer.finds(&recent);
        }
        if is_looked_through {
            nothing_twice(&buyers);
        }
        let count = |state| buyers.iter().map(|buyer| buyer.count(state)).sum::<u64>();
        assert_eq!(
            server.books(),
            (count(State::Held), count(State::Confirmed)),
            "seed {seed}, cycle {cycle}"
        );
    }
    print_times(recoveries);
    assert!(lost > 0, "no answer was ever lost, so nothing was shown");
    nothing_twice(&buyers);
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

/// One whose tokens, keys and holds outlive very many kills.
pub fn start_for_a_day(folder: &Path) -> Process {
    let mut command = STAMPEDE.command(folder);
    for setting in ["STAMPEDE_TOKEN_S", "STAMPEDE_IDEMPOTENCY_S", "STAMPEDE_HOLD_MAX_S"] {
        command.env(setting, DAY_S.to_string());
    }
    Process::start_with(command, folder).0
}

/// From the start of the process to the first answer that all slices are asked for.
fn print_times(mut recoveries: Vec<Duration>) {
    recoveries.sort_unstable();
    let at = |thousandth: usize| recoveries[(recoveries.len() - 1) * thousandth / 1000];
    println!(
        "{} kills: there again after {:?} (p50), {:?} (p99), {:?} (longest)",
        recoveries.len(),
        at(500),
        at(990),
        at(1000)
    );
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
