//! The port to whatever keeps the log, and what it promises.
//!
//! 1. `append` is all or nothing and durable when it says so; appends of one partition are
//!    answered in order.
//! 2. An append names the sequence and the chain head it expects; if another has written, it is
//!    refused.
//! 3. When the outcome cannot be known, the store says `Unknown`; it never guesses.
//! 4. `open` sees every append that was answered before it was asked, and fences the owner that the
//!    partition had.
//! 5. A snapshot is a cache: losing it costs time, nothing else.
//! 6. Rows of an append are visible to `rows` and `find` before the append is answered.
//! 7. What `feed` shows is durable, and it shows all of it: nothing that became durable later
//!    ever stands before something already shown.
//!
//! Calls never block; the answer comes through the callback, on any thread.

use crate::id::Id;
use crate::time::Time;
use std::sync::Arc;

pub type Callback<T> = Box<dyn FnOnce(T) + Send>;

/// Bodies of rows, in the order in which they were asked for.
pub type Bodies = Vec<Option<Vec<u8>>>;

/// A link of the hash chain over a partition's frames.
pub type Head = [u8; 32];

/// How far a partition's log has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    pub seq: u64,
    pub head: Head,
}

/// The records of one group commit of one partition. `to.head` = SHA-256(from.head, from.seq,
/// to.seq, records), so it is checksum and chain in one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub from: Position,
    pub to: Position,
    pub records: Vec<u8>,
}

pub struct Append {
    pub partition: Arc<str>,
    pub frame: Frame,
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppendOutcome {
    Durable,
    /// Another owner has written or taken over; nothing of this append was kept.
    Fenced,
    /// It may or may not have been kept.
    Unknown(String),
}

#[derive(Clone, Debug)]
pub struct Snapshot {
    pub at: Position,
    /// Whoever opens the partition reads the frames after this sequence, too: the keys in them are
    /// still remembered.
    pub keys_after: u64,
    /// When the partition next has something to do by itself; it is woken then.
    pub due: Option<Time>,
    pub state: Vec<u8>,
}

/// What `open` finds: the newest snapshot, every frame after it, and before these the frames whose
/// last record is above `keys_after`.
#[derive(Clone, Debug, Default)]
pub struct Opened {
    pub snapshot: Option<Snapshot>,
    pub frames: Vec<Frame>,
}

/// A partition that sleeps and has something to do by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sleeper {
    pub partition: String,
    /// None: it was awake when its node went down, so that is not known; wake it at once.
    pub due: Option<Time>,
}

/// A frame in the one order in which the frames of all partitions became durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedFrame {
    /// Only ever grows; there may be gaps.
    pub position: u64,
    pub partition: Arc<str>,
    pub frame: Frame,
}

/// Some frames in their order, and how far the log had come when they were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedPage {
    pub frames: Vec<FeedFrame>,
    /// The position of the last durable frame; 0 if there is none.
    pub end: u64,
}

/// Bytes of records after which a feed stops, so that the memory of a reader does not depend on the
/// size of frames.
pub const FEED_BYTES: usize = 1 << 20;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("the store cannot be reached: {0}")]
    Unavailable(String),
    #[error("the store holds something broken: {0}")]
    Broken(String),
}

/// Which list a look-up row belongs to. Numbers are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shelf(pub u8);

/// One line of a list such as "my tickets": put, or with no body taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub shelf: Shelf,
    pub owner: Id,
    pub key: Vec<u8>,
    pub body: Option<Vec<u8>>,
}

/// Which row: no two are alike in all three. In their order all rows of an owner stand together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    pub owner: Id,
    pub shelf: Shelf,
    pub key: Vec<u8>,
}

/// A page of a list: rows of one owner with a key above `after`, in order of their keys.
#[derive(Clone, Debug)]
pub struct Page {
    pub shelf: Shelf,
    pub owner: Id,
    pub after: Option<Vec<u8>>,
    pub limit: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRow {
    pub key: Vec<u8>,
    pub body: Vec<u8>,
}

pub trait Store: Send + Sync + 'static {
    fn append(&self, append: Append, done: Callback<AppendOutcome>);
    /// The same. Where rows take time of their own, `stands` is called some time before `done`: the
    /// frame is in the log, and the next append may be asked for.
    fn append_and_go_on(
        &self,
        append: Append,
        _stands: Callback<()>,
        done: Callback<AppendOutcome>,
    ) {
        self.append(append, done);
    }
    fn open(&self, partition: &str, done: Callback<Result<Opened, StoreError>>);
    /// Kept when convenient, after the appends that were asked for before it.
    fn save(&self, partition: &str, snapshot: Snapshot);
    /// Loses a snapshot that cannot be used; an `open` that is asked for afterwards finds the whole
    /// log.
    fn forget_snapshot(&self, partition: &str);
    fn rows(&self, page: Page, done: Callback<Result<Vec<ListedRow>, StoreError>>);
    /// The bodies of these rows, one for each key, none where there is no such row.
    fn find(&self, keys: Vec<RowKey>, done: Callback<Result<Bodies, StoreError>>);
    /// Partitions that are asleep with something due until `until`, or were left awake.
    fn sleepers(&self, until: Time, done: Callback<Result<Vec<Sleeper>, StoreError>>);
    /// The frames after that position, of all partitions: `limit` at most, and no more once they
    /// have `FEED_BYTES` of records.
    fn feed(&self, after: u64, limit: usize, done: Callback<Result<FeedPage, StoreError>>);
    /// Whether refusals and reads must be confirmed by an append without records, because another
    /// node might own the partition by now.
    fn confirms_reads(&self) -> bool {
        false
    }
}
