//! One process: its rooms full of partitions, its store, its clock, and whatever may befall them.

use super::ballots;
use super::coupons;
use super::lotteries;
use super::orders;
use super::orders::agreement::Agreement;
use super::plan::{self, Plan, SPAN_S};
use super::room::{Room, Rooms, at_once};
use super::tally::Tally;
use super::tickets;
use super::webhooks;
use actors::Time;
use actors::dice::Dice;
use actors::domain::ballots::BallotBox;
use actors::domain::coupons::catalogue::Catalogue;
use actors::domain::coupons::{Campaign, Rack, Range};
use actors::domain::imports::Import;
use actors::domain::lottery::Lottery;
use actors::domain::tickets::Slice;
use actors::domain::till::Till;
use actors::domain::webhooks::Webhook;
use actors::engine::{CardBudget, KeyWindow};
use actors::store::{AppendOutcome, ListedRow, Page, Store};
use std::sync::{Arc, Mutex};
use testing::memory::{Fate, MemoryStore};

/// What all rooms share.
pub struct Yard {
    pub plan: Plan,
    pub clock: Time,
    /// The latest instant that any clock has shown.
    pub latest: Time,
    /// How often the whole process has died. Who asked an earlier process gets no answer from a
    /// later one.
    pub lives: u32,
    pub calm: bool,
    pub tally: Tally,
    pub store: MemoryStore,
    pub window: Arc<KeyWindow>,
    pub card_budget: Arc<CardBudget>,
    pub outcomes: Arc<Mutex<Vec<AppendOutcome>>>,
    pub snapshot_every: u64,
    pub lost: u64,
    /// What slices and tills must agree about.
    pub agreement: Agreement,
}

pub struct Node {
    pub yard: Yard,
    pub slices: Room<Slice>,
    pub tills: Room<Till>,
    pub boxes: Room<BallotBox>,
    pub lotteries: Room<Lottery>,
    pub catalogue: Room<Catalogue>,
    pub campaigns: Room<Campaign>,
    pub ranges: Room<Range>,
    pub racks: Room<Rack>,
    pub imports: Room<Import>,
    pub webhooks: Room<Webhook>,
}

impl Node {
    pub fn new(plan: Plan) -> Node {
        let (snapshot_every, lost) = (plan.snapshot_every, plan.lost);
        let card_budget = CardBudget::new(plan.card_bytes);
        Node {
            slices: tickets::room(&plan.tickets),
            tills: orders::room(&plan),
            boxes: ballots::room(&plan.ballots),
            lotteries: lotteries::room(&plan.lottery),
            catalogue: coupons::catalogue::room(),
            campaigns: coupons::campaigns(&plan.coupons),
            ranges: coupons::ranges(&plan.coupons),
            racks: coupons::racks(&plan.coupons),
            imports: coupons::imports::room(&plan.coupons),
            webhooks: webhooks::room(),
            yard: Yard {
                agreement: Agreement::new(plan.tickets.pool.limits),
                plan,
                clock: plan::EVENING,
                latest: plan::EVENING,
                lives: 0,
                calm: false,
                tally: Tally::default(),
                store: MemoryStore::manual(),
                window: new_window(),
                card_budget,
                outcomes: Arc::default(),
                snapshot_every,
                lost,
            },
        }
    }

    fn rooms(&mut self) -> (&mut Yard, [&mut dyn Rooms; 10]) {
        (
            &mut self.yard,
            [
                &mut self.slices,
                &mut self.tills,
                &mut self.boxes,
                &mut self.lotteries,
                &mut self.catalogue,
                &mut self.campaigns,
                &mut self.ranges,
                &mut self.racks,
                &mut self.imports,
                &mut self.webhooks,
            ],
        )
    }

    /// One of the things that the rooms have so many of: in which room, and which there.
    fn one_of(
        &mut self,
        dice: &mut Dice,
        how_many: impl Fn(&dyn Rooms) -> usize,
    ) -> Option<(usize, usize)> {
        let counts = self.rooms().1.map(|room| how_many(room));
        let all = counts.iter().sum::<usize>() as u64;
        let mut which = (all > 0).then(|| dice.below(all) as usize)?;
        let room = counts.iter().position(|count| {
            let here = which < *count;
            which -= if here { 0 } else { *count };
            here
        })?;
        Some((room, which))
    }

    /// One letter arrives, an append comes to its end, time passes, or something bad happens.
    pub fn step(&mut self, dice: &mut Dice) {
        if !self.yard.calm && dice.below(1000) < self.yard.plan.misfortunes {
            return self.misfortune(dice);
        }
        match dice.below(10) {
            0..=5 => {
                if let Some((room, letter)) = self.one_of(dice, |room| room.letters()) {
                    let (yard, rooms) = self.rooms();
                    rooms[room].deliver(letter, yard, dice);
                }
            }
            6..=8 => self.complete(dice),
            _ if dice.below(4) == 0 => self.pass_time_to_an_expiry(dice),
            _ => self.pass_time(dice.below(500) as i64),
        }
    }

    /// To the very instant, or to the last millisecond before it.
    fn pass_time_to_an_expiry(&mut self, dice: &mut Dice) {
        let (room, place) = self.one_of(dice, |room| room.places()).expect("there is a place");
        let clock = self.yard.clock;
        if let Some(due) = self.rooms().1[room].due(place).filter(|due| *due > clock) {
            // No client waits for days: the end of everything comes only to worlds that were made
            // for it.
            if due <= clock.plus_s(SPAN_S) {
                self.pass_time(due.0 - clock.0 - dice.below(2) as i64);
            }
        }
    }

    /// To that instant, unless it is over.
    pub fn pass_time_to(&mut self, instant: Time) {
        self.pass_time((instant.0 - self.yard.clock.0).max(0));
    }

    pub fn rows(&self, page: Page) -> Vec<ListedRow> {
        at_once(|done| self.yard.store.rows(page, done))
    }

    pub fn is_idle(&mut self) -> bool {
        self.rooms().1.iter().all(|room| room.letters() == 0)
            && self.yard.store.pending().is_empty()
    }

    fn misfortune(&mut self, dice: &mut Dice) {
        let (room, place) = self.one_of(dice, |room| room.places()).expect("there is a place");
        let what = dice.below(20);
        let (yard, rooms) = self.rooms();
        match what {
            0..=6 => rooms[room].crash(place, yard, dice),
            7..=8 => self.crash_all(dice),
            9..=11 => rooms[room].sleep(place, yard, dice),
            12 => {
                yard.tally.count("snapshots lost");
                yard.store.forget_snapshots();
            }
            13..=15 => self.pass_time(1000 * dice.below(90) as i64),
            16 => self.pass_time(-1000 * dice.below(600) as i64),
            17 if dice.below(3) == 0 => self.pass_time(1000 * dice.below(8 * 3600) as i64),
            _ => rooms[room].wake(place, yard),
        }
    }

    fn pass_time(&mut self, ms: i64) {
        let yard = &mut self.yard;
        if ms < 0 {
            yard.tally.count("clock went back");
        }
        yard.clock = Time(yard.clock.0 + ms);
        yard.latest = yard.latest.max(yard.clock);
    }

    /// One of the appends under way comes to its end.
    fn complete(&mut self, dice: &mut Dice) {
        let pending = self.yard.store.pending();
        if pending.is_empty() {
            return;
        }
        let fate = match dice.below(1000) {
            roll if self.yard.calm || roll >= self.yard.plan.misfortunes => Fate::Keep,
            roll => [Fate::KeepButUnknown, Fate::LoseUnknown, Fate::Tear, Fate::Fence]
                [roll as usize % 4],
        };
        let index = dice.below(pending.len() as u64) as usize;
        let (room, place) = self.whose(&pending[index].partition);
        let (yard, rooms) = self.rooms();
        rooms[room].meet(place, index, fate, yard, dice);
    }

    fn whose(&mut self, id: &str) -> (usize, usize) {
        let rooms = self.rooms().1;
        let whose =
            rooms.iter().enumerate().find_map(|(number, room)| Some((number, room.place_of(id)?)));
        whose.expect("it is ours")
    }

    fn crash_all(&mut self, dice: &mut Dice) {
        self.yard.tally.count("everything crashed");
        let mut fates = Vec::new();
        self.yard.store.crash(|waiting| {
            let kept = dice.below(2) == 0;
            fates.push((waiting.partition.clone(), kept));
            kept
        });
        for (id, kept) in fates {
            let (room, place) = self.whose(&id);
            let (yard, rooms) = self.rooms();
            rooms[room].crashed_under_way(place, kept, yard);
        }
        let (yard, rooms) = self.rooms();
        rooms.into_iter().for_each(|room| room.forget_everything());
        yard.window = new_window();
        yard.lives += 1;
    }

    pub fn replay_everything(&mut self) {
        let (yard, rooms) = self.rooms();
        rooms.into_iter().for_each(|room| room.replay_everything(yard));
    }
}

pub fn new_window() -> Arc<KeyWindow> {
    Arc::new(KeyWindow::new(1_000_000, SPAN_S))
}
