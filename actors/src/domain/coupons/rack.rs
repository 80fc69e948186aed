//! A share of all imported codes, those whose hash names it: each batch of them is a range whose
//! coupons have names.
//!
//! Rules: a code is imported once, whatever batch it came with; the first row that brings it has
//! it. The same row again is the same import. So an import that was broken off can be repeated from
//! anywhere, and comes to the same.

use super::book::Slot;
use super::offer::Offer;
use super::range::{self, Range};
use super::rows::{self, Home};
use super::serial::{RackName, RangeName, Serial};
use crate::id::Id;
use crate::machine::{Caller, Counts, Machine, Refused, Stamp, Verdict};
use crate::store::Row;
use crate::time::Time;
use hashbrown::{HashMap, HashSet};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What all codes of an imported batch are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    pub offer: Offer,
    pub expires_at: Time,
}

/// A line of an imported file: its number and its code.
pub type Line = (u64, Box<str>);

#[derive(Default)]
pub struct Rack {
    batches: BTreeMap<Serial, Batch>,
    by_code: HashMap<Arc<str>, (Serial, Slot)>,
    dues: BTreeSet<(Time, Serial)>,
}

#[derive(Default)]
struct Batch {
    range: Range,
    /// The codes and the lines they came with, by slot.
    codes: Vec<(Arc<str>, u64)>,
    due: Option<Time>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    /// Takes in the codes that are not there yet.
    Import {
        batch: Serial,
        terms: Terms,
        lines: Vec<Line>,
    },
    In {
        batch: Serial,
        command: range::Command,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// Only lines that were taken in.
    Imported {
        batch: Serial,
        terms: Terms,
        lines: Vec<Line>,
    },
    In {
        batch: Serial,
        event: range::Event,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// All codes are here already.
    NothingNew,
    In(range::Refusal),
}

impl Refused for Refusal {
    fn may_be_had_elsewhere(&self) -> bool {
        // A rack that no line of the batch fell to is as empty as one whose codes are all assigned.
        matches!(self, Refusal::In(range::Refusal::Exhausted | range::Refusal::NotOpened))
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub enum Question {
    /// Where a code is.
    Find(Box<str>),
    /// Which of these lines of the batch brought their code; the others are duplicates, or not
    /// there yet.
    Brought {
        batch: Serial,
        lines: Vec<Line>,
    },
    /// Which of these codes are here.
    Known(Vec<Box<str>>),
    /// The codes of these coupons.
    Codes {
        batch: Serial,
        slots: Vec<Slot>,
    },
    In {
        batch: Serial,
        question: range::Question,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    Found(Option<(Serial, Slot)>),
    /// One for each line or code asked for.
    Flags(Vec<bool>),
    Codes(Vec<Option<Arc<str>>>),
    In(range::Answer),
}

impl Machine for Rack {
    const KIND: &'static str = "imported";
    type Name = RackName;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;
    type Question = Question;
    type Answer = Answer;
    type Witness = ();

    fn decide(
        &self,
        command: &Command,
        caller: &Caller,
        stamp: &Stamp,
    ) -> Result<Verdict<Event>, Refusal> {
        match command {
            Command::Import { batch, terms, lines } => {
                let mut seen = HashSet::new();
                let is_new = |(_, code): &&Line| {
                    !self.by_code.contains_key(&**code) && seen.insert(code.clone())
                };
                let lines: Vec<Line> = lines.iter().filter(is_new).cloned().collect();
                if lines.is_empty() {
                    Err(Refusal::NothingNew)
                } else {
                    Ok(Verdict::New(Event::Imported { batch: *batch, terms: *terms, lines }))
                }
            }
            // A batch is opened by its first import and by nothing else.
            Command::In { command: range::Command::Open(_), .. } => {
                Err(Refusal::In(range::Refusal::NotOpened))
            }
            Command::In { batch, command } => {
                let range = self
                    .batches
                    .get(batch)
                    .map(|batch| &batch.range)
                    .ok_or(Refusal::In(range::Refusal::NotOpened))?;
                range::wrap(range.decide(command, caller, stamp), |event| Event::In {
                    batch: *batch,
                    event,
                })
                .map_err(Refusal::In)
            }
        }
    }

    fn apply(&mut self, event: &Event, at: Time) {
        match event {
            Event::Imported { batch, terms, lines } => {
                let entry = self.batches.entry(*batch).or_default();
                if entry.codes.is_empty() {
                    let Terms { offer, expires_at } = *terms;
                    entry.range.apply(
                        &range::Event::Opened(range::Terms {
                            count: 0,
                            offer,
                            expires_at,
                            one_per_member: false,
                        }),
                        at,
                    );
                }
                for (line, code) in lines {
                    let code: Arc<str> = (&**code).into();
                    self.by_code.insert(code.clone(), (*batch, entry.codes.len() as Slot));
                    entry.codes.push((code, *line));
                }
                entry.range.grow(lines.len() as u64);
                self.note_due(*batch);
            }
            Event::In { batch, event } => {
                if let Some(entry) = self.batches.get_mut(batch) {
                    entry.range.apply(event, at);
                    self.note_due(*batch);
                }
            }
        }
    }

    fn look(&self, question: &Question) -> Answer {
        match question {
            Question::Find(code) => Answer::Found(self.by_code.get(&**code).copied()),
            Question::Brought { batch, lines } => {
                Answer::Flags(lines.iter().map(|line| self.brought(*batch, line)).collect())
            }
            Question::Known(codes) => {
                Answer::Flags(codes.iter().map(|code| self.by_code.contains_key(&**code)).collect())
            }
            Question::Codes { batch, slots } => {
                let code = |slot: &Slot| {
                    Some(self.batches.get(batch)?.codes.get(*slot as usize)?.0.clone())
                };
                Answer::Codes(slots.iter().map(code).collect())
            }
            Question::In { batch, question } => Answer::In(
                self.batches
                    .get(batch)
                    .map_or(range::Answer::NotOpened, |batch| batch.range.look(question)),
            ),
        }
    }

    fn due(&self) -> Option<Time> {
        self.dues.first().map(|(at, _)| *at)
    }

    fn expire(&self, now: Time) -> Option<Event> {
        let (_, batch) = self.dues.first().filter(|(at, _)| *at <= now)?;
        let event = self.batches.get(batch)?.range.expire(now)?;
        Some(Event::In { batch: *batch, event })
    }

    fn left_for(&self, command: &Command, caller: &Caller) -> u64 {
        match command {
            Command::In { batch, command } => {
                self.batches.get(batch).map_or(0, |batch| batch.range.left_for(command, caller))
            }
            Command::Import { .. } => 0,
        }
    }

    fn rows(name: &RackName, event: &Event, at: Time, rows: &mut Vec<Row>) {
        let Event::In { batch, event } = event else { return };
        match event {
            range::Event::Assigned { slot, member, .. } => {
                rows.push(rows::of_rack(*name, *batch, *slot, *member, at))
            }
            range::Event::Redeemed(event) => {
                rows::of_notices(
                    event,
                    at,
                    |slot| Home::Rack { name: *name, batch: *batch, slot },
                    rows,
                );
            }
            range::Event::Opened(_) => {}
        }
    }

    fn books(&self, name: &RackName) -> Vec<(String, Counts)> {
        let of = |(batch, share): (&Serial, &Batch)| {
            share.range.books(&RangeName { batch: *batch, range: name.0 })
        };
        self.batches.iter().flat_map(of).collect()
    }

    fn imbalance(&self) -> i64 {
        let ranges: i64 = self
            .batches
            .values()
            .map(|batch| {
                batch.range.imbalance()
                    + batch.range.count().abs_diff(batch.codes.len() as u64) as i64
            })
            .sum();
        let codes: usize = self.batches.values().map(|batch| batch.codes.len()).sum();
        ranges + (codes as u64).abs_diff(self.by_code.len() as u64) as i64
    }
}

impl Rack {
    fn brought(&self, batch: Serial, (line, code): &Line) -> bool {
        let found = self.by_code.get(&**code).filter(|(owner, _)| *owner == batch);
        found.is_some_and(|(_, slot)| self.batches[&batch].codes[*slot as usize].1 == *line)
    }

    fn note_due(&mut self, serial: Serial) {
        let Some(batch) = self.batches.get_mut(&serial) else { return };
        let due = batch.range.due();
        if due != batch.due {
            batch.due.map(|old| self.dues.remove(&(old, serial)));
            due.map(|new| self.dues.insert((new, serial)));
            batch.due = due;
        }
    }
}

/// A rack as a snapshot keeps it.
#[derive(Serialize, Deserialize)]
struct Kept<R> {
    batches: Vec<(Serial, R, Vec<(Box<str>, u64)>)>,
}

impl Serialize for Rack {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let codes = |batch: &Batch| {
            batch.codes.iter().map(|(code, line)| ((&**code).into(), *line)).collect()
        };
        Kept {
            batches: self
                .batches
                .iter()
                .map(|(serial, batch)| (*serial, &batch.range, codes(batch)))
                .collect(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Rack {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Rack, D::Error> {
        let mut rack = Rack::default();
        for (serial, range, lines) in Kept::<Range>::deserialize(deserializer)?.batches {
            let codes: Vec<(Arc<str>, u64)> =
                lines.into_iter().map(|(code, line)| (code.into(), line)).collect();
            let places = codes
                .iter()
                .enumerate()
                .map(|(slot, (code, _))| (code.clone(), (serial, slot as Slot)));
            rack.by_code.extend(places);
            rack.batches.insert(serial, Batch { range, codes, due: None });
            rack.note_due(serial);
        }
        Ok(rack)
    }
}

/// The caller's name for whatever an assignment is the answer to, as the ranges remember it.
pub fn source(scope: &str, text: &str) -> Id {
    Id::digest(&[b"source", scope.as_bytes(), text.as_bytes()])
}
