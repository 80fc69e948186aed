//! The list of all campaigns and batches: their numbers, their names, and what was fixed when they
//! were created.
//!
//! A campaign's name is unique, whatever its case. Numbers are given in order and never twice. What
//! is registered here never changes; how a campaign or a batch is doing now, its own partitions
//! know, which anybody can open with what is registered.

use super::campaign;
use super::offer::Offer;
use super::rack;
use super::range;
use super::serial::{ONE_RANGE_UP_TO, Of, Only, RANGES, RangeName, Serial};
use crate::id::Id;
use crate::machine::{Caller, Machine, Refused, Stamp, Verdict};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    Campaign(campaign::Plan),
    Batch(Plan),
}

/// A batch of coupons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub name: Option<String>,
    pub offer: Offer,
    pub expires_at: Time,
    pub what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// Codes of our own.
    Made { count: u64, one_per_member: bool },
    /// Somebody else's, brought by that job.
    Imported { job: Id },
}

#[derive(Default, Serialize, Deserialize)]
pub struct Catalogue {
    entries: BTreeMap<Serial, Registered>,
    campaigns: BTreeMap<String, Serial>,
    imports: BTreeMap<Id, Serial>,
    expiries: BTreeSet<(Time, Serial)>,
    next: [u32; 2],
}

/// A campaign or a batch, as it was registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    pub entry: Entry,
    /// The version of the key that its codes are printed with, for ever.
    pub key: u8,
    pub at: Time,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    /// `key`: the version of the key that its codes are printed with.
    Register { entry: Entry, key: u8 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Registered { serial: Serial, entry: Entry, key: u8 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    NameTaken {
        by: Serial,
    },
    /// There are as many as can have a number.
    Full,
}

impl Refused for Refusal {}

#[derive(Clone, Serialize, Deserialize)]
pub enum Question {
    Entry(Serial),
    /// Those after `after`, in the order of their numbers.
    Page {
        of: Of,
        after: Option<Serial>,
        limit: usize,
    },
    /// Batches that expire from `since` on and before `until`, by expiry, after `after`.
    Expiring {
        since: Time,
        until: Time,
        after: Option<(Time, Serial)>,
        limit: usize,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    Entry(Option<Registered>),
    Page(Vec<(Serial, Registered)>),
    Expiring(Vec<(Time, Serial)>),
}

impl Machine for Catalogue {
    const KIND: &'static str = "catalogue";
    type Name = Only;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;
    type Question = Question;
    type Answer = Answer;
    type Witness = ();

    fn decide(
        &self,
        Command::Register { entry, key }: &Command,
        _: &Caller,
        _: &Stamp,
    ) -> Result<Verdict<Event>, Refusal> {
        if let Some(by) = entry.campaign_name().and_then(|name| self.campaigns.get(&name)) {
            return Err(Refusal::NameTaken { by: *by });
        }
        if let Some(serial) = entry.job().and_then(|job| self.imports.get(&job)) {
            let Registered { entry, key, .. } = self.entries[serial].clone();
            return Ok(Verdict::Already(Event::Registered { serial: *serial, entry, key }));
        }
        let of = entry.of();
        let serial = Serial::new(self.next[of as usize], of).ok_or(Refusal::Full)?;
        Ok(Verdict::New(Event::Registered { serial, entry: entry.clone(), key: *key }))
    }

    fn apply(&mut self, Event::Registered { serial, entry, key }: &Event, at: Time) {
        self.next[serial.of() as usize] = serial.0 / 2 + 1;
        if let Some(name) = entry.campaign_name() {
            self.campaigns.insert(name, *serial);
        }
        if let Some(job) = entry.job() {
            self.imports.insert(job, *serial);
        }
        if let Entry::Batch(plan) = entry {
            self.expiries.insert((plan.expires_at, *serial));
        }
        self.entries.insert(*serial, Registered { entry: entry.clone(), key: *key, at });
    }

    fn look(&self, question: &Question) -> Answer {
        match question {
            Question::Entry(serial) => Answer::Entry(self.entries.get(serial).cloned()),
            Question::Page { of, after, limit } => {
                let from = after.map_or(Serial(0), |after| Serial(after.0 + 1));
                let all = self.entries.range(from..).filter(|(serial, _)| serial.of() == *of);
                Answer::Page(
                    all.take(*limit)
                        .map(|(serial, registered)| (*serial, registered.clone()))
                        .collect(),
                )
            }
            Question::Expiring { since, until, after, limit } => {
                let from =
                    after.map_or((*since, Serial(0)), |(at, serial)| (at, Serial(serial.0 + 1)));
                let within = self.expiries.range(from..).take_while(|(at, _)| at < until);
                Answer::Expiring(within.take(*limit).copied().collect())
            }
        }
    }

    fn imbalance(&self) -> i64 {
        let named = self
            .entries
            .values()
            .filter(|registered| registered.entry.campaign_name().is_some())
            .count();
        named as i64 - self.campaigns.len() as i64
    }
}

impl Entry {
    pub fn of(&self) -> Of {
        match self {
            Entry::Campaign(_) => Of::Campaign,
            Entry::Batch(_) => Of::Batch,
        }
    }

    /// As it is compared with others.
    fn campaign_name(&self) -> Option<String> {
        match self {
            Entry::Campaign(plan) => Some(plan.name.to_lowercase()),
            Entry::Batch(_) => None,
        }
    }

    fn job(&self) -> Option<Id> {
        match self {
            Entry::Batch(Plan { what: What::Imported { job }, .. }) => Some(*job),
            _ => None,
        }
    }
}

impl Plan {
    /// The partitions of a batch of codes of our own; an imported batch is on all racks.
    pub fn ranges(&self, batch: Serial) -> Vec<RangeName> {
        let ranges = match self.what {
            What::Made { count, .. } if count <= ONE_RANGE_UP_TO => 1,
            What::Made { .. } => RANGES,
            What::Imported { .. } => 0,
        };
        (0..ranges).map(|range| RangeName { batch, range }).collect()
    }

    /// What a range is told when it is opened.
    pub fn terms(&self, name: &RangeName) -> Option<range::Terms> {
        let What::Made { count, one_per_member } = self.what else { return None };
        let ranges = self.ranges(name.batch).len() as u64;
        let share = (count + ranges - 1).checked_sub(name.range as u64)? / ranges;
        Some(range::Terms {
            count: share,
            offer: self.offer,
            expires_at: self.expires_at,
            one_per_member,
        })
    }

    pub fn rack_terms(&self) -> rack::Terms {
        rack::Terms { offer: self.offer, expires_at: self.expires_at }
    }

    /// Where the coupon of that index is: which range, and which of its slots.
    pub fn place(&self, batch: Serial, index: u64) -> Option<(RangeName, u64)> {
        let What::Made { count, .. } = self.what else { return None };
        let ranges = self.ranges(batch).len() as u64;
        (index < count)
            .then(|| (RangeName { batch, range: (index % ranges) as u8 }, index / ranges))
    }

    /// The index of the coupon in that slot of that range.
    pub fn index(&self, name: &RangeName, slot: u64) -> u64 {
        slot * self.ranges(name.batch).len() as u64 + name.range as u64
    }
}
