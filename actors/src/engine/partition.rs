//! The core of a partition: everything about deciding, remembering and batching, and nothing about
//! threads or disks.
//!
//! `deciding` is what it says to a request, `replay` how it is made again from its log.
//!
//! The actor drives it in production and the simulation drives it in tests; both run this very
//! code. No answer leaves while it rests on something that is not durable yet: it waits in the
//! batch. A request that needs a card which is not in memory is parked; the driver looks up what is
//! `wanted` and says what it `found`. `W` is what receives the answer: an actor's channel, or a
//! test's.

mod batch;
mod deciding;
mod replay;

use super::card_memory::{CardBudget, CardMemory};
use super::declared::declare;
use super::keys::{Answered, Key, KeyWindow, LastAnswer};
use super::learning::Learning;
use super::parked::{Parked, ParkedRequest};
use super::record::{self, Broken, Entry};
use super::request::{Manner, Reply, Request};
use crate::cards::{CardKey, CardOwner};
use crate::machine::{Caller, Machine, partition_id};
use crate::store::{Append, Bodies, ListedRow, Opened, Page, Position, RowKey};
use crate::time::Time;
use batch::{Batch, Flight, Landed};
use hashbrown::HashSet;
use std::collections::VecDeque;
use std::sync::Arc;

/// Appends under way, of which all but the last stand in the log.
const MOST_FLIGHTS: usize = 3;

pub struct Partition<M: Machine, W> {
    name: M::Name,
    id: Arc<str>,
    machine: M,
    time: Time,
    written: Position,
    cards: CardMemory,
    lies_at: CardOwner,
    parked: Parked<M, W>,
    learning: Learning,
    answered: Answered,
    window: Arc<KeyWindow>,
    /// How far back the snapshot remembered that this began with; the node that wrote it may have
    /// forgotten more than this one.
    floor: Time,
    staged: Batch<M, W>,
    /// The oldest first.
    flying: VecDeque<Flight<M, W>>,
    confirms_reads: bool,
    snapshot_every: u64,
    saved: Option<Saved>,
}

/// Cards that are to be looked up, and the rows that they are.
#[derive(Debug)]
pub struct Wanted {
    pub keys: Vec<CardKey>,
    pub rows: Vec<RowKey>,
}

/// The cards without which nothing can be said.
struct Missing(Vec<CardKey>);

/// Which snapshot the store has.
#[derive(Clone, Copy, PartialEq)]
struct Saved {
    seq: u64,
    due: Option<Time>,
}

impl<M: Machine, W> Partition<M, W> {
    /// Rebuilds the partition from its newest snapshot and the frames after it.
    pub fn open(name: M::Name, opened: Opened, window: Arc<KeyWindow>) -> Result<Self, Broken> {
        Partition::open_within(name, opened, window, CardBudget::unlimited())
    }

    /// The same, with so much memory for cards.
    pub fn open_within(
        name: M::Name,
        opened: Opened,
        window: Arc<KeyWindow>,
        budget: Arc<CardBudget>,
    ) -> Result<Self, Broken> {
        let id: Arc<str> = partition_id::<M>(&name).into();
        let is_new = opened.snapshot.is_none() && opened.frames.is_empty();
        let mut partition = Partition {
            lies_at: CardOwner::of(&id),
            id,
            name,
            machine: M::default(),
            time: Time::default(),
            written: Position::default(),
            cards: CardMemory::new(M::NAMES, is_new, budget).forgetting_soon(M::SELDOM_READ),
            parked: Parked::default(),
            learning: Learning::default(),
            answered: Answered::default(),
            window,
            floor: Time(i64::MIN),
            staged: Batch::default(),
            flying: VecDeque::new(),
            confirms_reads: false,
            snapshot_every: 100_000,
            saved: None,
        };
        let saved_at = match &opened.snapshot {
            Some(snapshot) => partition.restore(snapshot, opened.frames.first())?,
            None => Position::default(),
        };
        for frame in &opened.frames {
            match frame.to.seq <= saved_at.seq {
                true => partition.hear(frame)?,
                false => partition.replay(frame)?,
            }
            if frame.to.seq == saved_at.seq && frame.to != saved_at {
                return Err(Broken::Snapshot(saved_at.seq));
            }
        }
        if partition.written.seq < saved_at.seq {
            return Err(Broken::Snapshot(saved_at.seq));
        }
        Ok(partition)
    }

    pub fn confirming_reads(mut self, confirms_reads: bool) -> Self {
        self.confirms_reads = confirms_reads;
        self
    }

    pub fn snapshot_every(mut self, records: u64) -> Self {
        self.snapshot_every = records;
        self
    }

    pub fn name(&self) -> &M::Name {
        &self.name
    }

    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    pub fn machine(&self) -> &M {
        &self.machine
    }

    pub fn written(&self) -> Position {
        self.written
    }

    pub fn due(&self) -> Option<Time> {
        self.machine.due()
    }

    /// Nothing waits and nothing is under way.
    pub fn is_quiet(&self) -> bool {
        self.parked.is_empty() && self.rests_on_durable_facts()
    }

    fn rests_on_durable_facts(&self) -> bool {
        self.flying.is_empty() && self.staged.is_empty()
    }

    /// Whether it may leave memory: nothing is under way, and no key is left to remember.
    pub fn may_sleep(&mut self, now: Time) -> bool {
        self.answered.forget_before(self.window.horizon_at(now).max(self.floor));
        self.is_quiet() && self.answered.is_empty()
    }

    /// Serves a request. The answer comes back at once if it rests on durable facts only; else it
    /// leaves with the batch.
    pub fn serve(
        &mut self,
        request: Request<M>,
        clock: Time,
        seed: u64,
        waiter: W,
    ) -> Option<(W, Reply<M>)> {
        let clock = match &request {
            Request::Command { how: Manner::Guest(note), .. } => clock.max(note.at),
            Request::Pass { after: Some(after), .. } => clock.max(after.next()),
            _ => clock,
        };
        self.attempt(ParkedRequest { request, seed, waiter, needs: HashSet::new() }, clock)
    }

    /// Time passes before each: what the one before it gave back may be over.
    fn attempt(&mut self, asked: ParkedRequest<M, W>, clock: Time) -> Option<(W, Reply<M>)> {
        self.wake(clock);
        let reply = match self.answer(&asked.request, asked.seed) {
            Ok(reply) => reply,
            Err(Missing(keys)) => {
                self.parked.park(asked, keys, &mut self.cards);
                return None;
            }
        };
        asked.needs.iter().for_each(|key| self.cards.release(key));
        if self.rests_on_durable_facts() && !self.confirms_reads {
            return Some((asked.waiter, reply));
        }
        self.staged.waiters.push((asked.waiter, reply));
        None
    }

    /// The cards that must be looked up now, for requests that wait for them. They are asked for
    /// once.
    pub fn wanted(&mut self) -> Option<Wanted> {
        let keys = self.parked.take_wanted();
        let rows = keys.iter().map(|key| self.lies_at.row_key(key)).collect();
        (!keys.is_empty()).then_some(Wanted { keys, rows })
    }

    /// The store has shown them: serves all who wait for no other, and says what can be answered.
    pub fn found(&mut self, keys: &[CardKey], bodies: Bodies, clock: Time) -> Vec<(W, Reply<M>)> {
        for (key, body) in keys.iter().zip(bodies) {
            self.learning.note(key, body.is_none());
            self.cards.found(*key, body);
        }
        self.parked.found(keys);
        let ready = self.parked.take_ready();
        let answers = ready.into_iter().filter_map(|asked| self.attempt(asked, clock)).collect();
        self.cards.make_room();
        answers
    }

    /// They could not be looked up. Nothing was done for those who waited for them.
    pub fn not_found(&mut self, keys: &[CardKey]) -> Vec<W> {
        self.parked.give_up(keys, &mut self.cards)
    }

    /// The next rows to read so that names without a card are known, if that is worth it.
    pub fn to_learn(&mut self) -> Option<Page> {
        self.learning.next(&self.machine, &self.lies_at, &mut self.cards)
    }

    /// What was read; None if it could not be.
    pub fn learned(&mut self, rows: Option<Vec<ListedRow>>) {
        self.learning.learned(rows, &mut self.cards);
    }

    /// Forgets some cards if the node's memory for them is not enough.
    pub fn make_some_room_for_cards(&mut self) {
        self.cards.make_some_room();
    }

    /// Lets expire what is due, without any request.
    pub fn wake(&mut self, clock: Time) {
        self.time = self.time.max(clock);
        self.expire_what_is_due();
    }

    /// Whether the next append may be sent, and something waits for it.
    pub fn would_flush(&self) -> bool {
        let may_go = self.flying.back().is_none_or(|last| last.stands);
        may_go && self.flying.len() < MOST_FLIGHTS && !self.staged.is_empty()
    }

    /// The last append that was sent is in the log, and the next one may be. What waits for it goes
    /// on waiting, because its rows may not be visible yet.
    pub fn stands(&mut self) {
        if let Some(last) = self.flying.back_mut() {
            last.stands = true;
        }
    }

    /// Whether a request waits for cards that were not asked for yet.
    pub fn wants_cards(&self) -> bool {
        self.parked.wants_any()
    }

    /// The next append, if there would be one.
    pub fn flush(&mut self) -> Option<Append> {
        if !self.would_flush() {
            return None;
        }
        let mut batch = std::mem::take(&mut self.staged);
        self.bear_witness(&mut batch);
        let rows = std::mem::take(&mut batch.rows);
        let frame = record::frame(self.written, batch.count, std::mem::take(&mut batch.records));
        self.written = frame.to;
        let saved = self.saved.map_or(0, |saved| saved.seq);
        let snapshot = (frame.to.seq - saved >= self.snapshot_every).then(|| self.snapshot());
        let Batch { waiters, cards, .. } = batch;
        let flight = Flight { to: frame.to, stands: false, cards, waiters, snapshot };
        self.flying.push_back(flight);
        Some(Append { partition: self.id.clone(), frame, rows })
    }

    /// Gives each new fact of the batch what the whole batch can show.
    fn bear_witness(&mut self, batch: &mut Batch<M, W>) {
        let Some(shown) = self.machine.take_witness().map(Arc::new) else { return };
        for (_, reply) in &mut batch.waiters {
            if let Reply::Done(done) = reply
                && !done.replayed
            {
                done.witness = Some(shown.clone());
            }
        }
    }

    /// The oldest append under way is durable, and its rows are visible.
    pub fn land(&mut self) -> Landed<M, W> {
        let Some(flight) = self.flying.pop_front() else {
            return Landed { answers: Vec::new(), snapshot: None };
        };
        flight.cards.iter().for_each(|key| self.cards.let_go(key));
        self.cards.make_room();
        let mut answers = flight.waiters;
        if self.flying.is_empty() && self.staged.count == 0 && !self.confirms_reads {
            answers.append(&mut self.staged.waiters);
        }
        if let Some(snapshot) = &flight.snapshot {
            debug_assert_eq!(snapshot.at, flight.to);
            self.saved = Some(Saved { seq: snapshot.at.seq, due: snapshot.due });
        }
        Landed { answers, snapshot: flight.snapshot }
    }

    /// All callers that still wait. Memory has run ahead of a log that can no longer be trusted to
    /// follow.
    pub fn abandon(self) -> Vec<W> {
        let flying = self.flying.into_iter().flat_map(|flight| flight.waiters);
        let answered = flying.chain(self.staged.waiters).map(|(waiter, _)| waiter);
        answered.chain(self.parked.abandon()).collect()
    }

    fn expire_what_is_due(&mut self) {
        while self.machine.due().is_some_and(|due| due <= self.time) {
            let Some(event) = self.machine.expire(self.time) else { return };
            self.happen(&event, Caller::SYSTEM, None);
        }
    }

    fn happen(&mut self, event: &M::Event, caller: Caller, key: Option<Key>) {
        self.machine.apply(event, self.time);
        let Batch { rows, cards, .. } = &mut self.staged;
        declare::<M>(&self.name, &self.lies_at, event, self.time, rows, |card| {
            self.cards.write(card);
            cards.push(card.key);
        });
        self.stage(&Entry::Fact(event), caller, key);
    }

    fn note(&mut self, entry: Entry<&M::Event>, caller: Caller, key: Key) {
        self.stage(&entry, caller, Some(key));
    }

    fn stage(&mut self, entry: &Entry<&M::Event>, caller: Caller, key: Option<Key>) {
        let entry = record::entry_bytes(entry);
        record::push(&mut self.staged.records, caller.id, self.time, key, &entry);
        self.staged.count += 1;
        if let Some(key) = key {
            self.remember(key, self.time, self.written.seq + self.staged.count, entry.into());
        }
    }

    fn remember(&mut self, key: Key, at: Time, seq: u64, entry: Box<[u8]>) {
        let horizon = self.horizon();
        let answer = LastAnswer { at, command: key.command, entry };
        self.answered.put(key.hash, answer, seq, horizon);
    }

    fn horizon(&self) -> Time {
        self.window.horizon_at(self.time).max(self.floor)
    }
}
