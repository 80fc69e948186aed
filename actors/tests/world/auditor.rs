//! The auditor reads every committed record, hears every answer that a client is told, and believes neither.
//!
//! From the records it keeps a naive model of every slice and of every key; an answer must agree with what is committed at the
//! moment when it is told, so one that leaves too early is caught. A refusal must have been true at some moment since it was asked for.

use super::model::{Fate, Held, Model};
use super::plan::{Plan, SPAN_S};
use super::story::{Story, wanted};
use super::tally::Tally;
use actors::domain::tickets::slice::{Answer, HoldState, HoldView};
use actors::domain::tickets::{Command, Event, Ledger, Refusal};
use actors::engine::record::{self, Entry};
use actors::engine::{Done, Failure, Key};
use actors::machine::Role;
use actors::store::Frame;
use actors::{Caller, Id, Time};
use std::collections::BTreeMap;

/// What a client asks for.
#[derive(Clone)]
pub struct Call {
    pub caller: Caller,
    pub key: Option<Key>,
    pub command: Command,
    /// Where it may be answered: one place, or all of them.
    pub places: Vec<u16>,
    pub dry: bool,
}

pub type Told = Result<(usize, Done<Event>), Failure<Refusal>>;

pub struct Auditor {
    plan_limit: u16,
    closes_at: Time,
    pub places: Vec<Audited>,
    keys: BTreeMap<Id, Story>,
    watches: Vec<Watch>,
    /// The latest instant that any clock has shown.
    pub latest: Time,
    pub tally: Tally,
}

pub struct Audited {
    pub model: Model,
    log: Vec<Line>,
    ledgers: Vec<Ledger>,
    pub frames: Vec<Frame>,
}

/// When, under which key, what.
type Line = (Time, Option<Id>, Entry<Event>);

/// The least that was left in each place, and the most the caller held there, since somebody asked.
struct Watch {
    pattern: Option<String>,
    caller: Id,
    places: Vec<(i64, usize)>,
    open: bool,
}

/// A question that was asked, and how far the logs had come then.
pub struct Asked {
    call: Call,
    watch: usize,
    logs: Vec<usize>,
}

impl Auditor {
    pub fn new(plan: &Plan) -> Auditor {
        let audited = |lead| Audited { model: Model::new(lead, plan.terms), log: Vec::new(), ledgers: Vec::new(), frames: Vec::new() };
        let mut places: Vec<Audited> = plan.names.iter().map(|name| audited(name.lead)).collect();
        places.iter_mut().for_each(|place| place.ledgers.push(place.model.ledger()));
        let (keys, watches, tally) = Default::default();
        Auditor {
            plan_limit: plan.terms.holds_per_member,
            closes_at: plan.terms.closes_at,
            places,
            keys,
            watches,
            latest: Time(i64::MIN),
            tally,
        }
    }

    /// Somebody asks.
    pub fn asked(&mut self, call: &Call) -> Asked {
        let logs = self.places.iter().map(|place| place.log.len()).collect();
        let story = call.key.and_then(|key| self.keys.get(&key.hash));
        let same = story.filter(|story| wanted(&story.call.command) == wanted(&call.command)).map(|story| story.watch);
        let watch = same.unwrap_or_else(|| self.watch(call));
        if let Some(key) = call.key {
            let story = self.keys.entry(key.hash).or_insert_with(|| Story::new(call, watch));
            story.commands.push(key.command);
        }
        Asked { call: call.clone(), watch, logs }
    }

    fn watch(&mut self, call: &Call) -> usize {
        let pattern = wanted(&call.command).map(|(pattern, _)| pattern);
        let (caller, places) = (call.caller.id, vec![(i64::MAX, 0); self.places.len()]);
        self.watches.push(Watch { pattern, caller, places, open: true });
        (0..self.places.len()).for_each(|place| self.watches.last_mut().expect("it was pushed").see(place, &self.places[place].model));
        self.watches.len() - 1
    }

    /// The store has kept a frame.
    pub fn committed(&mut self, place: usize, frame: &Frame) {
        let records = record::records::<Event>(frame).expect("what is committed can be read");
        let expired = records.iter().filter(|record| matches!(record.entry, Entry::Fact(Event::Expired { .. }))).count();
        if expired > 0 && records.len() > expired {
            self.tally.count("expiry by the way");
        }
        for record in records {
            self.places[place].log.push((record.at, record.key.map(|key| key.hash), record.entry.clone()));
            if let Some(key) = record.key {
                let story = self.keys.get_mut(&key.hash).expect("nobody but a client makes keys");
                story.goes_on(place, &record, &self.places[place].model, self.latest, &mut self.tally);
            }
            if let Entry::Fact(event) = &record.entry {
                self.places[place].model.record(event, record.at);
                self.watches.iter_mut().filter(|watch| watch.open).for_each(|watch| watch.see(place, &self.places[place].model));
            }
            let ledger = self.places[place].model.ledger();
            self.places[place].ledgers.push(ledger);
        }
        self.places[place].frames.push(frame.clone());
    }

    /// Whether the home had passed the key on.
    pub fn was_passed_on(&self, key: &Key) -> bool {
        self.keys.get(&key.hash).is_some_and(|story| story.passed_to.is_some())
    }

    /// Somebody is told an answer.
    pub fn told(&mut self, asked: Asked, told: &Told) {
        let Asked { call, watch, logs } = asked;
        match told {
            Ok((place, done)) if call.dry => self.told_dry(*place, done, logs[*place]),
            Ok((place, done)) => self.told_done(&call, *place, done),
            Err(Failure::Refused(refusal)) => self.told_refused(&call, refusal, watch, &logs),
            Err(Failure::KeyReused) => {
                let story = &self.keys[&call.key.expect("only a key can be reused").hash];
                assert!(story.commands.iter().any(|command| *command != story.commands[0]), "one command only, and still reused");
                self.tally.count("key reused");
            }
            Err(Failure::KeyForgotten) => {
                let story = &self.keys[&call.key.expect("only a key can be forgotten").hash];
                assert!(story.first_word < self.latest.minus_s(SPAN_S), "forgotten too early");
                self.tally.count("key forgotten");
            }
            Err(Failure::Busy | Failure::Unavailable(_) | Failure::Unknown) => {}
        }
        let kept_for_the_key = call.key.is_some_and(|key| self.keys[&key.hash].watch == watch);
        self.watches[watch].open = kept_for_the_key;
    }

    fn told_dry(&mut self, place: usize, done: &Done<Event>, log: usize) {
        let Event::Held { hold, until, .. } = &done.event else { panic!("a dry hold was answered with {:?}", done.event) };
        assert!(*until > done.at && !done.replayed);
        let begun = self.places[place].log[..log].iter().find(|line| is_beginning(line, *hold));
        assert!(begun.is_none(), "a dry run named a hold that was there before: {begun:?}");
        self.tally.count("dry run");
    }

    fn told_done(&mut self, call: &Call, place: usize, done: &Done<Event>) {
        assert!(call.places.contains(&(place as u16)));
        let log = &self.places[place].log;
        let written = |(at, key, entry): &Line| {
            let same_key = call.key.is_none_or(|call| *key == Some(call.hash));
            matches!(entry, Entry::Fact(event) if *event == done.event) && *at == done.at && same_key
        };
        let durable = log.iter().rev().any(written);
        if !done.replayed {
            assert!(durable, "told before it was durable, or never written: {done:?}");
        }
        match (&call.command, &done.event) {
            (Command::Hold { .. }, Event::Held { owner, .. }) => {
                assert!(durable, "a hold that is not in the log under its key: {done:?}");
                assert_eq!(*owner, call.caller.id);
            }
            (Command::Confirm { hold }, Event::Confirmed { hold: confirmed, .. }) => {
                assert_eq!(hold, confirmed);
                assert_eq!(self.places[place].model.holds[hold].fate, Fate::Sold, "told it was bought");
            }
            (Command::Extend { hold, .. }, Event::Extended { hold: extended, .. }) => assert_eq!(hold, extended),
            (Command::Release { hold }, Event::Released { hold: released, .. }) => {
                assert_eq!(hold, released);
                assert_eq!(self.places[place].model.holds[hold].fate, Fate::Released, "told it was released");
            }
            (Command::Refund { ticket }, Event::Refunded { ticket: refunded, .. }) => assert_eq!(ticket, refunded),
            (Command::Open { .. }, Event::Opened { .. }) => assert!(self.places[place].model.opened),
            (Command::Seal, Event::Cleared { .. } | Event::Sealed { .. }) => assert!(self.places[place].model.closing),
            (command, event) => panic!("{command:?} was answered with {event:?}"),
        }
    }

    fn told_refused(&mut self, call: &Call, refusal: &Refusal, watch: usize, logs: &[usize]) {
        let seen = |place: &u16| self.watches[watch].places[*place as usize];
        let place = call.places[0] as usize;
        let fate = |hold: &u32| self.places[place].model.holds.get(hold).map(|held| held.fate);
        let hold = match &call.command {
            Command::Confirm { hold } | Command::Extend { hold, .. } | Command::Release { hold } => *hold,
            _ => u32::MAX,
        };
        match refusal {
            Refusal::NotOpened => {
                let unopened = |place: &&u16| !self.places[**place as usize].log[..logs[**place as usize]].iter().any(is_opening);
                assert!(call.places.iter().any(|place| unopened(&place)), "it was open before anybody asked");
            }
            Refusal::NoMatchLeft { left } => {
                let (pattern, at_least) = wanted(&call.command).expect("only a hold is refused so");
                assert!((*left as usize) < at_least);
                for place in &call.places {
                    let least = seen(place).0;
                    assert!(least < at_least as i64, "no {pattern} left, but place {place} had {least} all the time");
                }
                self.tally.count("no match left");
            }
            Refusal::LimitReached { limit } => {
                let (_, at_least) = wanted(&call.command).expect("only a hold is refused so");
                let most = call.places.iter().map(|place| seen(place).1).max().unwrap_or(0);
                assert!(*limit == self.plan_limit && most + at_least > *limit as usize, "limit reached with {most} held");
                self.tally.count("limit reached");
            }
            Refusal::Closed => {
                let closing = call.places.iter().any(|place| self.places[*place as usize].model.closing);
                assert!(closing || self.latest >= self.closes_at, "closed before the closing instant");
                self.tally.count("closed");
            }
            Refusal::UnknownHold => {
                let begun = self.places[place].log[..logs[place]].iter().find(|line| is_beginning(line, hold));
                assert!(begun.is_none(), "a hold is gone: {begun:?}");
                // A dry run named a hold that never was.
                self.tally.count("unknown hold");
            }
            Refusal::NotYours => {
                assert_eq!(call.caller.role, Role::Member);
                assert_ne!(self.places[place].model.holds[&hold].owner, call.caller.id);
                self.tally.count("not yours");
            }
            Refusal::HoldExpired => {
                assert!(matches!(fate(&hold), Some(Fate::Expired | Fate::Cleared)), "{:?} was called expired", fate(&hold));
                self.tally.count("hold expired");
            }
            Refusal::HoldReleased => assert_eq!(fate(&hold), Some(Fate::Released)),
            Refusal::AlreadyConfirmed => assert_eq!(fate(&hold), Some(Fate::Sold)),
            Refusal::NotSold => {
                let Command::Refund { ticket } = &call.command else { panic!("only a refund is refused so") };
                let model = &self.places[place].model;
                let holder = model.taken.get(&(ticket.number, ticket.copy)).map(|hold| model.holds[hold].fate);
                let meanwhile = self.places[place].log.len() > logs[place];
                assert!(holder != Some(Fate::Sold) || meanwhile, "{ticket:?} is sold");
            }
            Refusal::ExtendedToTheLimit { until } => {
                let cap = self.places[place].model.holds[&hold].since.plus_s(1200).min(self.closes_at);
                assert_eq!(*until, cap);
            }
            Refusal::UnknownTicket | Refusal::NotAdmin => panic!("nobody here asks for that: {:?}", call.command),
        }
    }

    /// Somebody is told what a slice looks like.
    pub fn told_answer(&mut self, asked: &Asked, place: usize, answer: &Answer, at: Time) {
        let audited = &self.places[place];
        match answer {
            Answer::NotOpened => {}
            Answer::Ledger(ledger) => {
                let since = &audited.ledgers[asked.logs[place]..];
                assert!(since.contains(ledger), "a ledger that was never durable while it was asked for: {ledger:?}");
                self.tally.count("ledger read");
            }
            Answer::Hold(Some(view)) => {
                audited.shows(view, at);
                self.tally.count("hold read");
            }
            Answer::Holds(holds) => {
                holds.iter().for_each(|(_, view)| audited.shows(view, at));
                let asker = asked.call.caller.id;
                assert!(holds.iter().all(|(_, view)| view.owner == asker && view.state != HoldState::Confirmed));
                self.tally.count("holds listed");
            }
            Answer::Hold(None) | Answer::Matching { .. } => {}
        }
    }
}

impl Audited {
    /// Whether a client may be shown that.
    fn shows(&self, view: &HoldView, at: Time) {
        let same = |held: &&Held| held.owner == view.owner && view.tickets.iter().all(|ticket| held.tickets.contains(ticket));
        let held = self.model.holds.values().find(same);
        assert!(held.is_some() || view.state == HoldState::Confirmed, "a view of no durable hold: {view:?}");
        if let HoldState::Held { until } = view.state {
            assert!(until > at, "an expired hold was shown alive");
        }
    }
}

fn is_opening(line: &Line) -> bool {
    matches!(line.2, Entry::Fact(Event::Opened { .. }))
}

fn is_beginning(line: &Line, hold: u32) -> bool {
    matches!(line.2, Entry::Fact(Event::Held { hold: begun, .. }) if begun == hold)
}

impl Watch {
    fn see(&mut self, place: usize, model: &Model) {
        let (least, most) = &mut self.places[place];
        if let Some(pattern) = &self.pattern {
            let left = if model.closing { 0 } else { model.free(pattern) };
            *least = left.min(*least);
            *most = model.held_by(self.caller).max(*most);
        }
    }
}
