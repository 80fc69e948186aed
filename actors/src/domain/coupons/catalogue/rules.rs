//! The list of all campaigns and batches: their numbers, their names, and what was fixed when they
//! were created.
//!
//! A campaign's name is unique, whatever its case. Numbers are given in order and never twice. What
//! is registered here never changes; how a campaign or a batch is doing now, its own partitions
//! know. They can be opened with what is registered.

use super::words::{Answer, CatalogueEntry, CatalogueRecord, Command, Event, Question, Refusal};
use crate::cards::Cards;
use crate::domain::Only;
use crate::domain::coupons::names::Serial;
use crate::id::Id;
use crate::machine::{Caller, Machine, Stamp, Verdict};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default, Serialize, Deserialize)]
pub struct Catalogue {
    entries: BTreeMap<Serial, CatalogueRecord>,
    campaigns: BTreeMap<String, Serial>,
    imports: BTreeMap<Id, Serial>,
    expiries: BTreeSet<(Time, Serial)>,
    next: [u32; 2],
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
        _: &Cards<'_>,
    ) -> Result<Verdict<Event>, Refusal> {
        if let Some(by) = entry.campaign_name().and_then(|name| self.campaigns.get(&name)) {
            return Err(Refusal::NameTaken { by: *by });
        }
        if let Some(serial) = entry.job().and_then(|job| self.imports.get(&job)) {
            let CatalogueRecord { entry, key, .. } = self.entries[serial].clone();
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
        if let CatalogueEntry::Batch(plan) = entry {
            self.expiries.insert((plan.expires_at, *serial));
        }
        self.entries.insert(*serial, CatalogueRecord { entry: entry.clone(), key: *key, at });
    }

    fn look(&self, question: &Question, _: &Cards<'_>) -> Answer {
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
