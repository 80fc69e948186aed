//! What the world must know of a kind of partition to live with it and to judge it: its naive
//! model, and what may be told when.

use super::ask::Call;
use super::auditor::Audited;
use super::node::{Node, Yard};
use super::orders::agreement::Agreement;
use super::room::Room;
use super::tally::Tally;
use actors::cards::Cards;
use actors::{Caller, Id, Machine, Time};
use std::fmt::Debug;

pub trait Kind: Machine {
    /// What one partition ought to be like, without any cleverness.
    type Model;
    /// The books of a partition, as a client may be shown them.
    type Books: PartialEq + Debug;
    /// What was seen of a place since a question was asked: enough to say whether a refusal was
    /// right at some moment.
    type Seen: Default;
    /// What only all partitions together can break.
    type Whole: Default;

    /// How the tally calls what a guest grants.
    const GRANTED_BY_A_GUEST: &'static str;

    fn parts(node: &mut Node) -> (&mut Yard, &mut Room<Self>);

    /// How the shell opens a place that says that it was not opened.
    fn opening(yard: &Yard, name: &Self::Name) -> Option<Self::Command>;
    fn is_not_opened(refusal: &Self::Refusal) -> bool;
    fn is_expiry(event: &Self::Event) -> bool;
    /// Objects to an event that breaks a rule, and makes it so.
    fn record(model: &mut Self::Model, event: &Self::Event, at: Time);
    /// The same for what all places share, before the event counts. `outlived` says whether a call
    /// that began before that moment is still under way, so long afterwards that its key is
    /// forgotten.
    fn record_of_all(
        _whole: &mut Self::Whole,
        _event: &Self::Event,
        _now: Moment,
        _outlived: impl Fn(Moment) -> bool,
    ) {
    }
    /// The same for what several kinds must agree about.
    fn hear(_agreement: &mut Agreement, _name: &Self::Name, _event: &Self::Event) {}
    fn model_books(model: &Self::Model) -> Self::Books;
    /// A quiet partition and its model must tell the same.
    fn compare(model: &Self::Model, machine: &Self, cards: &Cards<'_>);

    fn see(model: &Self::Model, command: &Self::Command, caller: &Caller, seen: &mut Self::Seen);
    /// Whether a place may decline the request.
    fn lacks(model: &Self::Model, command: &Self::Command) -> bool;
    /// Before an event counts that a key led to: is it exactly what was asked for?
    fn is_what_was_asked_for(model: &Self::Model, call: &Call<Self>, event: &Self::Event, at: Time);

    fn told_done(told: &Told<Self>, event: &Self::Event, durable: bool);
    fn told_dry(told: &Told<Self>, event: &Self::Event, at: Time);
    fn told_refused(told: &Told<Self>, refusal: &Self::Refusal, tally: &mut Tally);
    fn told_answer(told: &Told<Self>, answer: &Self::Answer, at: Time, tally: &mut Tally);
}

/// When a record was made, and how many had been committed before it.
#[derive(Clone, Copy)]
pub struct Moment {
    pub at: Time,
    pub seq: u64,
}

/// What a client asked for and where, what was so since, and how far the logs had come then.
pub struct Told<'a, K: Kind> {
    pub call: &'a Call<K>,
    /// Where the answer comes from; the first place asked if it is a refusal.
    pub place: usize,
    pub places: &'a [Audited<K>],
    pub seen: &'a [K::Seen],
    pub logs: &'a [usize],
    pub latest: Time,
}

impl<K: Kind> Told<'_, K> {
    pub fn model(&self) -> &K::Model {
        &self.places[self.place].model
    }

    pub fn asker(&self) -> Id {
        self.call.caller.id
    }

    /// Whether something has happened in the place since it was asked.
    pub fn is_stale(&self) -> bool {
        self.places[self.place].log.len() > self.logs[self.place]
    }

    pub fn seen_in(&self, place: u16) -> &K::Seen {
        &self.seen[place as usize]
    }

    pub fn books_since(&self) -> &[K::Books] {
        &self.places[self.place].books[self.logs[self.place]..]
    }

    /// What the place's log said before the client asked.
    pub fn before(&self, place: usize) -> impl Iterator<Item = &K::Event> {
        self.places[place].facts(..self.logs[place])
    }
}
