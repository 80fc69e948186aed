//! A share of all imported codes, those whose hash names it: each batch of them is a range whose
//! coupons have names.
//!
//! Rules: a code is imported once, whatever batch it came with; the first row that brings it has
//! it. The same row again is the same import. So an import that was broken off can be repeated from
//! anywhere, and comes to the same.

use super::words::{Answer, CodeLine, Command, Event, Question, Refusal, Terms};
use crate::cards::Cards;
use crate::domain::coupons::coupon::Slot;
use crate::domain::coupons::names::{RackName, RangeName, Serial};
use crate::domain::coupons::range::{self, Range};
use crate::domain::coupons::redeem::wrap;
use crate::domain::coupons::rows::{self, CouponHome};
use crate::machine::{Caller, Counts, Machine, Stamp, Verdict};
use crate::store::Row;
use crate::time::Time;
use hashbrown::{HashMap, HashSet};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[derive(Default)]
pub struct Rack {
    pub(super) batches: BTreeMap<Serial, Batch>,
    pub(super) by_code: HashMap<Arc<str>, (Serial, Slot)>,
    dues: BTreeSet<(Time, Serial)>,
}

#[derive(Default)]
pub(super) struct Batch {
    pub(super) range: Range,
    /// The codes and the lines they came with, by slot.
    pub(super) codes: Vec<(Arc<str>, u64)>,
    pub(super) due: Option<Time>,
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
        cards: &Cards<'_>,
    ) -> Result<Verdict<Event>, Refusal> {
        match command {
            Command::Import { batch, terms, lines } => {
                let mut seen = HashSet::new();
                let is_new = |(_, code): &&CodeLine| {
                    !self.by_code.contains_key(&**code) && seen.insert(code.clone())
                };
                let lines: Vec<CodeLine> = lines.iter().filter(is_new).cloned().collect();
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
                wrap(range.decide(command, caller, stamp, cards), |event| Event::In {
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

    fn look(&self, question: &Question, cards: &Cards<'_>) -> Answer {
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
                    .map_or(range::Answer::NotOpened, |batch| batch.range.look(question, cards)),
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

    fn left_for(&self, command: &Command, caller: &Caller, cards: &Cards<'_>) -> u64 {
        match command {
            Command::In { batch, command } => self
                .batches
                .get(batch)
                .map_or(0, |batch| batch.range.left_for(command, caller, cards)),
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
                    |slot| CouponHome::Rack { name: *name, batch: *batch, slot },
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
    fn brought(&self, batch: Serial, (line, code): &CodeLine) -> bool {
        let found = self.by_code.get(&**code).filter(|(owner, _)| *owner == batch);
        found.is_some_and(|(_, slot)| self.batches[&batch].codes[*slot as usize].1 == *line)
    }

    pub(super) fn note_due(&mut self, serial: Serial) {
        let Some(batch) = self.batches.get_mut(&serial) else { return };
        let due = batch.range.due();
        if due != batch.due {
            batch.due.map(|old| self.dues.remove(&(old, serial)));
            due.map(|new| self.dues.insert((new, serial)));
            batch.due = due;
        }
    }
}
