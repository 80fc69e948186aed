//! The core of a partition: everything about deciding, remembering and batching, and nothing about
//! threads or disks.
//!
//! The actor drives it in production and the simulation drives it in tests; both run this very
//! code. No answer leaves while it rests on something that is not durable yet: it waits in the
//! batch. `W` is what receives the answer: an actor's channel, or a test's.

use super::keys::{Answered, Key, KeyWindow, LastAnswer};
use super::record::{self, Broken, Entry, Record};
use super::snapshot::{self, PartitionMemory, PartitionState, Suspect};
use crate::machine::{Caller, Machine, Refused, Stamp, Verdict, partition_id};
use crate::store::{Append, Frame, Opened, Position, Row, Snapshot};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a partition can be asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Request<M: Machine> {
    Command {
        command: M::Command,
        caller: Caller,
        key: Option<Key>,
        how: Manner,
    },
    /// To the home of an open request: note that it goes on to `to`, if it last went to `from`.
    Pass {
        key: Key,
        caller: Caller,
        from: Option<u16>,
        to: u16,
    },
    Look(M::Question),
    /// How much of what the command asks for is left.
    Left {
        command: M::Command,
        caller: Caller,
    },
}

impl<M: Machine> Request<M> {
    /// Whether it is there to change something, by what the time is.
    pub(super) fn decides(&self) -> bool {
        match self {
            Request::Command { command, how, .. } => {
                *how != Manner::DryRun && !M::is_opening(command)
            }
            Request::Pass { .. } => true,
            Request::Look(_) | Request::Left { .. } => false,
        }
    }
}

impl<M: Machine> Clone for Request<M> {
    fn clone(&self) -> Self {
        match self {
            Request::Command { command, caller, key, how } => {
                Request::Command { command: command.clone(), caller: *caller, key: *key, how: *how }
            }
            Request::Pass { key, caller, from, to } => {
                Request::Pass { key: *key, caller: *caller, from: *from, to: *to }
            }
            Request::Look(question) => Request::Look(question.clone()),
            Request::Left { command, caller } => {
                Request::Left { command: command.clone(), caller: *caller }
            }
        }
    }
}

/// In what manner a command is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Manner {
    ForGood,
    /// Say what would happen, change nothing.
    DryRun,
    /// Passed on to this place by the request's home, which noted so at that instant. A refusal is
    /// written down, so that it stays one.
    Guest {
        place: u16,
        since: Time,
    },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Reply<M: Machine> {
    Done(Done<M::Event, M::Witness>),
    Refused(M::Refusal),
    /// As a guest: refused, and never granted here under this key.
    Declined,
    /// As a home: the request was passed on to that place, at that instant.
    Passed {
        to: u16,
        at: Time,
    },
    /// The key stands for another command.
    KeyReused,
    /// The key is older than the window: whether it was answered cannot be known.
    KeyForgotten,
    Looked(Looked<M::Answer>),
    Left(u64),
}

impl<M: Machine> Reply<M> {
    /// Whether it is a refusal that another partition might not share.
    pub(super) fn may_be_had_elsewhere(&self) -> bool {
        matches!(self, Reply::Refused(refusal) if refusal.may_be_had_elsewhere())
    }
}

/// What was done: an event that is a fact by now, or that would become one.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Done<E, W = ()> {
    pub event: E,
    pub at: Time,
    /// It had happened before: this is the first answer again.
    pub replayed: bool,
    /// What its commit can show for it; a replayed fact has none.
    pub witness: Option<Arc<W>>,
}

impl<E, W> Done<E, W> {
    fn new(event: E, at: Time) -> Self {
        Done { event, at, replayed: false, witness: None }
    }

    fn again(event: E, at: Time) -> Self {
        Done { event, at, replayed: true, witness: None }
    }
}

impl<E: Clone, W> Clone for Done<E, W> {
    fn clone(&self) -> Self {
        Done {
            event: self.event.clone(),
            at: self.at,
            replayed: self.replayed,
            witness: self.witness.clone(),
        }
    }
}

/// An answer and the partition's time when it was true.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Looked<A> {
    pub answer: A,
    pub at: Time,
}

pub struct Partition<M: Machine, W> {
    name: M::Name,
    id: Arc<str>,
    machine: M,
    time: Time,
    written: Position,
    answered: Answered,
    window: Arc<KeyWindow>,
    /// How far back the snapshot remembered that this began with; the node that wrote it may have
    /// forgotten more than this one.
    floor: Time,
    /// Where the machine stood when the last batch left.
    marked: u64,
    staged: Batch<M, W>,
    flying: Option<Flight<M, W>>,
    confirms_reads: bool,
    snapshot_every: u64,
    saved: Option<Saved>,
}

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
    waiters: Vec<(W, Reply<M>)>,
}

struct Flight<M: Machine, W> {
    to: Position,
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
        let mut partition = Partition {
            id: partition_id::<M>(&name).into(),
            name,
            machine: M::default(),
            time: Time::default(),
            written: Position::default(),
            answered: Answered::default(),
            window,
            floor: Time(i64::MIN),
            marked: 0,
            staged: Batch::default(),
            flying: None,
            confirms_reads: false,
            snapshot_every: 100_000,
            saved: None,
        };
        if let Some(snapshot) = &opened.snapshot {
            partition.restore(snapshot)?;
        }
        opened.frames.iter().try_for_each(|frame| partition.replay(frame))?;
        partition.marked = partition.machine.mark();
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
        if self.answered.is_empty() { self.machine.due() } else { Some(self.time) }
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
        let reply = self.answer(request, seed);
        if self.is_quiet() && !self.confirms_reads {
            return Some((waiter, reply));
        }
        self.staged.waiters.push((waiter, reply));
        None
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

    /// The next append, if there would be one.
    pub fn flush(&mut self) -> Option<Append> {
        if !self.would_flush() {
            return None;
        }
        let mut batch = std::mem::take(&mut self.staged);
        self.bear_witness(&mut batch);
        let frame = record::frame(self.written, batch.count, batch.records);
        self.written = frame.to;
        let saved = self.saved.map_or(0, |saved| saved.seq);
        let snapshot = (frame.to.seq - saved >= self.snapshot_every).then(|| self.snapshot());
        self.flying = Some(Flight { to: frame.to, waiters: batch.waiters, snapshot });
        Some(Append { partition: self.id.clone(), frame, rows: batch.rows })
    }

    /// Gives each new fact of the batch what the whole batch can show.
    fn bear_witness(&mut self, batch: &mut Batch<M, W>) {
        let since = std::mem::replace(&mut self.marked, self.machine.mark());
        let Some(shown) = self.machine.witness(since).map(Arc::new) else { return };
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
        flying.chain(self.staged.waiters).map(|(waiter, _)| waiter).collect()
    }

    /// The state as of the last append. Only durable if nothing is under way.
    pub fn snapshot(&self) -> Snapshot {
        let answered =
            self.answered.all().into_iter().map(|(hash, answer)| (hash, answer.clone())).collect();
        let known = PartitionMemory { time: self.time, horizon: self.horizon(), answered };
        snapshot::seal(
            &self.id,
            self.written,
            self.wake_at(),
            &PartitionState { known, machine: &self.machine },
        )
    }

    pub fn snapshot_was_saved(&mut self, snapshot: &Snapshot) {
        self.saved = Some(Saved { seq: snapshot.at.seq, due: snapshot.due });
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<(), Broken> {
        let PartitionState { known, machine } = snapshot::open(&self.id, snapshot)?;
        self.machine = machine;
        self.time = known.time;
        self.floor = known.horizon;
        self.written = snapshot.at;
        self.snapshot_was_saved(snapshot);
        for (hash, answer) in known.answered {
            let key = Key { hash, command: answer.command };
            self.window.bind(&key, answer.at);
            self.remember(key, answer.at, answer.entry);
        }
        Ok(())
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
        for record in record::read::<M::Event>(&self.written, frame)? {
            show(&record);
            self.time = self.time.max(record.at);
            if let Some(key) = record.key {
                self.window.bind(&key, record.at);
                self.remember(key, record.at, record::entry_bytes(&record.entry).into());
            }
            if let Entry::Fact(event) = &record.entry {
                self.machine.apply(event, record.at);
            }
        }
        self.written = frame.to;
        Ok(())
    }

    /// Whether a snapshot that was taken here says what this replay of the log says.
    pub fn agrees_with(&self, suspect: &mut Suspect) -> bool {
        suspect.agrees(&self.machine, self.time)
    }

    fn expire_what_is_due(&mut self) {
        while self.machine.due().is_some_and(|due| due <= self.time) {
            let Some(event) = self.machine.expire(self.time) else { return };
            self.happen(&event, Caller::SYSTEM, None);
        }
    }

    fn answer(&mut self, request: Request<M>, seed: u64) -> Reply<M> {
        match request {
            Request::Command { command, caller, key, how: Manner::DryRun } => {
                self.decide(&command, &caller, key, Manner::DryRun, seed)
            }
            Request::Command { command, caller, key, how } => {
                match key.and_then(|key| self.known(&key, how)) {
                    Some(reply) => reply,
                    None => self.decide(&command, &caller, key, how, seed),
                }
            }
            Request::Pass { key, caller, from, to } => self.pass(key, caller, from, to),
            Request::Look(question) => {
                Reply::Looked(Looked { answer: self.machine.look(&question), at: self.time })
            }
            Request::Left { command, caller } => {
                Reply::Left(self.machine.left_for(&command, &caller))
            }
        }
    }

    fn decide(
        &mut self,
        command: &M::Command,
        caller: &Caller,
        key: Option<Key>,
        how: Manner,
        seed: u64,
    ) -> Reply<M> {
        let stamp = Stamp { at: self.time, seed };
        match self.machine.decide(command, caller, &stamp) {
            Ok(Verdict::Already(event)) => Reply::Done(Done::again(event, self.time)),
            Ok(Verdict::New(event)) if how == Manner::DryRun => {
                Reply::Done(Done::new(event, self.time))
            }
            Ok(Verdict::New(event)) => {
                if key.is_some_and(|key| !self.window.bind(&key, self.time)) {
                    return Reply::KeyReused;
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
        }
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
        M::rows(&self.name, event, self.time, &mut self.staged.rows);
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
            self.remember(key, self.time, entry.into());
        }
    }

    fn remember(&mut self, key: Key, at: Time, entry: Box<[u8]>) {
        let horizon = self.horizon();
        self.answered.put(key.hash, LastAnswer { at, command: key.command, entry }, horizon);
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
        Batch { records: Vec::new(), count: 0, rows: Vec::new(), waiters: Vec::new() }
    }
}
