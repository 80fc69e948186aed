//! What all partitions of one process share: the store, the clock, the arbiters they live on,
//! limits, and the window of keys.

use super::alarms::Alarms;
use super::card_memory::CardBudget;
use super::keys::KeyWindow;
use super::neighbours::Neighbours;
use super::record::Broken;
use crate::store::Store;
use crate::time::{Clock, Time};
use crate::timekeeper::Timekeeper;
use actix_rt::{Arbiter, ArbiterHandle};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, RwLock};

pub struct Node {
    pub store: Arc<dyn Store>,
    pub clock: Clock,
    pub window: Arc<KeyWindow>,
    pub limits: Limits,
    /// Memory for the cards of all partitions.
    pub cards: Arc<CardBudget>,
    /// Threads that partitions live on. HTTP workers enter their own, so that a request finds its
    /// partition without a hop.
    seats: RwLock<Vec<Seat>>,
    /// Nodes on the same store. Without any, every partition is this node's own.
    neighbours: OnceLock<Arc<dyn Neighbours>>,
    /// Hears which partition's snapshot is not believed, and why.
    on_bad_snapshot: OnceLock<fn(&str, &Broken)>,
    /// Compares the machine's clocks. Without one, the clock is believed whatever it says.
    timekeeper: OnceLock<Arc<Timekeeper>>,
    pub(super) in_flight: AtomicUsize,
    seeds: AtomicU64,
    secret: RandomState,
}

/// A thread that partitions live on, and when those on it have something to do.
#[derive(Clone)]
pub(super) struct Seat {
    pub arbiter: ArbiterHandle,
    pub alarms: Arc<Alarms>,
}

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests that may be under way in one partition, and in the whole node. Beyond it the answer
    /// is Busy, at once.
    pub partition_in_flight: usize,
    pub node_in_flight: usize,
    /// A partition without requests for so long goes to sleep.
    pub idle_s: u32,
    /// Records of a partition after which it writes a snapshot.
    pub snapshot_every: u64,
    /// Bytes of memory for cards, in the whole node.
    pub card_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            partition_in_flight: 4096,
            node_in_flight: 16384,
            idle_s: 300,
            snapshot_every: 100_000,
            card_bytes: 256 << 20,
        }
    }
}

impl Node {
    pub fn new(
        store: Arc<dyn Store>,
        clock: Clock,
        window: KeyWindow,
        limits: Limits,
    ) -> Arc<Node> {
        Arc::new(Node {
            store,
            clock,
            window: Arc::new(window),
            cards: CardBudget::new(limits.card_bytes),
            limits,
            seats: RwLock::default(),
            neighbours: OnceLock::new(),
            on_bad_snapshot: OnceLock::new(),
            timekeeper: OnceLock::new(),
            in_flight: AtomicUsize::new(0),
            seeds: AtomicU64::new(0),
            secret: RandomState::new(),
        })
    }

    /// From now on requests go to whichever node should own the partition. Said once, before the
    /// first request.
    pub fn live_among(&self, neighbours: Arc<dyn Neighbours>) {
        let _ = self.neighbours.set(neighbours);
    }

    /// What to call when a snapshot is not believed, so that an operator hears of it. Said once,
    /// before the first request.
    pub fn on_bad_snapshot(&self, tell: fn(&str, &Broken)) {
        let _ = self.on_bad_snapshot.set(tell);
    }

    pub(super) fn tell_of_snapshot(&self, partition: &str, why: &Broken) {
        if let Some(tell) = self.on_bad_snapshot.get() {
            tell(partition, why);
        }
    }

    pub(super) fn neighbours(&self) -> Option<&Arc<dyn Neighbours>> {
        self.neighbours.get()
    }

    pub fn has_neighbours(&self) -> bool {
        self.neighbours().is_some()
    }

    /// Whether this node should own that partition, or do whatever else is shared out by a name.
    pub fn should_own(&self, partition: &str) -> bool {
        self.neighbours().is_none_or(|neighbours| neighbours.owner_of(partition).is_none())
    }

    /// From now on commands are taken only while this believes the wall clock. Said once, before
    /// the first request.
    pub fn live_by(&self, timekeeper: Arc<Timekeeper>) {
        let _ = self.timekeeper.set(timekeeper);
    }

    pub fn timekeeper(&self) -> Option<&Arc<Timekeeper>> {
        self.timekeeper.get()
    }

    /// Whether anything may be decided now: not while the wall clock has moved and it is not known
    /// yet whether it is right.
    pub fn is_settled(&self) -> bool {
        self.timekeeper().is_none_or(|timekeeper| timekeeper.is_settled())
    }

    pub fn now(&self) -> Time {
        (self.clock)()
    }

    /// Randomness for one command: a counter under a keyed hash whose key the operating system
    /// drew.
    pub fn seed(&self) -> u64 {
        self.secret.hash_one(self.seeds.fetch_add(1, Ordering::Relaxed))
    }

    /// Offers the calling arbiter as a home for partitions.
    pub fn take_seat(&self) {
        if let Some(arbiter) = Arbiter::try_current() {
            self.add_seat(arbiter);
        }
    }

    pub fn add_seat(&self, arbiter: ArbiterHandle) {
        let seat = Seat { arbiter, alarms: Arc::default() };
        self.seats.write().unwrap_or_else(|poisoned| poisoned.into_inner()).push(seat);
    }

    /// The seat for a partition: the same for the same hash as long as no seat is added.
    pub(super) fn seat(&self, hash: u64) -> Option<Seat> {
        let seats = self.seats.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        (!seats.is_empty()).then(|| seats[hash as usize % seats.len()].clone())
    }

    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }
}
