//! The auditor reads every committed record, hears every answer that a client is told, and believes
//! neither.
//!
//! From the records it keeps a naive model of every partition and of every key. An answer must
//! agree with what is committed at the moment when it is told, so an answer that leaves too early
//! is caught. A refusal must have been true at some moment since it was asked for.

use super::ask::{Call, Outcome};
use super::kind::{Kind, Moment, Told};
use super::plan::SPAN_S;
use super::story::Story;
use super::tally::Tally;
use actors::engine::record::{self, Entry};
use actors::engine::{Done, Failure, Key};
use actors::store::Frame;
use actors::{Id, Time};
use std::collections::BTreeMap;
use std::ops::RangeTo;

pub struct Auditor<K: Kind> {
    pub places: Vec<Audited<K>>,
    keys: BTreeMap<Id, Story<K>>,
    /// One for each call that waits for its answer.
    watches: BTreeMap<usize, Watch<K>>,
    watched: usize,
    whole: K::Whole,
    records: u64,
}

pub struct Audited<K: Kind> {
    pub model: K::Model,
    pub log: Vec<Line<K::Event>>,
    /// After so many records.
    pub books: Vec<K::Books>,
    pub frames: Vec<Frame>,
}

pub struct Line<E> {
    at: Time,
    key: Option<Id>,
    entry: Entry<E>,
}

/// What was so in each place since a client asked.
struct Watch<K: Kind> {
    call: Call<K>,
    seen: Vec<K::Seen>,
    /// After how many records they asked.
    since: u64,
}

/// A question that was asked, and how far the logs had come then.
pub struct Asked<K: Kind> {
    pub call: Call<K>,
    watch: usize,
    logs: Vec<usize>,
}

impl<K: Kind> Audited<K> {
    fn new(model: K::Model) -> Audited<K> {
        let books = vec![K::model_books(&model)];
        Audited { model, log: Vec::new(), books, frames: Vec::new() }
    }

    pub fn facts(&self, range: RangeTo<usize>) -> impl Iterator<Item = &K::Event> {
        self.log[range].iter().filter_map(|line| {
            if let Entry::Fact(event) = &line.entry { Some(event) } else { None }
        })
    }

    pub fn has_happened(&self, is_it: impl FnMut(&K::Event) -> bool) -> bool {
        self.facts(..self.log.len()).any(is_it)
    }
}

impl<K: Kind> Auditor<K> {
    pub fn new(models: impl Iterator<Item = K::Model>) -> Auditor<K> {
        let (keys, watches, whole) = Default::default();
        let places = models.map(Audited::new).collect();
        Auditor { places, keys, watches, watched: 0, whole, records: 0 }
    }

    /// A client asks.
    pub fn asked(&mut self, call: &Call<K>) -> Asked<K> {
        let logs = self.places.iter().map(|place| place.log.len()).collect();
        if let Some(key) = call.key {
            let story = self.keys.entry(key.hash).or_insert_with(|| Story::new(call));
            story.was_asked(key.command, call.caller.id);
        }
        let seen = self.places.iter().map(|_| K::Seen::default()).collect();
        let mut watch = Watch { call: call.clone(), seen, since: self.records };
        for place in call.places.iter().map(|place| usize::from(*place)) {
            watch.see(place, &self.places[place].model);
        }
        self.watched += 1;
        self.watches.insert(self.watched, watch);
        Asked { call: call.clone(), watch: self.watched, logs }
    }

    /// The store has kept a frame.
    pub fn committed(&mut self, place: usize, frame: &Frame, latest: Time, tally: &mut Tally) {
        let records = record::records::<K::Event>(frame).expect("what is committed can be read");
        let expired = records
            .iter()
            .filter(|record| matches!(&record.entry, Entry::Fact(event) if K::is_expiry(event)))
            .count();
        if expired > 0 && records.len() > expired {
            tally.count("expiry by the way");
        }
        for record in records {
            if let Some(key) = record.key {
                let story = self.keys.get_mut(&key.hash).expect("nobody but a client makes keys");
                story.goes_on(place, &record, &self.places[place].model, latest, tally);
            }
            if let Entry::Fact(event) = &record.entry {
                let (watches, horizon) = (&self.watches, latest.minus_s(SPAN_S));
                let under_way_since =
                    |first: Moment| watches.values().any(|watch| watch.since <= first.seq);
                let outlived = |first: Moment| first.at < horizon && under_way_since(first);
                K::record_of_all(
                    &mut self.whole,
                    event,
                    Moment { at: record.at, seq: self.records },
                    outlived,
                );
                self.records += 1;
                K::record(&mut self.places[place].model, event, record.at);
                for watch in self.watches.values_mut() {
                    if watch.call.places.contains(&(place as u16)) {
                        watch.see(place, &self.places[place].model);
                    }
                }
            }
            self.places[place].log.push(Line {
                at: record.at,
                key: record.key.map(|key| key.hash),
                entry: record.entry,
            });
            let books = K::model_books(&self.places[place].model);
            self.places[place].books.push(books);
        }
        self.places[place].frames.push(frame.clone());
    }

    /// Whether the home had passed the key on.
    pub fn was_passed_on(&self, key: &Key) -> bool {
        self.keys.get(&key.hash).is_some_and(|story| story.passed_to.is_some())
    }

    /// A client is told what came of it.
    pub fn told(&mut self, asked: Asked<K>, outcome: &Outcome<K>, latest: Time, tally: &mut Tally) {
        let Asked { call, watch, logs } = asked;
        let watch = self.watches.remove(&watch).expect("it is told once");
        let place = outcome.as_ref().map_or(call.places[0] as usize, |(place, _)| *place);
        let told = Told {
            call: &call,
            place,
            places: &self.places,
            seen: &watch.seen,
            logs: &logs,
            latest,
        };
        let story = |key: Option<Key>| &self.keys[&key.expect("only a key can be refused so").hash];
        match outcome {
            Ok((_, done)) if call.dry => {
                K::told_dry(&told, &done.event, done.at);
                tally.count("dry run");
            }
            Ok((_, done)) => {
                assert!(call.places.contains(&(place as u16)));
                let durable = self.places[place].is_written(&call, done);
                assert!(
                    durable || done.replayed,
                    "told before it was durable, or never written: {done:?}"
                );
                K::told_done(&told, &done.event, durable);
            }
            Err(Failure::Refused(refusal)) => K::told_refused(&told, refusal, tally),
            Err(Failure::KeyReused) => {
                let commands = &story(call.key).commands;
                assert!(
                    commands.iter().any(|command| command.0 != commands[0].0),
                    "one command only, and still reused"
                );
                tally.count("key reused");
            }
            Err(Failure::KeyForgotten) => {
                assert!(story(call.key).first_word < latest.minus_s(SPAN_S), "forgotten too early");
                tally.count("key forgotten");
            }
            Err(
                Failure::Busy
                | Failure::Unavailable(_)
                | Failure::Moved
                | Failure::Unknown
                | Failure::ClockMoved,
            ) => {}
        }
    }

    /// A client is told what a place looks like.
    pub fn told_answer(
        &mut self,
        asked: Asked<K>,
        answer: &K::Answer,
        at: Time,
        latest: Time,
        tally: &mut Tally,
    ) {
        let Asked { call, watch, logs } = asked;
        let watch = self.watches.remove(&watch).expect("it is told once");
        let place = call.places[0] as usize;
        let told = Told {
            call: &call,
            place,
            places: &self.places,
            seen: &watch.seen,
            logs: &logs,
            latest,
        };
        K::told_answer(&told, answer, at, tally);
    }
}

impl<K: Kind> Audited<K> {
    /// Whether the log says just what was told, under the key it was asked for with.
    fn is_written(&self, call: &Call<K>, done: &Done<K::Event, K::Witness>) -> bool {
        self.log.iter().rev().any(|line| {
            let same_key = call.key.is_none_or(|call| line.key == Some(call.hash));
            line.at == done.at
                && same_key
                && matches!(&line.entry, Entry::Fact(event) if *event == done.event)
        })
    }
}

impl<K: Kind> Watch<K> {
    fn see(&mut self, place: usize, model: &K::Model) {
        K::see(model, &self.call.command, &self.call.caller, &mut self.seen[place]);
    }
}
