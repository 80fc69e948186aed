//! All partitions of one kind, which sleep, wake and crash, the letters on their way to them, and
//! the auditor who watches them.
//!
//! It does what the actor and the router do around the pure core, one small step at a time, and
//! hands every step to chance.

use super::auditor::Auditor;
use super::kind::Kind;
use super::node::{Yard, new_window};
use actors::dice::Dice;
use actors::engine::snapshot::Suspect;
use actors::engine::{Failure, Partition, Reply, Request};
use actors::machine::partition_id;
use actors::store::{AppendOutcome, Frame, Store};
use actors::{Machine, Time};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use testing::memory::Fate;

pub type Replied<M> = Result<Reply<M>, Failure<<M as Machine>::Refusal>>;

/// Where a reply is put for the client that waits for it.
pub type Slot<M> = Rc<RefCell<Option<Replied<M>>>>;

pub struct Room<K: Kind> {
    pub names: Vec<K::Name>,
    pub auditor: Auditor<K>,
    places: Vec<Place<K>>,
    letters: Vec<Letter<K>>,
}

struct Place<K: Kind> {
    awake: Option<Partition<K, Slot<K>>>,
    under_way: Option<Frame>,
}

struct Letter<K: Kind> {
    to: usize,
    request: Request<K>,
    slot: Slot<K>,
}

/// What the node does with a room without knowing what is in it.
pub trait Rooms {
    fn places(&self) -> usize;
    fn letters(&self) -> usize;
    fn deliver(&mut self, letter: usize, yard: &mut Yard, dice: &mut Dice);
    fn place_of(&self, id: &str) -> Option<usize>;
    /// The append under way comes to that end.
    fn meet(&mut self, place: usize, index: usize, fate: Fate, yard: &mut Yard, dice: &mut Dice);
    /// An append is under way when everything crashes.
    fn crashed_under_way(&mut self, place: usize, kept: bool, yard: &mut Yard);
    fn forget_everything(&mut self);
    fn crash(&mut self, place: usize, yard: &mut Yard, dice: &mut Dice);
    fn sleep(&mut self, place: usize, yard: &mut Yard, dice: &mut Dice);
    fn wake(&mut self, place: usize, yard: &mut Yard);
    fn due(&self, place: usize) -> Option<Time>;
    fn replay_everything(&mut self, yard: &mut Yard);
}

impl<K: Kind> Room<K> {
    pub fn new(names: Vec<K::Name>, model: impl Fn(&K::Name) -> K::Model) -> Room<K> {
        let places = names.iter().map(|_| Place { awake: None, under_way: None }).collect();
        Room { auditor: Auditor::new(names.iter().map(model)), names, places, letters: Vec::new() }
    }

    pub fn send(&mut self, to: usize, request: Request<K>) -> Slot<K> {
        let slot = Slot::<K>::default();
        self.letters.push(Letter { to, request, slot: slot.clone() });
        slot
    }

    fn id(&self, place: usize) -> String {
        partition_id::<K>(&self.names[place])
    }

    fn open(&mut self, place: usize, yard: &mut Yard) {
        if self.places[place].awake.is_some() {
            return;
        }
        let id = self.id(place);
        let found = Arc::new(Mutex::new(None));
        let out = found.clone();
        yard.store.open(&id, Box::new(move |opened| *out.lock().unwrap() = Some(opened)));
        let opened = found
            .lock()
            .unwrap()
            .take()
            .expect("a memory store answers at once")
            .expect("and does not fail");
        assert_eq!(
            yard.store.frames(&id),
            self.auditor.places[place].frames,
            "the store kept something else than it said"
        );
        if opened.snapshot.is_some() {
            yard.tally.count("opened from a snapshot");
        }
        let partition = Partition::open(self.names[place].clone(), opened, yard.window.clone())
            .expect("what was committed opens");
        self.places[place].awake = Some(partition.snapshot_every(yard.snapshot_every));
        self.compare(place);
    }

    /// A partition that has nothing under way and the auditor's model must tell the same.
    fn compare(&self, place: usize) {
        let Some(partition) =
            self.places[place].awake.as_ref().filter(|partition| partition.is_quiet())
        else {
            return;
        };
        assert_eq!(partition.machine().imbalance(), 0, "the conservation law is broken");
        K::compare(&self.auditor.places[place].model, partition.machine());
    }

    fn flush(&mut self, place: usize, yard: &mut Yard) {
        let Some(append) = self.places[place].awake.as_mut().and_then(Partition::flush) else {
            return;
        };
        let before = self.places[place].under_way.replace(append.frame.clone());
        assert!(before.is_none(), "two appends of one partition under way");
        let outcomes = yard.outcomes.clone();
        yard.store.append(append, Box::new(move |outcome| outcomes.lock().unwrap().push(outcome)));
    }

    fn committed(&mut self, place: usize, frame: &Frame, yard: &mut Yard) {
        self.auditor.committed(place, frame, yard.latest, &mut yard.tally);
    }

    fn forget(&mut self, place: usize) {
        let waiting = self.places[place].awake.take().map(Partition::abandon).unwrap_or_default();
        waiting.iter().for_each(|slot| put::<K>(slot, Err(Failure::Unknown)));
    }
}

impl<K: Kind> Rooms for Room<K> {
    fn places(&self) -> usize {
        self.places.len()
    }

    fn letters(&self) -> usize {
        self.letters.len()
    }

    fn place_of(&self, id: &str) -> Option<usize> {
        (0..self.names.len()).find(|place| self.id(*place) == id)
    }

    fn deliver(&mut self, letter: usize, yard: &mut Yard, dice: &mut Dice) {
        let Letter { to, request, slot } = self.letters.swap_remove(letter);
        if !yard.calm && dice.below(100) < yard.lost {
            return put::<K>(&slot, Err(Failure::Unknown));
        }
        if !yard.calm && dice.below(100) < yard.lost {
            // It arrives, and its answer is lost.
            put::<K>(&slot, Err(Failure::Unknown));
        }
        if self.places[to].awake.is_none() && !yard.calm && dice.below(20) == 0 {
            return put::<K>(&slot, Err(Failure::Unavailable("it could not be opened".into())));
        }
        self.open(to, yard);
        let partition = self.places[to].awake.as_mut().expect("it was opened");
        if let Some((slot, reply)) = partition.serve(request, yard.clock, dice.roll(), slot) {
            put::<K>(&slot, Ok(reply));
        }
        self.flush(to, yard);
    }

    fn meet(&mut self, place: usize, index: usize, fate: Fate, yard: &mut Yard, dice: &mut Dice) {
        let frame = self.places[place].under_way.take().expect("it is under way");
        if matches!(fate, Fate::Keep | Fate::KeepButUnknown) {
            self.committed(place, &frame, yard);
        }
        yard.store.complete(index, fate);
        let outcome = yard.outcomes.lock().unwrap().pop().expect("it was completed");
        if outcome != AppendOutcome::Durable {
            return self.forget(place);
        }
        let Some(partition) = &mut self.places[place].awake else { return };
        let landed = partition.land();
        self.flush(place, yard);
        landed.answers.into_iter().for_each(|(slot, reply)| put::<K>(&slot, Ok(reply)));
        if let Some(snapshot) = landed.snapshot.filter(|_| dice.below(4) > 0) {
            yard.store.save(&self.id(place), snapshot);
        }
        self.compare(place);
    }

    fn crashed_under_way(&mut self, place: usize, kept: bool, yard: &mut Yard) {
        if let Some(frame) = self.places[place].under_way.take().filter(|_| kept) {
            self.committed(place, &frame, yard);
        }
    }

    fn forget_everything(&mut self) {
        self.places.iter_mut().for_each(|place| *place = Place { awake: None, under_way: None });
        self.letters.clear();
    }

    fn crash(&mut self, place: usize, yard: &mut Yard, dice: &mut Dice) {
        yard.tally.count("partition crashed");
        let id = self.id(place);
        if let Some(index) =
            yard.store.pending().iter().position(|waiting| *waiting.partition == *id)
        {
            let fate = if dice.below(2) == 0 { Fate::KeepButUnknown } else { Fate::LoseUnknown };
            return self.meet(place, index, fate, yard, dice);
        }
        self.forget(place);
    }

    fn sleep(&mut self, place: usize, yard: &mut Yard, dice: &mut Dice) {
        let id = self.id(place);
        let Some(partition) =
            self.places[place].awake.as_mut().filter(|partition| partition.is_quiet())
        else {
            return;
        };
        if partition.has_changed_since_snapshot() && dice.below(5) > 0 {
            yard.store.save(&id, partition.snapshot());
        }
        self.places[place].awake = None;
        yard.tally.count("fell asleep");
    }

    fn wake(&mut self, place: usize, yard: &mut Yard) {
        self.open(place, yard);
        if let Some(partition) = &mut self.places[place].awake {
            partition.wake(yard.clock);
        }
        self.flush(place, yard);
    }

    fn due(&self, place: usize) -> Option<Time> {
        self.places[place].awake.as_ref().and_then(Partition::due)
    }

    /// Replays every log from its beginning: same log, same state, as the one that lives.
    fn replay_everything(&mut self, yard: &mut Yard) {
        for place in 0..self.places.len() {
            self.open(place, yard);
            let live = self.places[place].awake.as_ref().expect("it was opened");
            let snapshot = live.snapshot();
            let mut suspect = Suspect::new(live.id(), snapshot)
                .expect("its digest holds")
                .expect("it is of this version");
            let mut again = Partition::<K, ()>::open(
                self.names[place].clone(),
                Default::default(),
                new_window(),
            )
            .expect("nothing opens");
            for frame in &self.auditor.places[place].frames {
                again
                    .replay_and_show(frame, |record| suspect.hear(record))
                    .expect("what was committed is replayed");
            }
            assert!(
                again.agrees_with(&mut suspect),
                "{}: the log and a snapshot differ",
                self.id(place)
            );
            assert_eq!(again.written(), live.written());
            let bytes =
                |machine: &K| postcard::to_stdvec(machine).expect("a machine is plain data");
            assert!(
                bytes(again.machine()) == bytes(live.machine()),
                "{}: the log and the living state differ",
                self.id(place)
            );
            self.compare(place);
        }
    }
}

/// The first word counts; what comes later is lost on the way.
fn put<M: Machine>(slot: &Slot<M>, replied: Replied<M>) {
    slot.borrow_mut().get_or_insert(replied);
}
