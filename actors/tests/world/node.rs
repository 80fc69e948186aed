//! The machinery of the world: partitions that sleep, wake and crash, a network that loses letters, a store that is told what to do.
//!
//! It does what the actor and the router do around the pure core, one small step at a time, and hands every step to chance.

use super::auditor::Auditor;
use super::plan::{Plan, SPAN_S};
use actors::Time;
use actors::dice::Dice;
use actors::domain::tickets::slice::{Answer, Question};
use actors::domain::tickets::{Refusal, Slice};
use actors::engine::{Failure, Partition, Reply, Request, Window};
use actors::machine::Machine;
use actors::store::memory::{Fate, Memory};
use actors::store::{Frame, Outcome, Store};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

pub type Replied = Result<Reply<Slice>, Failure<Refusal>>;

/// Where a reply is put for whoever waits for it.
pub type Slot = Rc<RefCell<Option<Replied>>>;

pub struct Node {
    pub plan: Plan,
    pub clock: Time,
    /// How often the whole process has died. Who asked an earlier process gets no answer from a later one.
    pub lives: u32,
    pub calm: bool,
    pub auditor: Auditor,
    store: Memory,
    window: Arc<Window>,
    places: Vec<Place>,
    letters: Vec<Letter>,
    outcomes: Arc<Mutex<Vec<Outcome>>>,
}

#[derive(Default)]
struct Place {
    awake: Option<Partition<Slice, Slot>>,
    under_way: Option<Frame>,
}

struct Letter {
    to: usize,
    request: Request<Slice>,
    slot: Slot,
}

impl Node {
    pub fn new(plan: Plan, start: Time) -> Node {
        let mut auditor = Auditor::new(&plan);
        auditor.latest = start;
        Node {
            places: plan.names.iter().map(|_| Place::default()).collect(),
            clock: start,
            lives: 0,
            calm: false,
            auditor,
            store: Memory::manual(),
            window: new_window(),
            letters: Vec::new(),
            outcomes: Arc::default(),
            plan,
        }
    }

    pub fn send(&mut self, to: usize, request: Request<Slice>) -> Slot {
        let slot = Slot::default();
        self.letters.push(Letter { to, request, slot: slot.clone() });
        slot
    }

    /// One letter arrives, an append comes to its end, time passes, or something bad happens.
    pub fn step(&mut self, dice: &mut Dice) {
        if !self.calm && dice.below(1000) < self.plan.misfortunes {
            return self.misfortune(dice);
        }
        match dice.below(10) {
            0..=5 => self.deliver(dice),
            6..=8 => self.complete(dice),
            _ if dice.below(4) == 0 => self.pass_time_to_an_expiry(dice),
            _ => self.pass_time(dice.below(500) as i64),
        }
    }

    /// To the very instant, or to the last millisecond before it.
    fn pass_time_to_an_expiry(&mut self, dice: &mut Dice) {
        let place = &self.places[dice.below(self.places.len() as u64) as usize];
        if let Some(due) = place.awake.as_ref().and_then(Partition::due).filter(|due| *due > self.clock) {
            self.pass_time(due.0 - self.clock.0 - dice.below(2) as i64);
        }
    }

    pub fn is_idle(&self) -> bool {
        self.letters.is_empty() && self.store.pending().is_empty()
    }

    fn misfortune(&mut self, dice: &mut Dice) {
        let place = dice.below(self.places.len() as u64) as usize;
        match dice.below(20) {
            0..=6 => self.crash_one(place, dice),
            7..=8 => self.crash_all(dice),
            9..=11 => self.sleep(place, dice),
            12 => {
                self.auditor.tally.count("snapshots lost");
                self.store.forget_snapshots();
            }
            13..=15 => self.pass_time(1000 * dice.below(90) as i64),
            16 => self.pass_time(-1000 * dice.below(600) as i64),
            17 if dice.below(3) == 0 => self.pass_time(1000 * dice.below(8 * 3600) as i64),
            _ => self.wake(place),
        }
    }

    fn pass_time(&mut self, ms: i64) {
        if ms < 0 {
            self.auditor.tally.count("clock went back");
        }
        self.clock = Time(self.clock.0 + ms);
        self.auditor.latest = self.auditor.latest.max(self.clock);
    }

    fn deliver(&mut self, dice: &mut Dice) {
        if self.letters.is_empty() {
            return;
        }
        let Letter { to, request, slot } = self.letters.swap_remove(dice.below(self.letters.len() as u64) as usize);
        if !self.calm && dice.below(100) < self.plan.lost {
            return put(&slot, Err(Failure::Unknown));
        }
        if !self.calm && dice.below(100) < self.plan.lost {
            // It arrives, and its answer is lost.
            put(&slot, Err(Failure::Unknown));
        }
        if self.places[to].awake.is_none() && !self.calm && dice.below(20) == 0 {
            return put(&slot, Err(Failure::Unavailable("it could not be opened".into())));
        }
        self.open(to);
        let (clock, seed) = (self.clock, dice.roll());
        let partition = self.places[to].awake.as_mut().expect("it was opened");
        if let Some((slot, reply)) = partition.serve(request, clock, seed, slot) {
            put(&slot, Ok(reply));
        }
        self.flush(to);
    }

    fn open(&mut self, place: usize) {
        if self.places[place].awake.is_some() {
            return;
        }
        let name = self.plan.names[place];
        let found = Arc::new(Mutex::new(None));
        let out = found.clone();
        let id = actors::machine::partition_id::<Slice>(&name);
        self.store.open(&id, Box::new(move |opened| *out.lock().unwrap() = Some(opened)));
        let opened = found.lock().unwrap().take().expect("a memory store answers at once").expect("and does not fail");
        assert_eq!(self.store.frames(&id), self.auditor.places[place].frames, "the store kept something else than it said");
        if opened.snapshot.is_some() {
            self.auditor.tally.count("opened from a snapshot");
        }
        let partition = Partition::open(name, opened, self.window.clone()).expect("what was committed opens");
        self.places[place].awake = Some(partition.snapshot_every(self.plan.snapshot_every));
        self.compare(place);
    }

    /// A partition that has nothing under way and the auditor's model must tell the same.
    pub fn compare(&self, place: usize) {
        let Some(partition) = self.places[place].awake.as_ref().filter(|partition| partition.is_quiet()) else { return };
        assert_eq!(partition.machine().imbalance(), 0, "the conservation law is broken");
        match partition.machine().look(&Question::Ledger) {
            Answer::Ledger(ledger) => assert_eq!(ledger, self.auditor.places[place].model.ledger()),
            _ => assert!(!self.auditor.places[place].model.opened),
        }
    }

    fn flush(&mut self, place: usize) {
        let Some(append) = self.places[place].awake.as_mut().and_then(Partition::flush) else { return };
        let before = self.places[place].under_way.replace(append.frame.clone());
        assert!(before.is_none(), "two appends of one partition under way");
        let outcomes = self.outcomes.clone();
        self.store.append(append, Box::new(move |outcome| outcomes.lock().unwrap().push(outcome)));
    }

    /// One of the appends under way comes to its end.
    fn complete(&mut self, dice: &mut Dice) {
        let pending = self.store.pending().len();
        if pending == 0 {
            return;
        }
        let fate = match dice.below(1000) {
            roll if self.calm || roll >= self.plan.misfortunes => Fate::Keep,
            roll => [Fate::KeepButUnknown, Fate::LoseUnknown, Fate::Tear, Fate::Fence][roll as usize % 4],
        };
        self.meet(dice.below(pending as u64) as usize, fate, dice);
    }

    fn meet(&mut self, index: usize, fate: Fate, dice: &mut Dice) {
        let partition = self.store.pending()[index].partition.clone();
        let place =
            self.plan.names.iter().position(|name| *partition == *actors::machine::partition_id::<Slice>(name)).expect("it is ours");
        let frame = self.places[place].under_way.take().expect("it is under way");
        if matches!(fate, Fate::Keep | Fate::KeepButUnknown) {
            self.auditor.committed(place, &frame);
        }
        self.store.complete(index, fate);
        let outcome = self.outcomes.lock().unwrap().pop().expect("it was completed");
        if outcome != Outcome::Durable {
            return self.forget(place);
        }
        let Some(partition) = &mut self.places[place].awake else { return };
        let landed = partition.landed();
        self.flush(place);
        landed.answers.into_iter().for_each(|(slot, reply)| put(&slot, Ok(reply)));
        if let Some(snapshot) = landed.snapshot.filter(|_| dice.below(4) > 0) {
            self.store.save(&partition_of(&self.plan, place), snapshot);
        }
        self.compare(place);
    }

    fn forget(&mut self, place: usize) {
        let waiting = self.places[place].awake.take().map(Partition::abandon).unwrap_or_default();
        waiting.iter().for_each(|slot| put(slot, Err(Failure::Unknown)));
    }

    fn crash_one(&mut self, place: usize, dice: &mut Dice) {
        self.auditor.tally.count("partition crashed");
        let id = partition_of(&self.plan, place);
        if let Some(index) = self.store.pending().iter().position(|waiting| *waiting.partition == *id) {
            let fate = if dice.below(2) == 0 { Fate::KeepButUnknown } else { Fate::LoseUnknown };
            return self.meet(index, fate, dice);
        }
        self.forget(place);
    }

    fn crash_all(&mut self, dice: &mut Dice) {
        self.auditor.tally.count("everything crashed");
        let (plan, auditor, places) = (&self.plan, &mut self.auditor, &mut self.places);
        self.store.crash(|waiting| {
            let place = plan.names.iter().position(|name| *waiting.partition == *actors::machine::partition_id::<Slice>(name));
            let place = place.expect("it is ours");
            let kept = dice.below(2) == 0;
            if let Some(frame) = places[place].under_way.as_ref().filter(|_| kept) {
                auditor.committed(place, frame);
            }
            kept
        });
        self.places.iter_mut().for_each(|place| *place = Place::default());
        self.letters.clear();
        self.window = new_window();
        self.lives += 1;
    }

    fn sleep(&mut self, place: usize, dice: &mut Dice) {
        let id = partition_of(&self.plan, place);
        let Some(partition) = self.places[place].awake.as_mut().filter(|partition| partition.is_quiet()) else { return };
        if partition.has_changed_since_snapshot() && dice.below(5) > 0 {
            self.store.save(&id, partition.snapshot());
        }
        self.places[place].awake = None;
        self.auditor.tally.count("fell asleep");
    }

    fn wake(&mut self, place: usize) {
        self.open(place);
        if let Some(partition) = &mut self.places[place].awake {
            partition.wake(self.clock);
        }
        self.flush(place);
    }

    /// Replays every log from its beginning: same log, same state, as the one that lives.
    pub fn replay_everything(&mut self) {
        for place in 0..self.places.len() {
            self.open(place);
            let live = self.places[place].awake.as_ref().expect("it was opened");
            let mut again = Partition::<Slice, ()>::open(self.plan.names[place], Default::default(), new_window()).expect("nothing opens");
            self.auditor.places[place].frames.iter().for_each(|frame| again.replay(frame).expect("what was committed is replayed"));
            assert_eq!(again.written(), live.written());
            let bytes = |machine: &Slice| postcard::to_stdvec(machine).expect("a machine is plain data");
            assert!(bytes(again.machine()) == bytes(live.machine()), "place {place}: the log and the living state differ");
            self.compare(place);
        }
    }
}

fn new_window() -> Arc<Window> {
    Arc::new(Window::new(1_000_000, SPAN_S))
}

fn partition_of(plan: &Plan, place: usize) -> String {
    actors::machine::partition_id::<Slice>(&plan.names[place])
}

/// The first word counts; what comes later is lost on the way.
fn put(slot: &Slot, replied: Replied) {
    slot.borrow_mut().get_or_insert(replied);
}
