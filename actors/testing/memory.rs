//! A store that keeps everything in memory, for tests and simulations, and that does what it is
//! told.
//!
//! Every append meets a `Fate`: the next one planned, or else the usual one. By default it is kept
//! and answered at once, on the calling thread; a manual store stalls every append until the test
//! completes it. Nothing in here is random and nothing waits. Several nodes can look at the same
//! data, each through its own `MemoryStore`, and fence each other.

use actors::store::{
    Append, AppendOutcome, Bodies, Callback, FEED_BYTES, FeedFrame, FeedPage, Frame, ListedRow,
    Opened, Page, Position, Row, RowKey, Shelf, Sleeper, Snapshot, Store, StoreError,
};
use actors::{Id, Time};
use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard};

/// What becomes of an append.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// Kept, and said so.
    #[default]
    Keep,
    /// Kept, but the answer is Unknown.
    KeepButUnknown,
    /// Not kept, and the answer is Unknown.
    LoseUnknown,
    /// The write breaks off in the middle: not kept, the answer is Unknown, and nothing more of
    /// that partition is kept until it is opened again.
    Tear,
    /// Not kept, because another owner has taken over; nothing more of this owner is kept until it
    /// opens the partition again.
    Fence,
    /// Neither kept nor answered until `complete` decides, or a crash.
    Stall,
}

/// One node's view of the data.
pub struct MemoryStore {
    data: Arc<Mutex<Data>>,
    node: u64,
    confirms_reads: bool,
}

#[derive(Default)]
struct Data {
    logs: BTreeMap<Arc<str>, Log>,
    /// Whose frame was kept when, and which of its frames that was.
    order: Vec<(Arc<str>, usize)>,
    rows: BTreeMap<(Shelf, Id, Vec<u8>), Vec<u8>>,
    pending: VecDeque<Pending>,
    plan: VecDeque<Fate>,
    usually: Fate,
    opens_to_fail: usize,
    nodes: u64,
}

#[derive(Default)]
struct Log {
    frames: Vec<Frame>,
    snapshot: Option<Snapshot>,
    /// Who opened it last. Until then, any node may append.
    owner: Option<u64>,
    /// What every append comes to until the partition is opened again.
    closed: Option<AppendOutcome>,
}

struct Pending {
    append: Append,
    node: u64,
    /// The partition was opened after this was asked for.
    outdated: bool,
    done: Callback<AppendOutcome>,
}

/// An append that waits for its fate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingAppend {
    pub partition: Arc<str>,
    pub from: Position,
    pub to: Position,
}

impl Default for MemoryStore {
    fn default() -> MemoryStore {
        MemoryStore::whose_appends(Fate::Keep)
    }
}

impl MemoryStore {
    /// Stalls every append until it is completed.
    pub fn manual() -> MemoryStore {
        MemoryStore::whose_appends(Fate::Stall)
    }

    fn whose_appends(usually: Fate) -> MemoryStore {
        MemoryStore {
            data: Arc::new(Mutex::new(Data { usually, ..Data::default() })),
            node: 0,
            confirms_reads: false,
        }
    }

    /// As a store is that several nodes share.
    pub fn confirming_reads(mut self) -> MemoryStore {
        self.confirms_reads = true;
        self
    }

    /// Another node's view of the same data.
    pub fn another_node(&self) -> MemoryStore {
        let mut data = self.data();
        data.nodes += 1;
        MemoryStore {
            data: self.data.clone(),
            node: data.nodes,
            confirms_reads: self.confirms_reads,
        }
    }

    /// The next append that nothing is planned for yet meets this fate.
    pub fn plan(&self, fate: Fate) {
        self.data().plan.push_back(fate);
    }

    /// The next so many opens fail.
    pub fn fail_opens(&self, count: usize) {
        self.data().opens_to_fail = count;
    }

    /// Another owner takes the partition over, without writing anything yet.
    pub fn fence(&self, partition: &str) {
        self.data().log(partition).closed = Some(AppendOutcome::Fenced);
    }

    /// The appends that stall, in the order in which they were asked for.
    pub fn pending(&self) -> Vec<WaitingAppend> {
        self.data().pending.iter().map(Pending::waiting).collect()
    }

    /// Decides one of the pending appends. Completing it with `Stall` puts it at the end of the
    /// queue.
    pub fn complete(&self, index: usize, fate: Fate) {
        let mut data = self.data();
        let Some(pending) = data.pending.remove(index) else { return };
        data.meet(pending, fate).answer(data);
    }

    /// Keeps the oldest pending append and says so. False if there is none.
    pub fn step(&self) -> bool {
        let some = !self.data().pending.is_empty();
        self.complete(0, Fate::Keep);
        some
    }

    /// The process dies: no pending append is ever answered, and only those are kept that `keeps`
    /// names. Owners are gone.
    pub fn crash(&self, mut keeps: impl FnMut(&WaitingAppend) -> bool) {
        let mut data = self.data();
        let pending = std::mem::take(&mut data.pending);
        for pending in pending.iter().filter(|pending| keeps(&pending.waiting())) {
            data.keep(pending);
        }
        for log in data.logs.values_mut() {
            log.owner = None;
            log.closed = None;
        }
        data.plan.clear();
        drop(data);
    }

    /// Snapshots are only a cache.
    pub fn forget_snapshots(&self) {
        self.data().logs.values_mut().for_each(|log| log.snapshot = None);
    }

    pub fn partitions(&self) -> Vec<Arc<str>> {
        self.data().logs.keys().cloned().collect()
    }

    /// Whether the whole log of a partition is this.
    pub fn has_frames(&self, partition: &str, frames: &[Frame]) -> bool {
        self.data().logs.get(partition).map_or(&[][..], |log| &log.frames) == frames
    }

    /// The whole log of a partition, for an auditor.
    pub fn frames(&self, partition: &str) -> Vec<Frame> {
        self.data().logs.get(partition).map(|log| log.frames.clone()).unwrap_or_default()
    }

    fn data(&self) -> MutexGuard<'_, Data> {
        self.data.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// An answer that leaves once the lock is released, because its receiver may ask for more at once.
struct Answer(Option<(Callback<AppendOutcome>, AppendOutcome)>);

impl Answer {
    fn answer(self, unlocked: MutexGuard<'_, Data>) {
        drop(unlocked);
        if let Some((done, outcome)) = self.0 {
            done(outcome);
        }
    }
}

impl Pending {
    fn waiting(&self) -> WaitingAppend {
        let Append { partition, frame, .. } = &self.append;
        WaitingAppend { partition: partition.clone(), from: frame.from, to: frame.to }
    }
}

impl Log {
    fn end(&self) -> Position {
        self.frames.last().map_or(Position::default(), |frame| frame.to)
    }

    fn has(&self, position: Position) -> bool {
        position == Position::default()
            || self.frames.iter().rev().any(|frame| frame.to == position)
    }

    /// Those after the snapshot, and those before it whose keys are remembered.
    fn to_open(&self) -> impl Iterator<Item = &Frame> {
        let after = self.snapshot.as_ref().map_or(0, |snapshot| snapshot.keys_after);
        self.frames.iter().skip_while(move |frame| frame.to.seq <= after)
    }

    fn after_snapshot(&self) -> impl Iterator<Item = &Frame> {
        let at = self.snapshot.as_ref().map(|snapshot| snapshot.at);
        let covered = at
            .and_then(|at| self.frames.iter().rposition(|frame| frame.to == at))
            .map_or(0, |index| index + 1);
        self.frames[covered..].iter()
    }
}

impl Data {
    fn log(&mut self, partition: &str) -> &mut Log {
        self.logs.entry(partition.into()).or_default()
    }

    fn meet(&mut self, pending: Pending, fate: Fate) -> Answer {
        let unknown = |why: &str| AppendOutcome::Unknown(why.into());
        let outcome = match fate {
            Fate::Stall => {
                self.pending.push_back(pending);
                return Answer(None);
            }
            Fate::Keep => self.keep(&pending),
            Fate::KeepButUnknown => match self.keep(&pending) {
                AppendOutcome::Durable => unknown("the answer was lost"),
                refused => refused,
            },
            Fate::LoseUnknown => unknown("the write failed"),
            Fate::Tear | Fate::Fence => {
                let outcome = if fate == Fate::Fence {
                    AppendOutcome::Fenced
                } else {
                    unknown("the write broke off")
                };
                self.log(&pending.append.partition).closed = Some(outcome.clone());
                outcome
            }
        };
        Answer(Some((pending.done, outcome)))
    }

    fn keep(&mut self, pending: &Pending) -> AppendOutcome {
        let Append { partition, frame, rows } = &pending.append;
        let log = self.log(partition);
        if let Some(closed) = &log.closed {
            return closed.clone();
        }
        if pending.outdated
            || log.owner.is_some_and(|owner| owner != pending.node)
            || log.end() != frame.from
        {
            return AppendOutcome::Fenced;
        }
        if frame.to == frame.from {
            // It only asked whether it is still the owner.
            return AppendOutcome::Durable;
        }
        log.frames.push(frame.clone());
        let place = log.frames.len() - 1;
        self.order.push((partition.clone(), place));
        rows.iter().for_each(|row| self.shelve(row));
        AppendOutcome::Durable
    }

    fn shelve(&mut self, row: &Row) {
        let place = (row.shelf, row.owner, row.key.clone());
        match &row.body {
            Some(body) => self.rows.insert(place, body.clone()),
            None => self.rows.remove(&place),
        };
    }

    fn open(&mut self, partition: &str, node: u64) -> Result<Opened, StoreError> {
        if self.opens_to_fail > 0 {
            self.opens_to_fail -= 1;
            return Err(StoreError::Unavailable("it was told to fail".into()));
        }
        for pending in
            self.pending.iter_mut().filter(|pending| &*pending.append.partition == partition)
        {
            pending.outdated = true;
        }
        let log = self.log(partition);
        log.owner = Some(node);
        log.closed = None;
        Ok(Opened { snapshot: log.snapshot.clone(), frames: log.to_open().cloned().collect() })
    }

    fn page(&self, page: &Page) -> Vec<ListedRow> {
        let from = match &page.after {
            Some(after) => Bound::Excluded((page.shelf, page.owner, after.clone())),
            None => Bound::Included((page.shelf, page.owner, Vec::new())),
        };
        self.rows
            .range((from, Bound::Unbounded))
            .take_while(|((shelf, owner, _), _)| (*shelf, *owner) == (page.shelf, page.owner))
            .take(page.limit)
            .map(|((_, _, key), body)| ListedRow { key: key.clone(), body: body.clone() })
            .collect()
    }

    fn find(&self, keys: Vec<RowKey>) -> Bodies {
        keys.into_iter()
            .map(|RowKey { shelf, owner, key }| self.rows.get(&(shelf, owner, key)).cloned())
            .collect()
    }

    /// Positions are counted from 1.
    fn feed(&self, after: u64, limit: usize) -> FeedPage {
        let mut feed = FeedPage { frames: Vec::new(), end: self.order.len() as u64 };
        let mut bytes = 0;
        for (place, (partition, frame)) in
            self.order.iter().enumerate().skip(usize::try_from(after).unwrap_or(usize::MAX))
        {
            if feed.frames.len() == limit || bytes >= FEED_BYTES {
                break;
            }
            let frame = self.logs[partition].frames[*frame].clone();
            bytes += frame.records.len();
            feed.frames.push(FeedFrame {
                position: place as u64 + 1,
                partition: partition.clone(),
                frame,
            });
        }
        feed
    }

    fn sleepers(&self, until: Time) -> Vec<Sleeper> {
        let sleeper = |(partition, log): (&Arc<str>, &Log)| {
            let awake = log.after_snapshot().next().is_some();
            let due = log
                .snapshot
                .as_ref()
                .and_then(|snapshot| snapshot.due)
                .filter(|due| *due <= until && !awake);
            (awake || due.is_some()).then(|| Sleeper { partition: partition.to_string(), due })
        };
        self.logs.iter().filter_map(sleeper).collect()
    }
}

impl Store for MemoryStore {
    fn append(&self, append: Append, done: Callback<AppendOutcome>) {
        let mut data = self.data();
        let fate = data.plan.pop_front().unwrap_or(data.usually);
        let pending = Pending { append, node: self.node, outdated: false, done };
        data.meet(pending, fate).answer(data);
    }

    fn open(&self, partition: &str, done: Callback<Result<Opened, StoreError>>) {
        let opened = self.data().open(partition, self.node);
        done(opened);
    }

    /// A snapshot of something that is not in the log is no snapshot, and is not kept.
    fn save(&self, partition: &str, snapshot: Snapshot) {
        let mut data = self.data();
        let log = data.log(partition);
        if log.has(snapshot.at)
            && log.snapshot.as_ref().is_none_or(|older| older.at.seq <= snapshot.at.seq)
        {
            log.snapshot = Some(snapshot);
        }
    }

    fn forget_snapshot(&self, partition: &str) {
        self.data().log(partition).snapshot = None;
    }

    fn rows(&self, page: Page, done: Callback<Result<Vec<ListedRow>, StoreError>>) {
        let listed = self.data().page(&page);
        done(Ok(listed));
    }

    fn find(&self, keys: Vec<RowKey>, done: Callback<Result<Bodies, StoreError>>) {
        let found = self.data().find(keys);
        done(Ok(found));
    }

    fn sleepers(&self, until: Time, done: Callback<Result<Vec<Sleeper>, StoreError>>) {
        let sleepers = self.data().sleepers(until);
        done(Ok(sleepers));
    }

    fn feed(&self, after: u64, limit: usize, done: Callback<Result<FeedPage, StoreError>>) {
        let feed = self.data().feed(after, limit);
        done(Ok(feed));
    }

    fn confirms_reads(&self) -> bool {
        self.confirms_reads
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Script, StoreHarness, answer};

    impl StoreHarness for MemoryStore {
        fn store(&self) -> &dyn Store {
            self
        }

        fn reopen(&mut self) {
            self.crash(|_| true);
        }

        fn lose_snapshots(&mut self) {
            self.forget_snapshots();
        }
    }

    crate::store_contract!(MemoryStore::default());

    fn ask(memory: &MemoryStore, append: Append) -> std::sync::mpsc::Receiver<AppendOutcome> {
        let (to, from) = std::sync::mpsc::channel();
        memory.append(append, Box::new(move |outcome| to.send(outcome).unwrap()));
        from
    }

    fn kept(memory: &MemoryStore) -> usize {
        memory.frames("p").len()
    }

    #[test]
    fn each_fate_keeps_and_says_what_it_should() {
        let unknown = |outcome: &AppendOutcome| matches!(outcome, AppendOutcome::Unknown(_));
        for (fate, keeps, says) in [
            (
                Fate::Keep,
                1,
                (|outcome| *outcome == AppendOutcome::Durable) as fn(&AppendOutcome) -> bool,
            ),
            (Fate::KeepButUnknown, 1, unknown),
            (Fate::LoseUnknown, 0, unknown),
            (Fate::Tear, 0, unknown),
            (Fate::Fence, 0, |outcome| *outcome == AppendOutcome::Fenced),
        ] {
            let memory = MemoryStore::default();
            memory.plan(fate);
            let outcome = ask(&memory, Script::new("p").next(&[])).recv().unwrap();
            assert!(says(&outcome), "{fate:?}: {outcome:?}");
            assert_eq!(kept(&memory), keeps, "{fate:?}");
        }
    }

    #[test]
    fn after_a_torn_write_nothing_more_is_kept_until_the_partition_is_opened() {
        let memory = MemoryStore::default();
        memory.plan(Fate::Tear);
        let append = || Script::new("p").next(&[]);
        ask(&memory, append());
        assert!(matches!(ask(&memory, append()).recv().unwrap(), AppendOutcome::Unknown(_)));
        answer(|done| memory.open("p", done)).unwrap();
        assert_eq!(ask(&memory, append()).recv().unwrap(), AppendOutcome::Durable);
    }

    #[test]
    fn a_manual_store_answers_nothing_by_itself() {
        let memory = MemoryStore::manual();
        let (mut p, mut q) = (Script::new("p"), Script::new("q"));
        let (of_p, of_q) = (ask(&memory, p.next(&[])), ask(&memory, q.next(&[])));
        assert!(of_p.try_recv().is_err() && of_q.try_recv().is_err());
        memory.complete(1, Fate::Keep);
        assert_eq!(of_q.try_recv().unwrap(), AppendOutcome::Durable);
        assert_eq!(memory.pending().len(), 1);
        assert!(memory.step());
        assert_eq!(of_p.try_recv().unwrap(), AppendOutcome::Durable);
        assert!(!memory.step());
    }

    #[test]
    fn a_crash_keeps_what_it_is_told_and_answers_nobody() {
        let memory = MemoryStore::manual();
        let (mut p, mut q) = (Script::new("p"), Script::new("q"));
        let (of_p, of_q) = (ask(&memory, p.next(&[])), ask(&memory, q.next(&[])));
        memory.crash(|waiting| &*waiting.partition == "p");
        assert!(of_p.recv().is_err() && of_q.recv().is_err());
        assert_eq!((memory.frames("p").len(), memory.frames("q").len()), (1, 0));
    }

    #[test]
    fn a_stalled_append_is_fenced_if_the_partition_was_opened_meanwhile() {
        let memory = MemoryStore::manual();
        let stalled = ask(&memory, Script::new("p").next(&[]));
        answer(|done| memory.open("p", done)).unwrap();
        memory.step();
        assert_eq!(stalled.recv().unwrap(), AppendOutcome::Fenced);
        assert_eq!(kept(&memory), 0);
    }

    #[test]
    fn of_two_nodes_only_the_one_that_opened_last_can_write() {
        let here = MemoryStore::default();
        let there = here.another_node();
        answer(|done| here.open("p", done)).unwrap();
        answer(|done| there.open("p", done)).unwrap();
        assert_eq!(ask(&here, Script::new("p").next(&[])).recv().unwrap(), AppendOutcome::Fenced);
        assert_eq!(ask(&there, Script::new("p").next(&[])).recv().unwrap(), AppendOutcome::Durable);
    }

    #[test]
    fn opens_fail_as_often_as_told() {
        let memory = MemoryStore::default();
        memory.fail_opens(1);
        assert!(answer(|done| memory.open("p", done)).is_err());
        assert!(answer(|done| memory.open("p", done)).is_ok());
    }
}
