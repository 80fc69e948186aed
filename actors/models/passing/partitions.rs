//! What partitions answer, and what a run asks next: both by the very code of the engine.

use super::words::{Heard, NOW, PLACES, PassingRule, SEEDS, Told};
use actors::domain::pool::PoolName;
use actors::domain::tickets::{Command, Event, Slice, SliceName};
use actors::engine::open::{Reach, ask_any};
use actors::engine::{By, Failure, Key, KeyWindow, Manner, Partition, Reply, Request};
use actors::store::{Frame, Opened};
use actors::{Caller, Id};
use hashbrown::HashMap;
use std::cell::RefCell;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Values that are kept once, and known by a number.
pub struct Numbered<T> {
    pub all: Vec<T>,
    pub numbers: HashMap<Vec<u8>, u16>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Numbered { all: Vec::new(), numbers: HashMap::new() }
    }
}

impl<T> Numbered<T> {
    pub fn number(&mut self, bytes: Vec<u8>, value: T) -> u16 {
        *self.numbers.entry(bytes).or_insert_with(|| {
            self.all.push(value);
            u16::try_from(self.all.len() - 1).expect("the model is small")
        })
    }
}

/// What a run does next.
#[derive(Clone, Copy)]
pub enum Next {
    Asks { place: u16, request: u16 },
    Ends(Told),
}

#[derive(Default)]
pub struct PassingModel {
    pub broken: Option<PassingRule>,
    pub logs: Numbered<Vec<Frame>>,
    pub requests: Numbered<Request<Slice>>,
    pub replies: Numbered<Heard>,
    /// What runs have heard so far, as numbers of replies.
    pub heard: Numbered<Vec<u16>>,
    pub served: HashMap<(u16, u16, u16), (u16, u16)>,
    pub next: HashMap<(usize, u16), Next>,
    /// Who has got something by a log.
    pub owners: HashMap<u16, Vec<Id>>,
}

/// Answers with what was heard before, and then not at all.
pub struct Replayed<'a> {
    pub heard: Vec<&'a Heard>,
    pub asked: RefCell<Vec<(u16, Request<Slice>)>>,
}

impl Reach<Slice> for Replayed<'_> {
    fn places(&self) -> u16 {
        PLACES
    }

    async fn ask(&self, place: u16, request: Request<Slice>) -> Heard {
        let index = self.asked.borrow().len();
        self.asked.borrow_mut().push((place, request));
        match self.heard.get(index) {
            Some(heard) => same(heard),
            None => std::future::pending().await,
        }
    }
}

pub fn same(heard: &Heard) -> Heard {
    Ok(match heard {
        Ok(Reply::Done(done)) => Reply::Done(done.clone()),
        Ok(Reply::Refused(refusal)) => Reply::Refused(*refusal),
        Ok(Reply::Declined { at }) => Reply::Declined { at: *at },
        Ok(Reply::Passed(note)) => Reply::Passed(*note),
        Ok(Reply::KeyReused) => Reply::KeyReused,
        Ok(Reply::KeyForgotten) => Reply::KeyForgotten,
        Ok(Reply::Left(left)) => Reply::Left(*left),
        Ok(Reply::Looked(_)) => panic!("nobody looks"),
        Err(failure) => return Err(failure.clone()),
    })
}

/// The member of a run: the first two are the same one.
pub fn member(run: usize) -> usize {
    run / 2
}

pub fn caller(run: usize) -> Caller {
    Caller::member(Id([member(run) as u8 + 1; 16]))
}

/// The key of a run: the first member's home is the first slice, the second member's the second.
pub fn key(run: usize) -> Key {
    let mut hash = [member(run) as u8 + 1; 16];
    hash[8..].fill(0);
    hash[8] = member(run) as u8;
    Key { hash: Id(hash), command: 5 }
}

pub fn hold() -> Command {
    let pattern = "****".parse().expect("it is one");
    Command::Hold { pattern, count: 1, at_least: 1, ttl_s: 600 }
}

pub fn plain(command: Command, caller: Caller) -> Request<Slice> {
    Request::Command { command, caller, key: None, how: Manner::ForGood }
}

pub fn bytes(value: &impl serde::Serialize) -> Vec<u8> {
    postcard::to_stdvec(value).expect("it is plain data")
}

impl PassingModel {
    pub fn breaks(&self, rule: PassingRule) -> bool {
        self.broken == Some(rule)
    }

    pub fn request(&mut self, request: Request<Slice>) -> u16 {
        self.requests.number(bytes(&request), request)
    }

    /// The partition of that place answers, and its log may grow.
    pub fn serve(&mut self, place: u16, log: u16, request: u16) -> (u16, u16) {
        if let Some(served) = self.served.get(&(place, log, request)) {
            return *served;
        }
        let asked = self.requests.all[usize::from(request)].clone();
        let (reply, after) = self.serve_as_broken(place, log, asked);
        let reply = self.replies.number(bytes(&Ok::<_, ()>(&reply)), Ok(reply));
        self.served.insert((place, log, request), (reply, after));
        (reply, after)
    }

    pub fn serve_as_broken(
        &mut self,
        place: u16,
        log: u16,
        request: Request<Slice>,
    ) -> (Reply<Slice>, u16) {
        let (reply, after) = match request {
            Request::Command { command, caller, key, how } => {
                let forgets = match how {
                    Manner::Guest(_) => self.breaks(PassingRule::GuestRemembersTheKey),
                    _ => self.breaks(PassingRule::HomeRemembersTheKey),
                };
                let key = key.filter(|_| !forgets);
                self.serve_truly(place, log, Request::Command { command, caller, key, how })
            }
            Request::Pass { key, caller, declined, to, after } => {
                let pass = |declined| Request::Pass { key, caller, declined, to, after };
                let served = self.serve_truly(place, log, pass(declined));
                match served.0 {
                    Reply::Passed(noted)
                        if noted.to != to && self.breaks(PassingRule::HomeWaitsForTheRefusal) =>
                    {
                        self.serve_truly(place, log, pass(Some(noted)))
                    }
                    _ => served,
                }
            }
            other => self.serve_truly(place, log, other),
        };
        let is_lost = match reply {
            Reply::Declined { .. } => self.breaks(PassingRule::DeclineIsWritten),
            Reply::Passed(_) => self.breaks(PassingRule::NoteIsWritten),
            _ => false,
        };
        (reply, if is_lost { log } else { after })
    }

    pub fn serve_truly(
        &mut self,
        place: u16,
        log: u16,
        request: Request<Slice>,
    ) -> (Reply<Slice>, u16) {
        let name = SliceName { pool: PoolName::default(), digits: 4, lead: place as u8 };
        let mut frames = self.logs.all[usize::from(log)].clone();
        let opened = Opened { snapshot: None, frames: frames.clone() };
        let window = Arc::new(KeyWindow::new(1_000, 3_600));
        let mut partition =
            Partition::<Slice, ()>::open(name, opened, window).expect("the log is whole");
        let reply = partition.serve(request, NOW, 7, ());
        assert!(!partition.wants_cards(), "no hold needs a card");
        if let Some(append) = partition.flush() {
            frames.push(append.frame);
        }
        let reply = reply.or_else(|| partition.land().answers.pop());
        let (_, reply) = reply.expect("it is answered");
        let heads: Vec<_> = frames.iter().map(|frame| frame.to.head).collect();
        let number = self.logs.number(heads.concat(), frames);
        (reply, number)
    }

    /// What a run does, that has heard so much.
    pub fn next(&mut self, run: usize, heard: u16) -> Next {
        if let Some(next) = self.next.get(&(run, heard)) {
            return *next;
        }
        let replies = &self.heard.all[usize::from(heard)];
        let heard_so_far = replies.iter().map(|reply| &self.replies.all[usize::from(*reply)]);
        let reach = Replayed { heard: heard_so_far.collect(), asked: RefCell::default() };
        let by = By::for_good(caller(run)).under(Some(key(run)));
        let command = hold();
        let polled = {
            let asks = pin!(ask_any(&reach, &command, by, SEEDS[run]));
            let mut asks = asks;
            asks.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        };
        let place_of = |place: u16| match self.broken {
            Some(PassingRule::KeyNamesTheHome) => (place + run as u16) % PLACES,
            _ => place,
        };
        let next = match polled {
            Poll::Pending => {
                let (place, request) = reach.asked.borrow()[replies.len()].clone();
                let place = place_of(place);
                Next::Asks { place, request: self.request(request) }
            }
            Poll::Ready(Ok((place, done))) => {
                let Event::Held { hold, .. } = done.event else { panic!("{:?}", done.event) };
                Next::Ends(Told::Granted { place: place_of(place as u16), hold })
            }
            Poll::Ready(Err(Failure::Refused(_))) => Next::Ends(Told::Refused),
            Poll::Ready(Err(_)) => Next::Ends(Told::ComeAgain),
        };
        self.next.insert((run, heard), next);
        next
    }
}
