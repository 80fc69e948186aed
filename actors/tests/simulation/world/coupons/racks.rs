//! What may be told of a rack of imported codes, and when.

use super::super::ask::Call;
use super::super::kind::{Kind, Moment, Told};
use super::super::node::{Node, Yard};
use super::super::right::{Answered, Right};
use super::super::room::Room;
use super::super::tally::Tally;
use super::batch::{self, Batch};
use super::pool::is_alive;
use super::{Seen, refusal_of, refused_rightly};
use actors::cards::Cards;
use actors::domain::coupons::rack::{
    Answer, CodeLine, Command, Event, Question, Rack, Refusal, Spelling,
};
use actors::domain::coupons::{CouponLedger, RackName, Serial, range, redeem};
use actors::{Caller, Id, Machine, Time};
use std::collections::{BTreeMap, BTreeSet};

/// A plain list of codes: with which batch and which line each came, and its place there.
pub struct Model {
    name: RackName,
    racks: u16,
    pub codes: BTreeMap<Box<str>, (Serial, u64, u64)>,
    pub batches: BTreeMap<Serial, Batch>,
}

/// Where a code belongs when there are so many racks.
pub fn rack_of(code: &str, racks: u16) -> u16 {
    RackName::of(code).0 as u16 % racks
}

impl Model {
    pub fn new(name: RackName, racks: u16) -> Model {
        Model { name, racks, codes: BTreeMap::new(), batches: BTreeMap::new() }
    }

    fn right(&self, command: &Command, caller: &Caller) -> Right<Refusal> {
        match command {
            Command::Import { lines, .. } if lines.iter().all(|(_, code)| self.is_known(code)) => {
                Err(Refusal::NothingNew)
            }
            Command::Import { .. } => Ok(Answered::New),
            Command::ImportWithTerms { .. } => panic!("all codes here are alike"),
            Command::Open { batch, .. } if self.batches.contains_key(batch) => {
                Ok(Answered::Already)
            }
            Command::Open { .. } => Ok(Answered::New),
            Command::In { batch, command } => match self.batches.get(batch) {
                Some(batch) => batch.right(command, caller).map_err(Refusal::In),
                None => Err(Refusal::In(range::Refusal::NotOpened)),
            },
        }
    }

    /// The codes of a share that is withdrawn are as good as new.
    fn is_known(&self, code: &str) -> bool {
        self.codes.get(code).is_some_and(|(batch, ..)| !self.batches[batch].withdrawn)
    }

    fn import(&mut self, batch: Serial, terms: range::RangeTerms, lines: &[CodeLine], at: Time) {
        let different: BTreeSet<&str> = lines.iter().map(|(_, code)| &**code).collect();
        let is_new = |code: &&str| !self.is_known(code);
        assert!(different.len() == lines.len() && different.iter().all(is_new), "twice: {lines:?}");
        let entry = self.batches.entry(batch).or_insert_with(|| {
            let mut fresh = Batch::new(terms);
            fresh.record(&range::Event::Opened(terms), at);
            fresh
        });
        for (line, code) in lines {
            assert_eq!(rack_of(code, self.racks), self.name.0 as u16, "a code of another rack");
            self.codes.insert(code.clone(), (batch, entry.terms.count, *line));
            entry.terms.count += 1;
        }
    }
}

impl Kind for Rack {
    type Model = Model;
    type Books = Vec<(Serial, Option<CouponLedger>)>;
    type Seen = Seen<Refusal>;
    type Whole = BTreeMap<(Serial, Id), Moment>;

    const GRANTED_BY_A_GUEST: &'static str = "code granted by a guest";

    fn parts(node: &mut Node) -> (&mut Yard, &mut Room<Rack>) {
        (&mut node.yard, &mut node.racks)
    }

    fn opening(_: &Yard, _: &RackName) -> Option<Command> {
        None
    }

    fn is_not_opened(_: &Refusal) -> bool {
        false
    }

    fn is_expiry(event: &Event) -> bool {
        matches!(event, Event::In { event, .. } if batch::is_expiry(event))
    }

    fn record(model: &mut Model, event: &Event, at: Time) {
        if !Self::is_expiry(event) {
            for (_, batch) in model.batches.iter().filter(|(_, batch)| batch.opened) {
                batch.pool.nothing_is_overdue(at);
            }
        }
        match event {
            Event::Imported { batch, terms, first, lines } => {
                let before = model.batches.get(batch).map_or(0, |batch| batch.terms.count);
                assert!(!lines.is_empty() && *first == before);
                let terms = range::RangeTerms {
                    count: 0,
                    offer: terms.offer,
                    expires_at: terms.expires_at,
                    one_per_member: false,
                };
                model.import(*batch, terms, lines, at);
            }
            Event::Opened { .. } => panic!("nobody here opens a share by itself"),
            Event::ImportedLoosely { .. } => panic!("nobody here imports loosely: {event:?}"),
            Event::ImportedWithTerms { .. } => panic!("all codes here are alike: {event:?}"),
            Event::In { batch, event } => {
                model.batches.get_mut(batch).expect("it was imported").record(event, at)
            }
        }
    }

    fn record_of_all(
        whole: &mut Self::Whole,
        event: &Event,
        now: Moment,
        outlived: impl Fn(Moment) -> bool,
    ) {
        if let Event::In { batch, event: range::Event::Assigned { source: Some(source), .. } } =
            event
        {
            let first = whole.insert((*batch, *source), now);
            assert!(first.is_none_or(outlived), "the same source has two codes of one batch");
        }
    }

    fn model_books(model: &Model) -> Self::Books {
        model.batches.iter().map(|(serial, batch)| (*serial, batch.ledger())).collect()
    }

    fn compare(model: &Model, machine: &Rack, cards: &Cards<'_>) {
        for (code, (batch, slot, line)) in &model.codes {
            assert_eq!(
                machine.look(&Question::Find(Spelling::Exact, code.clone()), cards),
                Answer::Found(Some((*batch, *slot)))
            );
            let brought = Question::Brought {
                batch: *batch,
                spelling: Spelling::Exact,
                lines: vec![(*line, code.clone()), (line + 1, code.clone())],
            };
            assert_eq!(machine.look(&brought, cards), Answer::Flags(vec![true, false]));
        }
        for (serial, batch) in &model.batches {
            let ask =
                |question| match machine.look(&Question::In { batch: *serial, question }, cards) {
                    Answer::In(answer) => answer,
                    other => panic!("asked about a batch, told {other:?}"),
                };
            let range::Answer::Ledger(ledger) = ask(range::Question::Ledger) else {
                panic!("it was opened")
            };
            assert_eq!(Some(ledger), batch.ledger());
            for slot in 0..=batch.terms.count {
                let range::Answer::Coupon(view) = ask(range::Question::Coupon(slot)) else {
                    panic!("it was opened")
                };
                assert!(batch.pool.is_shown(slot, &view), "{slot} is shown as {view:?}");
            }
        }
    }

    fn see(model: &Model, command: &Command, caller: &Caller, seen: &mut Self::Seen) {
        seen.note(model.right(command, caller));
    }

    fn lacks(model: &Model, command: &Command) -> bool {
        let lacking = |refusal| {
            matches!(refusal, Refusal::In(range::Refusal::Exhausted | range::Refusal::NotOpened))
        };
        model.right(command, &Caller::SYSTEM).is_err_and(lacking)
    }

    fn is_what_was_asked_for(model: &Model, call: &Call<Rack>, event: &Event, _: Time) {
        let (Command::In { batch, command }, Event::In { event, .. }) = (&call.command, event)
        else {
            return;
        };
        assert!(Batch::answers(command, event));
        model.batches[batch].is_what_was_asked_for(command, event);
    }

    fn told_dry(_: &Told<Rack>, event: &Event, _: Time) {
        panic!("nobody here asks what would happen: {event:?}");
    }

    fn told_done(told: &Told<Rack>, event: &Event, durable: bool) {
        match (&told.call.command, event) {
            (
                Command::Import { batch, lines, .. },
                Event::Imported { batch: into, lines: taken, .. },
            ) => {
                assert!(durable && batch == into && taken.iter().all(|line| lines.contains(line)));
            }
            (Command::In { batch, command }, Event::In { batch: of, event }) => {
                assert!(
                    batch == of && Batch::answers(command, event),
                    "{command:?} was answered with {event:?}"
                );
                let repeats = |first: &Event| {
                    matches!(first, Event::In { batch,
                    event: first } if batch == of && Batch::is_repeat(first, event))
                };
                assert!(
                    durable
                        || Batch::may_always_be_so(event)
                        || told.places[told.place].has_happened(repeats),
                    "a repeat of what never happened: {event:?}"
                );
                assert!(
                    durable
                        || told.call.key.is_some()
                        || told.seen_in(told.place as u16).repeated(),
                    "{event:?} is no repeat"
                );
            }
            (command, event) => panic!("{command:?} was answered with {event:?}"),
        }
    }

    fn told_refused(told: &Told<Rack>, refusal: &Refusal, tally: &mut Tally) {
        match refusal {
            Refusal::In(range::Refusal::Coupon(redeem::Refusal::NobodyToTell { .. })) => {
                return tally.count("nobody to tell");
            }
            Refusal::In(range::Refusal::Coupon(refusal)) => tally.count(refusal_of(refusal)),
            Refusal::In(range::Refusal::SourceReused) => tally.count("source reused"),
            Refusal::In(range::Refusal::Exhausted | range::Refusal::NotOpened) => {
                tally.count("no code left")
            }
            Refusal::NothingNew => tally.count("nothing new to import"),
            Refusal::In(_) => {}
        }
        refused_rightly(told, refusal);
    }

    fn told_answer(told: &Told<Rack>, answer: &Answer, at: Time, tally: &mut Tally) {
        match answer {
            Answer::In(range::Answer::Ledger(ledger)) => {
                let was_so =
                    |books: &Self::Books| books.iter().any(|(_, known)| *known == Some(*ledger));
                assert!(
                    told.books_since().iter().any(was_so),
                    "a ledger that was never durable while it was asked for: {ledger:?}"
                );
                tally.count("ledger of an imported batch read");
            }
            Answer::In(range::Answer::Coupons(views)) => {
                assert!(
                    views.iter().flatten().all(|view| is_alive(view, at)),
                    "something over was shown alive: {views:?}"
                );
            }
            _ => {}
        }
    }
}
