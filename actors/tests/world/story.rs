//! What becomes of a key: who first asked for what under it, and every record that the slices then wrote about it.
//!
//! One key, one fact. Only its home passes it on, to another only after the one named last has declined, and only the one named
//! last may grant it. A key whose home last spoke of it longer ago than the window is outlived: some may have forgotten it, others not.

use super::auditor::Call;
use super::model::{Model, matches};
use super::plan::SPAN_S;
use super::tally::Tally;
use actors::Time;
use actors::domain::tickets::{Command, Event};
use actors::engine::open::home;
use actors::engine::record::{Entry, Record};

pub struct Story {
    pub call: Call,
    /// What the key stood for, as often as it was used.
    pub commands: Vec<u64>,
    /// The watch that began when the key was first used.
    pub watch: usize,
    pub passed_to: Option<u16>,
    /// When the home first spoke of it.
    pub first_word: Time,
    last_word: Time,
    fact: Option<(usize, Event, Time)>,
    declined: Vec<(usize, Time)>,
    outlived: bool,
}

/// The pattern of a hold, and how many it takes at least.
pub fn wanted(command: &Command) -> Option<(String, usize)> {
    match command {
        Command::Hold { pattern, at_least, .. } => Some((pattern.to_string(), (*at_least).max(1) as usize)),
        _ => None,
    }
}

impl Story {
    pub fn new(call: &Call, watch: usize) -> Story {
        Story {
            call: call.clone(),
            commands: Vec::new(),
            watch,
            passed_to: None,
            first_word: Time(i64::MAX),
            last_word: Time(i64::MAX),
            fact: None,
            declined: Vec::new(),
            outlived: false,
        }
    }

    /// Before the record counts: is it what this key may lead to, here and now?
    pub fn goes_on(&mut self, place: usize, record: &Record<Event>, model: &Model, latest: Time, tally: &mut Tally) {
        let key = record.key.expect("the story of a key");
        let origin = match self.call.places[..] {
            [only] => only as usize,
            _ => home(&key, self.call.places.len() as u16) as usize,
        };
        if self.last_word < latest.minus_s(SPAN_S) {
            (self.fact, self.outlived) = (None, true);
        }
        assert_eq!(record.caller, self.call.caller.id, "a key acts for its caller only");
        assert!(self.commands.contains(&key.command), "nobody asked for that");
        if let Some((first, event, when)) = &self.fact {
            panic!("one key, two records: {event:?} in {first} at {when:?}, then {:?} in {place} at {:?}", record.entry, record.at);
        }
        let as_first_asked = key.command == self.commands[0];
        match &record.entry {
            Entry::Fact(event) => {
                self.granted(place, origin, event, record.at, latest.minus_s(SPAN_S));
                if as_first_asked {
                    holds_what_was_asked_for(event, &self.call, model, record.at);
                }
                if self.passed_to.is_some() {
                    tally.count("granted by a guest");
                }
            }
            Entry::Passed { to } => self.passed(place, origin, *to, tally),
            Entry::Declined => {
                let (pattern, at_least) = wanted(&self.call.command).expect("only a hold is passed on");
                assert!(self.outlived || self.passed_to == Some(place as u16), "declined by somebody who was not named");
                let lacked = model.closing || model.free(&pattern) < at_least as i64;
                assert!(lacked || !as_first_asked, "declined although there was enough");
                self.declined.push((place, record.at));
                tally.count("declined");
            }
        }
        if place == origin {
            (self.first_word, self.last_word) = (self.first_word.min(record.at), record.at);
        }
    }

    fn granted(&mut self, place: usize, origin: usize, event: &Event, at: Time, horizon: Time) {
        if place != origin {
            assert!(at <= self.last_word.plus_s(SPAN_S), "granted when the home may have forgotten whom it named");
        }
        if !self.outlived && (place != origin || self.passed_to.is_some()) {
            assert_eq!(self.passed_to, Some(place as u16), "granted by somebody whom the home had not named last: {event:?}");
            assert!(at >= self.last_word, "granted before the home named it: {event:?}");
        }
        // What was declined longer ago than the window is forgotten there, and the home may ask again.
        let declined = place != origin && self.declined.iter().any(|(other, when)| *other == place && *when >= horizon);
        assert!(self.outlived || !declined, "declined, then granted: {event:?} in {place}");
        self.fact = Some((place, event.clone(), at));
    }

    fn passed(&mut self, place: usize, origin: usize, to: u16, tally: &mut Tally) {
        assert_eq!(place, origin, "only the home passes on");
        if let Some(earlier) = self.passed_to.filter(|_| !self.outlived) {
            assert!(self.declined.iter().any(|(place, _)| *place == earlier as usize), "passed on to {to} before {earlier} had declined");
            tally.count("passed on twice");
        }
        self.passed_to = Some(to);
        tally.count("passed on");
    }
}

/// The model is as it was when the hold was decided, so its size and its end are known exactly.
fn holds_what_was_asked_for(event: &Event, call: &Call, model: &Model, at: Time) {
    let (Event::Held { tickets, until, .. }, Command::Hold { count, ttl_s, pattern, .. }) = (event, &call.command) else { return };
    let pattern = pattern.to_string();
    let allowed = model.limit() - model.held_by(call.caller.id);
    let could_be_had = (model.free(&pattern) as usize).min(allowed).min(*count as usize);
    assert_eq!(tickets.len(), could_be_had, "of {count} wanted");
    assert!(tickets.iter().all(|ticket| matches(&pattern, ticket.number)));
    assert_eq!(*until, model.end_of_hold(at, *ttl_s));
}
