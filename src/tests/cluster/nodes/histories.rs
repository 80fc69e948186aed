//! Histories of clients who talk to two nodes, of which one is killed, or paused for so long that
//! the other one takes its partitions: each can be put in one order in which every answer is right
//! (`harness::histories`).
//!
//! `STAMPEDE_HISTORIES=200` lives through more, `STAMPEDE_SEED=17` begins with another seed.

use super::town::Town;
use actors::dice::Dice;
use harness::Client;
use harness::database::database;
use harness::histories::checker::{HistoryChecker, number};
use harness::histories::{
    HistoryLine, HistoryServers, HistoryWorld, OPERATIONS, Unheard, shows_much,
};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

const USUAL: u64 = 3;
const SEED: u64 = 31;
const MOMENT: Duration = Duration::from_millis(100);
/// A paused node accepts connections and answers nobody.
const DEAF: Duration = Duration::from_secs(3);
/// Several times as many as the partitions of a dead node need to find another.
const ATTEMPTS: u64 = 400;

/// The doors of all nodes, and how many were answered.
struct TwoDoors {
    doors: Vec<String>,
    answered: Mutex<u64>,
    changed: Condvar,
}

impl HistoryServers for TwoDoors {
    fn at(&self, client: &Client, attempt: u64) -> Client {
        client.at(&self.doors[attempt as usize % self.doors.len()])
    }

    fn news(&self) -> u64 {
        *self.answered.lock().unwrap()
    }

    /// Who is sent away comes again when somebody else was served, or after a moment.
    fn wait_for_news(&self, before: u64, _: Unheard) {
        let answered = self.answered.lock().unwrap();
        let is_old = |answered: &mut u64| *answered <= before;
        drop(self.changed.wait_timeout_while(answered, MOMENT, is_old).unwrap());
    }

    /// Until they are told; a few leave it open whether it was done.
    fn attempts(&self, dice: &mut Dice) -> u64 {
        if dice.below(8) == 0 { 0 } else { ATTEMPTS }
    }

    fn was_answered(&self) {
        *self.answered.lock().unwrap() += 1;
        self.changed.notify_all();
    }
}

#[test]
fn every_history_at_two_nodes_has_an_order_while_one_is_killed_or_paused_and_comes_again() {
    let (Some(database), Some(checker)) = (database(), HistoryChecker::build()) else { return };
    let seed = number("STAMPEDE_SEED", SEED);
    let mut town = Town::of(2, database);
    let mut all = Vec::new();
    for history in 0..number("STAMPEDE_HISTORIES", USUAL) {
        let mut lines = live_through(&mut town, history, &mut Dice::new(seed + history));
        let found = checker.check(&lines);
        assert!(found.is_ok(), "seed {seed}, history {history}: {}", found.unwrap_err());
        all.append(&mut lines);
    }
    shows_much(&all);
    // A rank that somebody else has, too, and the checker would have said so.
    let first = all.iter().find(|line| line.told == "granted").expect("it shows much").clone();
    let is_other = |line: &&mut HistoryLine| {
        line.thing == first.thing && line.told == "granted" && line.gave != first.gave
    };
    all.iter_mut().find(is_other).expect("more than one was granted").gave = first.gave.clone();
    assert!(checker.check(&all).is_err(), "two have one rank");
    let verified = town.verify();
    assert!(verified.contains("in order"), "{verified}");
}

/// Every other time the node is paused: when it goes on, it finds what it was asked before.
fn live_through(town: &mut Town, history: u64, dice: &mut Dice) -> Vec<HistoryLine> {
    let servers =
        TwoDoors { doors: town.doors(), answered: Mutex::default(), changed: Condvar::new() };
    let [admin, service] = town.impatient(DEAF);
    let world = HistoryWorld::new(history, &service, &admin, &servers);
    let (node, from) = (dice.below(2) as usize, OPERATIONS / 8 + dice.below(OPERATIONS / 3));
    let ((), lines) = world.live(dice, |world| {
        world.wait_for(from);
        match history % 2 {
            0 => town.kill(node),
            _ => town.node(node).signal("STOP"),
        }
        world.wait_for(from + OPERATIONS / 4);
        match history % 2 {
            0 => town.start(node),
            _ => town.node(node).signal("CONT"),
        }
    });
    lines
}
