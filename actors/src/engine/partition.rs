//! The core of a partition: everything about deciding, remembering and batching, and nothing about
//! threads or disks.
//!
//! The actor drives it in production and the simulation drives it in tests; both run this very
//! code. No answer leaves while it rests on something that is not durable yet: it waits in the
//! batch. A request that needs a card which is not in memory is parked; the driver looks up what is
//! `wanted` and says what it `found`. `W` is what receives the answer: an actor's channel, or a
//! test's.

use super::card_memory::{CardBudget, CardMemory};
use super::declared::declare;
use super::keys::{Answered, Key, KeyWindow, LastAnswer};
use super::learning::Learning;
use super::parked::{Parked, ParkedRequest};
use super::record::{self, Broken, Entry, Record};
use super::request::{Done, Looked, Manner, Reply, Request};
use super::snapshot::{self, PartitionMemory, PartitionState, Suspect};
use crate::cards::{CardKey, CardOwner, Cards};
use crate::machine::{Caller, Machine, Refused, Stamp, Verdict, partition_id};
use crate::store::{
    Append, Bodies, Frame, ListedRow, Opened, Page, Position, Row, RowKey, Snapshot,
};
use crate::time::Time;
use hashbrown::HashSet;
use std::sync::Arc;

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
    flying: Option<Flight<M, W>>,
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

/// Records that wait for the next append, and the callers that wait for them.
struct Batch<M: Machine, W> {
    records: Vec<u8>,
    count: u64,
    rows: Vec<Row>,
    cards: Vec<CardKey>,
    waiters: Vec<(W, Reply<M>)>,
}

struct Flight<M: Machine, W> {
    to: Position,
    cards: Vec<CardKey>,
    waiters: Vec<(W, Reply<M>)>,
    snapshot: Option<Snapshot>,
}

/// What a durable append sets free.
pub struct Landed<M: Machine, W> {
    pub answers: Vec<(W, Reply<M>)>,
    pub snapshot: Option<Snapshot>,
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
            flying: None,
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
        self.flying.is_none() && self.staged.is_empty()
    }

    /// Whether the store's snapshot would say something else than one made now.
    pub fn has_changed_since_snapshot(&self) -> bool {
        self.saved.map_or(self.written.seq > 0, |saved| {
            saved != Saved { seq: self.written.seq, due: self.wake_at() }
        })
    }

    /// When to wake this partition if it sleeps: when something is due. While it remembers keys, it
    /// is woken at every start, because only then does its node know what they stand for.
    fn wake_at(&self) -> Option<Time> {
        match self.answered.since(self.horizon()) {
            Some(_) => Some(self.time),
            None => self.machine.due(),
        }
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
            Request::Command { how: Manner::Guest { since, .. }, .. } => clock.max(*since),
            _ => clock,
        };
        self.wake(clock);
        self.attempt(ParkedRequest { request, seed, waiter, needs: HashSet::new() })
    }

    fn attempt(&mut self, asked: ParkedRequest<M, W>) -> Option<(W, Reply<M>)> {
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
        self.wake(clock);
        let ready = self.parked.take_ready();
        let answers = ready.into_iter().filter_map(|asked| self.attempt(asked)).collect();
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

    /// Whether none is under way and something waits for one.
    pub fn would_flush(&self) -> bool {
        self.flying.is_none() && !self.staged.is_empty()
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
        self.flying = Some(Flight { to: frame.to, cards, waiters, snapshot });
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

    /// The append under way is durable.
    pub fn land(&mut self) -> Landed<M, W> {
        let Some(flight) = self.flying.take() else {
            return Landed { answers: Vec::new(), snapshot: None };
        };
        flight.cards.iter().for_each(|key| self.cards.let_go(key));
        self.cards.make_room();
        let mut answers = flight.waiters;
        if self.staged.count == 0 && !self.confirms_reads {
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

    /// The head as of the last append. Only durable if nothing is under way.
    pub fn snapshot(&self) -> Snapshot {
        let horizon = self.horizon();
        let keys_after = self.answered.since(horizon).unwrap_or(self.written.seq);
        snapshot::seal(
            &self.id,
            self.written,
            keys_after,
            self.wake_at(),
            &PartitionState {
                known: PartitionMemory { time: self.time, horizon },
                machine: &self.machine,
            },
        )
    }

    pub fn snapshot_was_saved(&mut self, snapshot: &Snapshot) {
        self.saved = Some(Saved { seq: snapshot.at.seq, due: snapshot.due });
    }

    /// Says where the snapshot stands. What is read of the log begins with `first`, which may be
    /// before that.
    fn restore(&mut self, snapshot: &Snapshot, first: Option<&Frame>) -> Result<Position, Broken> {
        let PartitionState { known, machine } = snapshot::open(&self.id, snapshot)?;
        self.machine = machine;
        self.time = known.time;
        self.floor = known.horizon;
        self.written = first.map_or(snapshot.at, |frame| frame.from);
        self.snapshot_was_saved(snapshot);
        Ok(snapshot.at)
    }

    /// Reads a frame whose facts are in the head already, for the keys in it.
    fn hear(&mut self, frame: &Frame) -> Result<(), Broken> {
        let records = record::read::<M::Event>(&self.written, frame)?;
        for (record, seq) in records.into_iter().zip(frame.from.seq + 1..) {
            self.remember_record(&record, seq);
        }
        self.written = frame.to;
        Ok(())
    }

    fn remember_record(&mut self, record: &Record<M::Event>, seq: u64) {
        if let Some(key) = record.key {
            self.window.bind(&key, record.at);
            self.remember(key, record.at, seq, record::entry_bytes(&record.entry).into());
        }
    }

    /// Applies one more frame of the log.
    pub fn replay(&mut self, frame: &Frame) -> Result<(), Broken> {
        self.replay_and_show(frame, |_| ())
    }

    /// The same, and shows what is in it.
    pub fn replay_and_show(
        &mut self,
        frame: &Frame,
        mut show: impl FnMut(&Record<M::Event>),
    ) -> Result<(), Broken> {
        let records = record::read::<M::Event>(&self.written, frame)?;
        for (record, seq) in records.into_iter().zip(frame.from.seq + 1..) {
            show(&record);
            self.time = self.time.max(record.at);
            self.remember_record(&record, seq);
            if let Entry::Fact(event) = &record.entry {
                self.machine.apply(event, record.at);
            }
        }
        // It was for those who waited then.
        drop(self.machine.take_witness());
        self.written = frame.to;
        Ok(())
    }

    /// Whether a snapshot that was taken here says what this replay of the log says.
    pub fn agrees_with(&self, suspect: &Suspect) -> bool {
        suspect.agrees(&self.machine, self.time)
    }

    fn expire_what_is_due(&mut self) {
        while self.machine.due().is_some_and(|due| due <= self.time) {
            let Some(event) = self.machine.expire(self.time) else { return };
            self.happen(&event, Caller::SYSTEM, None);
        }
    }

    fn answer(&mut self, request: &Request<M>, seed: u64) -> Result<Reply<M>, Missing> {
        match request {
            Request::Command { command, caller, key, how: Manner::DryRun } => {
                self.decide(command, caller, *key, Manner::DryRun, seed)
            }
            Request::Command { command, caller, key, how } => {
                match key.and_then(|key| self.known(&key, *how)) {
                    Some(reply) => Ok(reply),
                    None => self.decide(command, caller, *key, *how, seed),
                }
            }
            Request::Pass { key, caller, from, to } => Ok(self.pass(*key, *caller, *from, *to)),
            Request::Look(question) => {
                let answer = self.reading(|machine, cards| machine.look(question, cards))?;
                Ok(Reply::Looked(Looked { answer, at: self.time }))
            }
            Request::Left { command, caller } => Ok(Reply::Left(
                self.reading(|machine, cards| machine.left_for(command, caller, cards))?,
            )),
        }
    }

    /// What the machine says, if all the cards were there that it asked for.
    fn reading<T>(&self, say: impl FnOnce(&M, &Cards<'_>) -> T) -> Result<T, Missing> {
        let cards = Cards::new(&self.cards);
        let said = say(&self.machine, &cards);
        let missing = cards.into_missing();
        if missing.is_empty() { Ok(said) } else { Err(Missing(missing)) }
    }

    fn decide(
        &mut self,
        command: &M::Command,
        caller: &Caller,
        key: Option<Key>,
        how: Manner,
        seed: u64,
    ) -> Result<Reply<M>, Missing> {
        let stamp = Stamp { at: self.time, seed };
        let decided =
            self.reading(|machine, cards| machine.decide(command, caller, &stamp, cards))?;
        Ok(match decided {
            Ok(Verdict::Already(event)) => Reply::Done(Done::again(event, self.time)),
            Ok(Verdict::New(event)) if how == Manner::DryRun => {
                Reply::Done(Done::new(event, self.time))
            }
            Ok(Verdict::New(event)) => {
                if key.is_some_and(|key| !self.window.bind(&key, self.time)) {
                    return Ok(Reply::KeyReused);
                }
                self.happen(&event, *caller, key);
                Reply::Done(Done::new(event, self.time))
            }
            Err(refusal) => match (how, key) {
                (Manner::Guest { .. }, Some(key)) if refusal.may_be_had_elsewhere() => {
                    self.window.bind(&key, self.time);
                    self.note(Entry::Declined, *caller, key);
                    Reply::Declined
                }
                _ => Reply::Refused(refusal),
            },
        })
    }

    /// What was already said about the key, if that settles the request.
    fn known(&mut self, key: &Key, how: Manner) -> Option<Reply<M>> {
        if self.window.stands_for_another(key) {
            return Some(Reply::KeyReused);
        }
        let (at, entry) = match self.entry_of(key) {
            Ok(found) => found,
            Err(reply) => return Some(reply),
        }
        .unzip();
        match (entry, how) {
            (Some(Entry::Fact(event)), _) => Some(Reply::Done(Done::again(event, at?))),
            (Some(Entry::Passed { to }), Manner::ForGood) => Some(Reply::Passed { to, at: at? }),
            // The home was its own guest, and has named another since.
            (Some(Entry::Passed { to }), Manner::Guest { place, .. }) if to != place => {
                Some(Reply::Passed { to, at: at? })
            }
            (Some(Entry::Declined), Manner::Guest { .. }) => Some(Reply::Declined),
            (None, Manner::Guest { since, .. }) if since < self.horizon() => {
                Some(Reply::KeyForgotten)
            }
            _ => None,
        }
    }

    fn pass(&mut self, key: Key, caller: Caller, from: Option<u16>, to: u16) -> Reply<M> {
        let known = match self.entry_of(&key) {
            Ok(known) => known,
            Err(reply) => return reply,
        };
        match (known, from) {
            (Some((at, Entry::Fact(event))), _) => Reply::Done(Done::again(event, at)),
            (Some((at, Entry::Passed { to })), from) if from != Some(to) => {
                Reply::Passed { to, at }
            }
            (None, Some(_)) => Reply::KeyForgotten,
            _ if !self.window.bind(&key, self.time) => Reply::KeyReused,
            _ => {
                self.note(Entry::Passed { to }, caller, key);
                Reply::Passed { to, at: self.time }
            }
        }
    }

    fn entry_of(&mut self, key: &Key) -> Result<Option<(Time, Entry<M::Event>)>, Reply<M>> {
        let horizon = self.horizon();
        match self.answered.get(key.hash, horizon) {
            Some(answer) if answer.command != key.command => Err(Reply::KeyReused),
            Some(answer) => {
                Ok(postcard::from_bytes(&answer.entry).ok().map(|entry| (answer.at, entry)))
            }
            None => Ok(None),
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

impl<M: Machine, W> Batch<M, W> {
    fn is_empty(&self) -> bool {
        self.count == 0 && self.waiters.is_empty()
    }
}

impl<M: Machine, W> Default for Batch<M, W> {
    fn default() -> Self {
        Batch {
            records: Vec::new(),
            count: 0,
            rows: Vec::new(),
            cards: Vec::new(),
            waiters: Vec::new(),
        }
    }
}
