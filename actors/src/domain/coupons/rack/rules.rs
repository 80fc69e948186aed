//! A share of all imported codes, those whose hash names it: each batch of them is a range whose
//! coupons have names.
//!
//! Rules: a code is imported once, whatever batch it came with; the first row that brings it has
//! it; one of a batch that was withdrawn is new again. The same row again is the same import. So an
//! import that was broken off can be repeated from anywhere, and comes to the same. What of a code
//! is compared, its spelling says; codes of the two spellings lie side by side.

use super::Spelling;
use super::words::{Answer, CodeLine, Command, Event, Question, RackTerms, Refusal};
use crate::cards::{Card, CardKey, Cards, NameShelf, NamesStandOn};
use crate::domain::coupons::cards::{CouponSet, SOURCES};
use crate::domain::coupons::coupon::Slot;
use crate::domain::coupons::names::{RackName, RangeName, Serial};
use crate::domain::coupons::range::{self, Range};
use crate::domain::coupons::redeem::wrap;
use crate::domain::coupons::rows::{self, CouponHome};
use crate::domain::shelves;
use crate::id::Id;
use crate::machine::{Caller, Counts, Machine, Stamp, Verdict};
use crate::store::Row;
use crate::time::Time;
use hashbrown::HashSet;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default, Serialize, Deserialize)]
pub struct Rack {
    batches: BTreeMap<Serial, Batch>,
    dues: BTreeSet<(Time, Serial)>,
}

#[derive(Default, Serialize, Deserialize)]
struct Batch {
    range: Range,
    due: Option<Time>,
}

/// Where an imported code is, as its card says.
#[derive(Serialize, Deserialize)]
struct CodePlace {
    batch: Serial,
    slot: Slot,
    line: u64,
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
            Command::Import { batch, terms, spelling, lines } => {
                let lines = self.new_lines(*spelling, lines, |line| line, cards)?;
                let (batch, terms, first) = (*batch, *terms, self.first_new(batch));
                Ok(Verdict::New(match spelling {
                    Spelling::Exact => Event::Imported { batch, terms, first, lines },
                    Spelling::Loose => Event::ImportedLoosely { batch, terms, first, lines },
                }))
            }
            Command::ImportWithTerms { batch, terms, spelling, lines } => {
                let lines = self.new_lines(*spelling, lines, |(line, _)| line, cards)?;
                let (batch, terms, first) = (*batch, *terms, self.first_new(batch));
                let spelling = *spelling;
                Ok(Verdict::New(Event::ImportedWithTerms { batch, terms, spelling, first, lines }))
            }
            // A batch is opened by its first import, or by whoever has to tell all of its shares.
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
            Command::Open { batch, terms } => {
                let opened = Event::Opened { batch: *batch, terms: *terms };
                Ok(match self.batches.contains_key(batch) {
                    true => Verdict::Already(opened),
                    false => Verdict::New(opened),
                })
            }
        }
    }

    fn is_opening(command: &Command) -> bool {
        matches!(command, Command::Open { .. })
    }

    fn apply(&mut self, event: &Event, at: Time) {
        match event {
            Event::Imported { batch, terms, lines, .. }
            | Event::ImportedLoosely { batch, terms, lines, .. } => {
                self.open(*batch, *terms, at).range.grow(lines.len() as u64);
                self.note_due(*batch);
            }
            Event::ImportedWithTerms { batch, terms, lines, .. } => {
                let ends = lines.iter().map(|(_, own)| own.expires_at);
                self.open(*batch, *terms, at).range.grow_with_ends(ends);
                self.note_due(*batch);
            }
            Event::Opened { batch, terms } => {
                self.open(*batch, *terms, at);
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

    fn cards(event: &Event, at: Time, cards: &mut Vec<Card>) {
        match event {
            Event::Imported { batch, first, lines, .. } => {
                put(Spelling::Exact, *batch, (*first..).zip(lines), cards);
            }
            Event::ImportedLoosely { batch, first, lines, .. } => {
                put(Spelling::Loose, *batch, (*first..).zip(lines), cards);
            }
            Event::ImportedWithTerms { batch, spelling, first, lines, .. } => {
                let slots = (*first..).zip(lines);
                put(*spelling, *batch, slots.clone().map(|(slot, (line, _))| (slot, line)), cards);
                let own = slots.filter(|(_, (_, own))| own.is_any());
                cards
                    .extend(own.map(|(slot, (_, own))| Card::put(set(*batch).terms_of(slot), own)));
            }
            Event::In { batch, event } => range::cards_of(set(*batch), event, at, cards),
            Event::Opened { .. } => {}
        }
    }

    const NAMES: &'static [NameShelf] = &[CODES, SOURCES];

    fn look(&self, question: &Question, cards: &Cards<'_>) -> Answer {
        match question {
            Question::Find(spelling, code) => {
                let found = place_of(*spelling, code, cards);
                Answer::Found(found.map(|CodePlace { batch, slot, .. }| (batch, slot)))
            }
            Question::Brought { batch, spelling, lines } => {
                let brought = |(line, code): &CodeLine| {
                    place_of(*spelling, code, cards)
                        .is_some_and(|place| place.batch == *batch && place.line == *line)
                };
                Answer::Flags(lines.iter().map(brought).collect())
            }
            Question::Known(spelling, codes) => {
                let is_known = |code| self.is_known(*spelling, code, cards);
                Answer::Flags(codes.iter().map(|code| is_known(code)).collect())
            }
            Question::Codes { batch, slots } => {
                let code = |slot: &Slot| cards.read(&set(*batch).code_of(*slot));
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

    fn left_for(&self, command: &Command, caller: &Caller, now: Time, cards: &Cards<'_>) -> u64 {
        match command {
            Command::In { batch, command } => self
                .batches
                .get(batch)
                .map_or(0, |batch| batch.range.left_for(command, caller, now, cards)),
            Command::Import { .. } | Command::ImportWithTerms { .. } | Command::Open { .. } => 0,
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
            range::Event::Opened(_)
            | range::Event::Paused
            | range::Event::Resumed
            | range::Event::Extended { .. }
            | range::Event::AllVoided(_)
            | range::Event::Frozen
            | range::Event::FrozenInTurn(_)
            | range::Event::Thawed
            | range::Event::Revised { .. }
            | range::Event::Withdrawn
            | range::Event::VoidedThose { .. } => {}
        }
    }

    fn books(&self, name: &RackName) -> Vec<(String, Counts)> {
        let of = |(batch, share): (&Serial, &Batch)| {
            share.range.books(&RangeName { batch: *batch, range: name.0 })
        };
        self.batches.iter().flat_map(of).collect()
    }

    fn imbalance(&self) -> i64 {
        self.batches.values().map(|batch| batch.range.imbalance()).sum()
    }
}

impl Batch {
    fn of(serial: Serial) -> Batch {
        Batch { range: Range::of(set(serial)), due: None }
    }
}

/// The coupons of a batch among those of the rack.
fn set(batch: Serial) -> CouponSet {
    CouponSet(batch.0)
}

const CODES: NameShelf = NameShelf { shelf: shelves::CODES, stand_on: NamesStandOn::Themselves };

fn code_key(spelling: Spelling, code: &str) -> CardKey {
    let of: &[u8] = match spelling {
        Spelling::Exact => b"code",
        Spelling::Loose => b"loose code",
    };
    CardKey::name(shelves::CODES, Id::digest(&[of, spelling.key(code).as_bytes()]))
}

fn place_of(spelling: Spelling, code: &str, cards: &Cards<'_>) -> Option<CodePlace> {
    cards.read(&code_key(spelling, code))
}

/// The cards of lines that were taken in.
fn put<'a>(
    spelling: Spelling,
    batch: Serial,
    lines: impl Iterator<Item = (Slot, &'a CodeLine)>,
    to: &mut Vec<Card>,
) {
    for (slot, (line, code)) in lines {
        let place = CodePlace { batch, slot, line: *line };
        to.push(Card::put(code_key(spelling, code), &place));
        to.push(Card::put(set(batch).code_of(slot), code));
    }
}

impl Rack {
    fn is_known(&self, spelling: Spelling, code: &str, cards: &Cards<'_>) -> bool {
        let place = place_of(spelling, code, cards);
        let Some(CodePlace { batch, .. }) = place else { return false };
        !self.batches.get(&batch).is_some_and(|batch| batch.range.is_withdrawn())
    }

    /// Those whose codes are not there yet, each by the first that brings it.
    fn new_lines<Line: Clone>(
        &self,
        spelling: Spelling,
        lines: &[Line],
        code_line: impl Fn(&Line) -> &CodeLine,
        cards: &Cards<'_>,
    ) -> Result<Vec<Line>, Refusal> {
        let mut seen = HashSet::new();
        let is_new = |line: &&Line| {
            let (_, code) = code_line(line);
            !self.is_known(spelling, code, cards) && seen.insert(spelling.key(code).into_owned())
        };
        let new: Vec<Line> = lines.iter().filter(is_new).cloned().collect();
        if new.is_empty() { Err(Refusal::NothingNew) } else { Ok(new) }
    }

    /// The slot of the next code that is taken in for the batch.
    fn first_new(&self, batch: &Serial) -> Slot {
        self.batches.get(batch).map_or(0, |batch| batch.range.count())
    }

    /// The batch's share, which is opened once.
    fn open(
        &mut self,
        batch: Serial,
        RackTerms { offer, expires_at }: RackTerms,
        at: Time,
    ) -> &mut Batch {
        self.batches.entry(batch).or_insert_with(|| {
            let mut share = Batch::of(batch);
            let terms = range::RangeTerms { count: 0, offer, expires_at, one_per_member: false };
            share.range.apply(&range::Event::Opened(terms), at);
            share
        })
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
