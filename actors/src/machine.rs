//! What a partition runs: a single-threaded state machine, the rule book of one scarce thing.
//!
//! `decide` says what would happen and changes nothing; `apply` makes it so and cannot fail.
//! Neither can see a clock, a die or a disk: time and randomness arrive in the `Stamp`. Same log,
//! same state, always.
//!
//! The machine itself is only the head, which is always in memory and bounded by what is live. What
//! became of single things lies on cards (`crate::cards`). `decide` reads both; the event says all
//! that changes; `apply` changes the head, and `cards` says what is written on cards.

use crate::cards::{Card, Cards, NameShelf};
use crate::id::Id;
use crate::store::{Row, Shelf};
use crate::time::Time;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::str::FromStr;

/// When a command is decided, and its share of randomness.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    pub at: Time,
    pub seed: u64,
}

/// Who gives a command. Only the id is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    pub id: Id,
    pub role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    Member,
    Admin,
    System,
}

impl Caller {
    pub const SYSTEM: Caller = Caller { id: Id::SYSTEM, role: Role::System };

    pub fn member(id: Id) -> Caller {
        Caller { id, role: Role::Member }
    }

    /// Whether the caller may act on what `owner` holds.
    pub fn may_act_for(&self, owner: Id) -> bool {
        self.role != Role::Member || self.id == owner
    }
}

/// What a command comes to, when it is not refused.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict<E> {
    /// Something new happens.
    New(E),
    /// It has happened before, for the same natural key: the same event is the answer again, and
    /// nothing is written.
    Already(E),
}

/// A refusal is a state, named as a sentence would name it. It is counted, never logged, and
/// decided anew each time.
pub trait Refused:
    Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + 'static
{
    /// Whether another partition of the same resource might still have what this one lacks.
    fn may_be_had_elsewhere(&self) -> bool {
        false
    }
}

pub trait Machine: Default + Serialize + DeserializeOwned + Send + 'static {
    /// The kind of partition, the first part of its id in the store. Never reused for another kind.
    const KIND: &'static str;

    /// Which partition of the kind; its text is the second part of the id in the store.
    type Name: Clone + Debug + Display + FromStr + Eq + Hash + Send + Sync + 'static;
    type Command: Clone + Debug + Serialize + DeserializeOwned + Send + 'static;
    type Event: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + 'static;
    type Refusal: Refused;
    type Question: Clone + Serialize + DeserializeOwned + Send + 'static;
    type Answer: Debug + Serialize + DeserializeOwned + Send + 'static;
    /// What a commit as a whole can show for each fact in it; made once for all of them. `()` where
    /// it is not needed.
    type Witness: Debug + Serialize + DeserializeOwned + Send + Sync + 'static;

    fn decide(
        &self,
        command: &Self::Command,
        caller: &Caller,
        stamp: &Stamp,
        cards: &Cards<'_>,
    ) -> Result<Verdict<Self::Event>, Self::Refusal>;
    fn apply(&mut self, event: &Self::Event, at: Time);
    fn look(&self, question: &Self::Question, cards: &Cards<'_>) -> Self::Answer;

    /// The cards that an event writes, from the event alone: they are made again from the log when
    /// lost.
    fn cards(_event: &Self::Event, _at: Time, _cards: &mut Vec<Card>) {}

    /// Shelves of names that come from outside, most of which are new.
    const NAMES: &'static [NameShelf] = &[];

    /// The first number, from that one on, that has a card on that shelf; asked of shelves on which
    /// names stand.
    fn next_number(&self, _shelf: Shelf, _from: u64) -> Option<u64> {
        None
    }

    /// Shelves whose cards are hardly ever asked for again. They leave memory as soon as the store
    /// shows them.
    const SELDOM_READ: &'static [Shelf] = &[];

    /// Whether the command only tells a partition what was fixed when the whole was made, so that
    /// no clock matters to it.
    fn is_opening(_command: &Self::Command) -> bool {
        false
    }

    /// Whether the refusal says that the partition must be opened first, by such a command.
    fn must_be_opened(_refusal: &Self::Refusal) -> bool {
        false
    }

    /// Whether the answer says no more than that the partition was never opened.
    fn is_unopened(_answer: &Self::Answer) -> bool {
        false
    }

    /// When the next thing expires by itself.
    fn due(&self) -> Option<Time> {
        None
    }

    /// The event by which what is due at `now` expires, bounded in size; asked again until nothing
    /// is due.
    fn expire(&self, _now: Time) -> Option<Self::Event> {
        None
    }

    /// What the machine can show for everything that happened since it was last asked; asked once
    /// for each commit. It keeps nothing of it, and a snapshot has none.
    fn take_witness(&mut self) -> Option<Self::Witness> {
        None
    }

    /// How much of what the command asks for is left here by now: the weight by which an open
    /// request is passed on. `u64::MAX`: it was granted here before, and nowhere else.
    fn left_for(
        &self,
        _command: &Self::Command,
        _caller: &Caller,
        _now: Time,
        _cards: &Cards<'_>,
    ) -> u64 {
        0
    }

    /// The look-up rows that an event declares, from the event alone: they are made again from the
    /// log when lost.
    fn rows(_name: &Self::Name, _event: &Self::Event, _at: Time, _rows: &mut Vec<Row>) {}

    /// The books, for whole things that this partition has a share of: what they are called, and
    /// how many are in which state. Shares are added up.
    fn books(&self, _name: &Self::Name) -> Vec<(String, Counts)> {
        Vec::new()
    }

    /// The conservation law, in numbers, as of the last event. `imbalance` must be zero.
    fn imbalance(&self) -> i64 {
        0
    }
}

/// How many are in which state, the states in a fixed order.
pub type Counts = Vec<(&'static str, u64)>;

/// The id under which the store knows a partition.
pub fn partition_id<M: Machine>(name: &M::Name) -> String {
    format!("{}/{name}", M::KIND)
}
