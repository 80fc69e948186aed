//! Histories of real clients, with kills and lost answers in them: each can be put in one order in
//! which every answer is right (`harness::histories`).
//!
//! `STAMPEDE_HISTORIES=5000` lives through more, `STAMPEDE_SEED=17` begins with another seed.

mod orders;

use crate::STAMPEDE;
use crate::kill::start_for_a_day;
use actors::dice::Dice;
use harness::client::agent;
use harness::histories::checker::{HistoryChecker, number};
use harness::histories::{
    HistoryLine, HistoryServers, HistoryWorld, OPERATIONS, QUOTA, Unheard, shows_much,
};
use harness::{Client, Doorway, Process, TestFolder};
use serde_json::json;
use std::path::Path;
use std::sync::{Condvar, Mutex};

const USUAL: u64 = 12;
const SEED: u64 = 22;

/// How often the server was started again. Whoever was not answered waits for the next time.
#[derive(Default)]
struct Up {
    times: Mutex<u64>,
    again: Condvar,
}

impl Up {
    fn once_more(&self) {
        *self.times.lock().unwrap() += 1;
        self.again.notify_all();
    }
}

impl HistoryServers for Up {
    /// The door itself moves.
    fn at(&self, client: &Client, _: u64) -> Client {
        client.clone()
    }

    fn news(&self) -> u64 {
        *self.times.lock().unwrap()
    }

    fn wait_for_news(&self, before: u64, unheard: Unheard) {
        if unheard == Unheard::NotAnswered {
            let times = self.times.lock().unwrap();
            drop(self.again.wait_while(times, |times| *times <= before).unwrap());
        }
    }

    /// Once more, or not.
    fn attempts(&self, dice: &mut Dice) -> u64 {
        dice.below(2)
    }
}

#[test]
fn every_history_has_an_order_in_which_each_answer_is_right() {
    let Some(checker) = HistoryChecker::build() else { return };
    let (histories, seed) = (number("STAMPEDE_HISTORIES", USUAL), number("STAMPEDE_SEED", SEED));
    let lines = live_through(histories, seed);
    shows_much(&lines);
    let found = checker.check(&lines);
    assert!(found.is_ok(), "seed {seed}: {}", found.unwrap_err());
}

#[test]
fn a_history_with_a_wrong_answer_has_no_such_order() {
    let Some(checker) = HistoryChecker::build() else { return };
    let lines = live_through(1, SEED + 1);
    checker.check(&lines).unwrap();
    let first = |word: &str| lines.iter().position(|line| line.told == word).unwrap();
    let last = |word: &str| lines.iter().rposition(|line| line.told == word).unwrap();
    let forge = |change: &dyn Fn(&mut Vec<HistoryLine>)| {
        let mut forged = lines.clone();
        change(&mut forged);
        assert!(checker.check(&forged).is_err());
    };
    // A rank that two members have.
    forge(&|lines| {
        let ranks: Vec<usize> = (0..lines.len()).filter(|n| lines[*n].told == "granted").collect();
        let other = ranks.iter().find(|n| lines[**n].gave != lines[ranks[0]].gave).unwrap();
        lines[*other].gave = lines[ranks[0]].gave.clone();
    });
    // A grant of which nothing is known later.
    forge(&|lines| {
        let claim = first("granted");
        let (with, thing) = (lines[claim].with.clone(), lines[claim].thing.clone());
        let mut late = lines[claim].clone();
        (late.asked, late.heard) = (u64::MAX / 4, u64::MAX / 4 + 1);
        late.gave = QUOTA.to_string();
        lines.retain(|line| line.with != with || line.thing != thing);
        lines.push(late);
    });
    // Sold out while some are left.
    forge(&|lines| {
        let claim = first("granted");
        lines[claim].told = "sold-out".into();
        (lines[claim].asked, lines[claim].heard) = (0, 1);
    });
    // A number that was sold, and held again.
    forge(&|lines| {
        let sold = lines[last("confirmed")].clone();
        let again = (u64::MAX / 4, u64::MAX / 4 + 1);
        let line = HistoryLine { did: "hold", told: "held".into(), gave: "another".into(), ..sold };
        lines.push(HistoryLine { with: String::new(), asked: again.0, heard: again.1, ..line });
    });
    // An answer that came before its question could have had it.
    forge(&|lines| {
        let sold = first("confirmed");
        (lines[sold].asked, lines[sold].heard) = (0, 1);
    });
}

#[test]
fn a_history_of_orders_with_a_wrong_answer_has_no_such_order() {
    let Some(checker) = HistoryChecker::build() else { return };
    let lines = live_through(1, SEED + 2);
    checker.check(&lines).unwrap();
    for (what, forged) in orders::forgeries(&lines) {
        assert!(checker.check(&forged).is_err(), "{what}");
    }
}

/// What happened in so many histories, each with a kill in it.
fn live_through(histories: u64, seed: u64) -> Vec<HistoryLine> {
    let folder = TestFolder::new();
    let mut server = start_for_a_day(&folder);
    let door = Doorway::at(&server.address);
    let admin = Client::of(door.clone(), agent()).log_in("admin", harness::ADMIN_PASSWORD);
    let made = admin.post("/service-keys", json!({"name": "shop"})).expect(201);
    let service =
        Client::of(door.clone(), agent()).bearer(made["key"].as_str().expect("a new key is told"));
    let mut all = Vec::new();
    for history in 0..histories {
        let up = Up::default();
        let world = HistoryWorld::new(history, &service, &admin, &up);
        let mut dice = Dice::new(seed + history);
        let kill_at = OPERATIONS / 8 + dice.below(OPERATIONS / 2);
        let (restarted, mut lines) = world.live(&mut dice, |world| {
            world.wait_for(kill_at);
            restart(server, &folder, &door, &up)
        });
        server = restarted;
        all.append(&mut lines);
    }
    server.kill();
    STAMPEDE.verify(&folder);
    all
}

/// Kills the server under its callers, who wait until it is there again.
fn restart(server: Process, folder: &Path, door: &Doorway, up: &Up) -> Process {
    server.kill();
    let server = start_for_a_day(folder);
    door.move_to(&server.address);
    up.once_more();
    server
}
