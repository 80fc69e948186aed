//! What becomes of a key: who first asked for what under it, and every record that the partitions
//! then wrote about it.
//!
//! One key, one fact. Only its home passes it on, to another only after the one named last has
//! declined since it was named, and only the one named last may grant it. A key whose home last
//! spoke of it longer ago than the window is outlived: some may have forgotten it, others not.

use super::ask::Call;
use super::kind::Kind;
use super::plan::SPAN_S;
use super::tally::Tally;
use actors::engine::open::home;
use actors::engine::record::{Entry, Record};
use actors::{Id, Time};

pub struct Story<K: Kind> {
    pub call: Call<K>,
    /// What the key stood for and for whom, as often as it was used.
    pub commands: Vec<(u64, Id)>,
    pub passed_to: Option<u16>,
    /// When the home first spoke of it.
    pub first_word: Time,
    last_word: Time,
    fact: Option<(usize, K::Event, Time)>,
    declined: Vec<(usize, Time)>,
    outlived: bool,
}

impl<K: Kind> Story<K> {
    pub fn new(call: &Call<K>) -> Story<K> {
        Story {
            call: call.clone(),
            commands: Vec::new(),
            passed_to: None,
            first_word: Time(i64::MAX),
            last_word: Time(i64::MAX),
            fact: None,
            declined: Vec::new(),
            outlived: false,
        }
    }

    pub fn was_asked(&mut self, command: u64, by: Id) {
        if !self.commands.contains(&(command, by)) {
            self.commands.push((command, by));
        }
    }

    /// Before the record counts: is it what this key may lead to, here and now?
    pub fn goes_on(
        &mut self,
        place: usize,
        record: &Record<K::Event>,
        model: &K::Model,
        latest: Time,
        tally: &mut Tally,
    ) {
        let key = record.key.expect("the story of a key");
        let origin = match self.call.places[..] {
            [only] => only as usize,
            _ => home(&key, self.call.places.len() as u16) as usize,
        };
        if self.last_word < latest.minus_s(SPAN_S) {
            (self.fact, self.outlived) = (None, true);
        }
        assert!(self.commands.contains(&(key.command, record.caller)), "nobody asked for that");
        if let Some((first, event, when)) = &self.fact {
            panic!(
                "one key, two records: {event:?} in {first} at {when:?}, then {:?} in {place} at \
                 {:?}",
                record.entry, record.at
            );
        }
        let as_first_asked = key.command == self.commands[0].0;
        match &record.entry {
            Entry::Fact(event) => {
                self.granted(place, origin, event, record.at, latest.minus_s(SPAN_S));
                if as_first_asked {
                    K::is_what_was_asked_for(model, &self.call, event, record.at);
                }
                if self.passed_to.is_some() {
                    tally.count(K::GRANTED_BY_A_GUEST);
                }
            }
            Entry::Passed { to } => self.passed(place, origin, *to, tally),
            Entry::Declined => {
                assert!(self.call.is_open(), "only an open request is passed on");
                assert!(
                    self.outlived || self.passed_to == Some(place as u16),
                    "declined by somebody who was not named"
                );
                assert!(
                    K::lacks(model, &self.call.command) || !as_first_asked,
                    "declined although there was enough"
                );
                self.declined.push((place, record.at));
                tally.count("declined");
            }
        }
        if place == origin {
            (self.first_word, self.last_word) = (self.first_word.min(record.at), record.at);
        }
    }

    fn granted(&mut self, place: usize, origin: usize, event: &K::Event, at: Time, horizon: Time) {
        if place != origin {
            assert!(
                at <= self.last_word.plus_s(SPAN_S),
                "granted when the home may have forgotten whom it named"
            );
        }
        if !self.outlived && (place != origin || self.passed_to.is_some()) {
            assert_eq!(
                self.passed_to,
                Some(place as u16),
                "granted by somebody whom the home had not named last: {event:?}"
            );
            assert!(at >= self.last_word, "granted before the home named it: {event:?}");
        }
        // Before it was named last it may have declined: it was named again since.
        let declined = place != origin && self.has_declined(place);
        assert!(self.outlived || !declined, "declined, then granted: {event:?} in {place}");
        // One that was decided before the window, and kept only now, belongs to what was forgotten.
        self.fact = (at >= horizon).then(|| (place, event.clone(), at));
    }

    /// Whether that place has declined since the home named it.
    fn has_declined(&self, place: usize) -> bool {
        self.declined.iter().any(|(other, when)| *other == place && *when >= self.last_word)
    }

    fn passed(&mut self, place: usize, origin: usize, to: u16, tally: &mut Tally) {
        assert_eq!(place, origin, "only the home passes on");
        if let Some(earlier) = self.passed_to.filter(|_| !self.outlived) {
            assert!(
                self.has_declined(earlier as usize),
                "passed on to {to} before {earlier} had declined"
            );
            tally.count("passed on twice");
        }
        self.passed_to = Some(to);
        tally.count("passed on");
    }
}
