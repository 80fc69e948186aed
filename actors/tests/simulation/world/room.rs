//! All partitions of one kind, which sleep, wake and crash, the letters on their way to them, and
//! the auditor who watches them.
//!
//! It does what the actor and the router do around the pure core, one small step at a time, and
//! hands every step to chance.

use super::auditor::Auditor;
use super::kind::Kind;
use super::node::{Yard, new_window};
use actors::cards::{CardOwner, Cards};
use actors::dice::Dice;
use actors::engine::partition::Wanted;
use actors::engine::record::{self, Entry};
use actors::engine::snapshot::Suspect;
use actors::engine::{Failure, Partition, Reply, Request};
use actors::machine::partition_id;
use actors::store::{
    AppendOutcome, Bodies, Callback, Frame, ListedRow, Page, RowKey, Store, StoreError,
};
use actors::{Machine, Time};
use std::cell::RefCell;
use std::rc::Rc;
use testing::memory::{Fate, MemoryStore};
use testing::played::AllCards;

pub type Replied<M> = Result<Reply<M>, Failure<<M as Machine>::Refusal>>;

/// Where a reply is put for the client that waits for it.
pub type Slot<M> = Rc<RefCell<Option<Replied<M>>>>;

pub struct Room<K: Kind> {
    pub names: Vec<K::Name>,
    /// Under which the store knows them.
    ids: Vec<String>,
    pub auditor: Auditor<K>,
    places: Vec<Place<K>>,
    letters: Vec<Letter<K>>,
    look_ups: Vec<LookUp>,
}

struct Place<K: Kind> {
    awake: Option<Partition<K, Slot<K>>>,
    under_way: Option<Frame>,
    /// Appends that stand in the log, and whose rows are still being written.
    standing: usize,
    /// How often it was opened. What an earlier life has asked for is no answer to this one.
    life: u64,
    /// What the facts that count have written.
    cards: AllCards,
}

/// What a partition has asked the store for, on its way.
struct LookUp {
    place: usize,
    life: u64,
    what: Sought,
    /// The store may have read it long before the answer arrives.
    read: Option<Read>,
}

enum Sought {
    Cards(Wanted),
    Names(Page),
}

enum Read {
    Bodies(Bodies),
    Rows(Vec<ListedRow>),
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
        let places = names.iter().map(|_| Place::default()).collect();
        let auditor = Auditor::new(names.iter().map(model));
        let ids = names.iter().map(partition_id::<K>).collect();
        Room { auditor, names, ids, places, letters: Vec::new(), look_ups: Vec::new() }
    }

    pub fn send(&mut self, to: usize, request: Request<K>) -> Slot<K> {
        let slot = Slot::<K>::default();
        self.letters.push(Letter { to, request, slot: slot.clone() });
        slot
    }

    fn open(&mut self, place: usize, yard: &mut Yard) {
        if self.places[place].awake.is_some() {
            return;
        }
        let id = &self.ids[place];
        let opened = at_once(|done| yard.store.open(id, done));
        assert!(
            yard.store.has_frames(id, &self.auditor.places[place].frames),
            "{id}: the store kept something else than it said"
        );
        if opened.snapshot.is_some() {
            yard.tally.count("opened from a snapshot");
        }
        let partition = Partition::open_within(
            self.names[place].clone(),
            opened,
            yard.window.clone(),
            yard.card_budget.clone(),
        )
        .expect("what was committed opens");
        self.places[place].life += 1;
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
        let cards = Cards::new(&self.places[place].cards);
        K::compare(&self.auditor.places[place].model, partition.machine(), &cards);
    }

    /// Sends what the partition wants to write, and asks for what it wants to read.
    fn go_on(&mut self, place: usize, yard: &mut Yard, dice: &mut Dice) {
        self.flush(place, yard);
        let life = self.places[place].life;
        let Some(partition) = &mut self.places[place].awake else { return };
        let cards = partition.wanted().map(Sought::Cards);
        for what in cards.into_iter().chain(partition.to_learn().map(Sought::Names)) {
            let read = (dice.below(2) == 0).then(|| read(&yard.store, &what));
            self.look_ups.push(LookUp { place, life, what, read });
        }
    }

    /// The store's answer arrives, or the news that it has none.
    fn shown(&mut self, look_up: usize, yard: &mut Yard, dice: &mut Dice) {
        let LookUp { place, life, what, read: was_read } = self.look_ups.swap_remove(look_up);
        if life != self.places[place].life {
            return;
        }
        let Some(partition) = &mut self.places[place].awake else { return };
        let fails = !yard.calm && dice.below(100) < yard.lost;
        match (what, fails) {
            (Sought::Cards(wanted), true) => {
                yard.tally.count("card not shown");
                for slot in partition.not_found(&wanted.keys) {
                    put::<K>(&slot, Err(Failure::Unavailable("no card can be read".into())));
                }
            }
            (Sought::Names(_), true) => partition.learned(None),
            (what, false) => match was_read.unwrap_or_else(|| read(&yard.store, &what)) {
                Read::Bodies(bodies) => {
                    yard.tally.count("card shown");
                    let Sought::Cards(Wanted { keys, .. }) = what else { unreachable!() };
                    for (slot, reply) in partition.found(&keys, bodies, yard.clock) {
                        put::<K>(&slot, Ok(reply));
                    }
                }
                Read::Rows(rows) => partition.learned(Some(rows)),
            },
        }
        self.go_on(place, yard, dice);
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

    /// The rows are written of the oldest append of one of those places that have some standing.
    fn land_one(&mut self, mut standing: usize, yard: &mut Yard, dice: &mut Dice) {
        let of = |place: &Place<K>| {
            let here = standing < place.standing;
            standing -= if here { 0 } else { place.standing };
            here
        };
        let place = self.places.iter().position(of).expect("it stands somewhere");
        self.places[place].standing -= 1;
        self.land(place, yard, dice);
    }

    fn land(&mut self, place: usize, yard: &mut Yard, dice: &mut Dice) {
        let Some(partition) = &mut self.places[place].awake else { return };
        let landed = partition.land();
        self.flush(place, yard);
        landed.answers.into_iter().for_each(|(slot, reply)| put::<K>(&slot, Ok(reply)));
        if let Some(snapshot) = landed.snapshot.filter(|_| dice.below(4) > 0) {
            yard.store.save(&self.ids[place], snapshot);
        }
        self.compare(place);
    }

    fn committed(&mut self, place: usize, frame: &Frame, yard: &mut Yard) {
        if frame.to == frame.from {
            // Nothing was written: somebody was refused for what stood and could not be seen yet.
            return;
        }
        self.auditor.committed(place, frame, yard.latest, &mut yard.tally);
        let records = record::records::<K::Event>(frame).expect("what was committed can be read");
        for record in records {
            if let Entry::Fact(event) = &record.entry {
                K::hear(&mut yard.agreement, &self.names[place], event);
                self.places[place].cards.write::<K>(event, record.at);
            }
        }
    }

    /// The store shows every card as the facts left it.
    fn compare_cards(&self, place: usize, yard: &mut Yard) {
        let lies_at = CardOwner::of(&self.ids[place]);
        let cards = &self.places[place].cards;
        let (keys, bodies): (Vec<_>, Vec<_>) =
            cards.iter().map(|(key, body)| (lies_at.row_key(key), Some(body.clone()))).unzip();
        assert!(find(&yard.store, keys) == bodies, "{}: a card differs", self.ids[place]);
    }

    fn forget(&mut self, place: usize) {
        self.places[place].standing = 0;
        let waiting = self.places[place].awake.take().map(Partition::abandon).unwrap_or_default();
        waiting.iter().for_each(|slot| put::<K>(slot, Err(Failure::Unknown)));
    }
}

impl<K: Kind> Rooms for Room<K> {
    fn places(&self) -> usize {
        self.places.len()
    }

    fn letters(&self) -> usize {
        let standing = self.places.iter().map(|place| place.standing);
        self.letters.len() + self.look_ups.len() + standing.sum::<usize>()
    }

    fn place_of(&self, id: &str) -> Option<usize> {
        self.ids.iter().position(|known| known == id)
    }

    fn deliver(&mut self, letter: usize, yard: &mut Yard, dice: &mut Dice) {
        if let Some(look_up) = letter.checked_sub(self.letters.len()) {
            return match look_up.checked_sub(self.look_ups.len()) {
                None => self.shown(look_up, yard, dice),
                Some(standing) => self.land_one(standing, yard, dice),
            };
        }
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
        self.go_on(to, yard, dice);
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
        let Place { awake: Some(partition), standing, .. } = &mut self.places[place] else {
            return;
        };
        if *standing > 0 || dice.below(3) == 0 {
            yard.tally.count("went on before its rows");
            partition.stands();
            *standing += 1;
            return self.flush(place, yard);
        }
        self.land(place, yard, dice);
    }

    fn crashed_under_way(&mut self, place: usize, kept: bool, yard: &mut Yard) {
        if let Some(frame) = self.places[place].under_way.take().filter(|_| kept) {
            self.committed(place, &frame, yard);
        }
    }

    fn forget_everything(&mut self) {
        for place in &mut self.places {
            (place.awake, place.under_way, place.standing) = (None, None, 0);
        }
        self.letters.clear();
        self.look_ups.clear();
    }

    fn crash(&mut self, place: usize, yard: &mut Yard, dice: &mut Dice) {
        yard.tally.count("partition crashed");
        let id = &self.ids[place];
        if let Some(index) =
            yard.store.pending().iter().position(|waiting| *waiting.partition == **id)
        {
            let fate = if dice.below(2) == 0 { Fate::KeepButUnknown } else { Fate::LoseUnknown };
            return self.meet(place, index, fate, yard, dice);
        }
        self.forget(place);
    }

    fn sleep(&mut self, place: usize, yard: &mut Yard, dice: &mut Dice) {
        let Some(partition) =
            self.places[place].awake.as_mut().filter(|partition| partition.is_quiet())
        else {
            return;
        };
        if partition.has_changed_since_snapshot() && dice.below(5) > 0 {
            yard.store.save(&self.ids[place], partition.snapshot());
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
                again.agrees_with(&suspect),
                "{}: the log and a snapshot differ",
                self.ids[place]
            );
            assert_eq!(again.written(), live.written());
            self.compare_cards(place, yard);
            let bytes =
                |machine: &K| postcard::to_stdvec(machine).expect("a machine is plain data");
            assert!(
                bytes(again.machine()) == bytes(live.machine()),
                "{}: the log and the living state differ",
                self.ids[place]
            );
            self.compare(place);
        }
    }
}

impl<K: Kind> Default for Place<K> {
    fn default() -> Self {
        let cards = AllCards::default();
        Place { awake: None, under_way: None, standing: 0, life: 0, cards }
    }
}

fn read(store: &MemoryStore, what: &Sought) -> Read {
    match what {
        Sought::Cards(wanted) => Read::Bodies(find(store, wanted.rows.clone())),
        Sought::Names(page) => Read::Rows(at_once(|done| store.rows(page.clone(), done))),
    }
}

fn find(store: &MemoryStore, keys: Vec<RowKey>) -> Bodies {
    at_once(|done| store.find(keys, done))
}

pub fn at_once<T: Send + 'static>(ask: impl FnOnce(Callback<Result<T, StoreError>>)) -> T {
    let (to, from) = std::sync::mpsc::channel();
    ask(Box::new(move |answer| to.send(answer).expect("it is waited for")));
    from.try_recv().expect("a memory store answers at once").expect("and does not fail")
}

/// The first word counts; what comes later is lost on the way.
fn put<M: Machine>(slot: &Slot<M>, replied: Replied<M>) {
    slot.borrow_mut().get_or_insert(replied);
}
