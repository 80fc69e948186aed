//! Requests that any slice may answer: a home, guests, and the notes between them.
//!
//! The very code runs: `ask_any` asks, and `Partition` answers, opened anew from its log for each
//! question. Three slices have one ticket each. Somebody else has the first and gives it back at
//! some time. One member asks twice under one key; another asks once, and may give back, too.

use super::explore::{SmallWorld, all_is_well, is_missed};
use actors::domain::pool::PoolName;
use actors::domain::tickets::{Command, Event, Sale, Slice, SliceName, SliceTerms};
use actors::engine::open::{Reach, ask_any};
use actors::engine::record::{self, Entry};
use actors::engine::{By, Failure, Key, KeyWindow, Manner, Partition, Reply, Request};
use actors::store::{Frame, Opened};
use actors::{Caller, Id, Time};
use hashbrown::HashMap;
use std::cell::RefCell;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

const PLACES: u16 = 3;
const RUNS: usize = 3;
const FAULTS: u8 = 2;
/// How often a run is begun at most.
const TRIES: u8 = 2;
/// With these the runs of one key look at different guests first.
const SEEDS: [u64; RUNS] = [2, 0, 1];
const NOW: Time = Time(1_000_000);
const ZOE: Caller = Caller { id: Id([9; 16]), role: actors::Role::Member };

type Refusal = actors::domain::tickets::Refusal;
type Heard = Result<Reply<Slice>, Failure<Refusal>>;

/// What a run is told at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Told {
    Granted {
        place: u16,
        hold: u32,
    },
    Refused,
    /// It is to come again, under the same key.
    ComeAgain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum RunStage {
    Idle,
    /// With what it has heard so far, and what its key had been told before it began.
    Asking {
        heard: u16,
        before: Option<Told>,
    },
    Over(Told),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Slices {
    logs: [u16; PLACES as usize],
    runs: [(RunStage, u8); RUNS],
    /// What each member was told last, under their key.
    told: [Option<Told>; 2],
    late: Vec<Asked>,
    /// Who may give back a ticket: somebody else, and the second member.
    gives_back: [bool; 2],
    faults: u8,
}

/// A question to a place: the place, and the number of the request.
type Asked = (u16, u16);

#[derive(Debug)]
#[expect(dead_code, reason = "they are printed")]
enum PassingStep {
    Begins(usize),
    IsAnswered(usize, Asked),
    AnswerIsLost(usize, Asked),
    ArrivesLater(usize, Asked),
    ArrivesTwice(usize, Asked),
    ArrivesLate(Asked),
    IsGivenBack(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PassingRule {
    DeclineIsWritten,
    NoteIsWritten,
    HomeWaitsForTheRefusal,
    GuestRemembersTheKey,
    HomeRemembersTheKey,
    KeyNamesTheHome,
}

impl PassingRule {
    const ALL: [PassingRule; 6] = [
        PassingRule::DeclineIsWritten,
        PassingRule::NoteIsWritten,
        PassingRule::HomeWaitsForTheRefusal,
        PassingRule::GuestRemembersTheKey,
        PassingRule::HomeRemembersTheKey,
        PassingRule::KeyNamesTheHome,
    ];
}

/// Values that are kept once, and known by a number.
struct Numbered<T> {
    all: Vec<T>,
    numbers: HashMap<Vec<u8>, u16>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Numbered { all: Vec::new(), numbers: HashMap::new() }
    }
}

impl<T> Numbered<T> {
    fn number(&mut self, bytes: Vec<u8>, value: T) -> u16 {
        *self.numbers.entry(bytes).or_insert_with(|| {
            self.all.push(value);
            u16::try_from(self.all.len() - 1).expect("the model is small")
        })
    }
}

/// What a run does next.
#[derive(Clone, Copy)]
enum Next {
    Asks { place: u16, request: u16 },
    Ends(Told),
}

#[derive(Default)]
struct PassingModel {
    broken: Option<PassingRule>,
    logs: Numbered<Vec<Frame>>,
    requests: Numbered<Request<Slice>>,
    replies: Numbered<Heard>,
    /// What runs have heard so far, as numbers of replies.
    heard: Numbered<Vec<u16>>,
    served: HashMap<(u16, u16, u16), (u16, u16)>,
    next: HashMap<(usize, u16), Next>,
    /// Who has got something by a log.
    owners: HashMap<u16, Vec<Id>>,
}

/// Answers with what was heard before, and then not at all.
struct Replayed<'a> {
    heard: Vec<&'a Heard>,
    asked: RefCell<Vec<(u16, Request<Slice>)>>,
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

fn same(heard: &Heard) -> Heard {
    Ok(match heard {
        Ok(Reply::Done(done)) => Reply::Done(done.clone()),
        Ok(Reply::Refused(refusal)) => Reply::Refused(*refusal),
        Ok(Reply::Declined) => Reply::Declined,
        Ok(Reply::Passed { to, at }) => Reply::Passed { to: *to, at: *at },
        Ok(Reply::KeyReused) => Reply::KeyReused,
        Ok(Reply::KeyForgotten) => Reply::KeyForgotten,
        Ok(Reply::Left(left)) => Reply::Left(*left),
        Ok(Reply::Looked(_)) => panic!("nobody looks"),
        Err(failure) => return Err(failure.clone()),
    })
}

/// The member of a run: the first two are the same one.
fn member(run: usize) -> usize {
    run / 2
}

fn caller(run: usize) -> Caller {
    Caller::member(Id([member(run) as u8 + 1; 16]))
}

/// The key of a run: the first member's home is the first slice, the second member's the second.
fn key(run: usize) -> Key {
    let mut hash = [member(run) as u8 + 1; 16];
    hash[8..].fill(0);
    hash[8] = member(run) as u8;
    Key { hash: Id(hash), command: 5 }
}

fn hold() -> Command {
    let pattern = "****".parse().expect("it is one");
    Command::Hold { pattern, count: 1, at_least: 1, ttl_s: 600 }
}

fn plain(command: Command, caller: Caller) -> Request<Slice> {
    Request::Command { command, caller, key: None, how: Manner::ForGood }
}

fn bytes(value: &impl serde::Serialize) -> Vec<u8> {
    postcard::to_stdvec(value).expect("it is plain data")
}

impl PassingModel {
    fn breaks(&self, rule: PassingRule) -> bool {
        self.broken == Some(rule)
    }

    fn request(&mut self, request: Request<Slice>) -> u16 {
        self.requests.number(bytes(&request), request)
    }

    /// The partition of that place answers, and its log may grow.
    fn serve(&mut self, place: u16, log: u16, request: u16) -> (u16, u16) {
        if let Some(served) = self.served.get(&(place, log, request)) {
            return *served;
        }
        let asked = self.requests.all[usize::from(request)].clone();
        let (reply, after) = self.serve_as_broken(place, log, asked);
        let reply = self.replies.number(bytes(&Ok::<_, ()>(&reply)), Ok(reply));
        self.served.insert((place, log, request), (reply, after));
        (reply, after)
    }

    fn serve_as_broken(
        &mut self,
        place: u16,
        log: u16,
        request: Request<Slice>,
    ) -> (Reply<Slice>, u16) {
        let (reply, after) = match request {
            Request::Command { command, caller, key, how } => {
                let forgets = match how {
                    Manner::Guest { .. } => self.breaks(PassingRule::GuestRemembersTheKey),
                    _ => self.breaks(PassingRule::HomeRemembersTheKey),
                };
                let key = key.filter(|_| !forgets);
                self.serve_truly(place, log, Request::Command { command, caller, key, how })
            }
            Request::Pass { key, caller, from, to } => {
                let pass = |from| Request::Pass { key, caller, from, to };
                let served = self.serve_truly(place, log, pass(from));
                match served.0 {
                    Reply::Passed { to: noted, .. }
                        if noted != to && self.breaks(PassingRule::HomeWaitsForTheRefusal) =>
                    {
                        self.serve_truly(place, log, pass(Some(noted)))
                    }
                    _ => served,
                }
            }
            other => self.serve_truly(place, log, other),
        };
        let is_lost = match reply {
            Reply::Declined => self.breaks(PassingRule::DeclineIsWritten),
            Reply::Passed { .. } => self.breaks(PassingRule::NoteIsWritten),
            _ => false,
        };
        (reply, if is_lost { log } else { after })
    }

    fn serve_truly(
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
    fn next(&mut self, run: usize, heard: u16) -> Next {
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

    /// The run hears one more reply, and may be at its end by that.
    fn hear(&mut self, after: &mut Slices, run: usize, reply: u16) -> Result<(), String> {
        let RunStage::Asking { heard, before } = after.runs[run].0 else { return Ok(()) };
        let mut all = self.heard.all[usize::from(heard)].clone();
        all.push(reply);
        let heard = self.heard.number(bytes(&all), all);
        after.runs[run].0 = match self.next(run, heard) {
            Next::Asks { .. } => RunStage::Asking { heard, before },
            Next::Ends(told) => {
                let lies = |was: Told| told != Told::ComeAgain && told != was;
                if before.is_some_and(lies) {
                    return Err("the same key was answered otherwise".into());
                }
                if let (Told::Granted { .. }, Some(was @ Told::Granted { .. })) =
                    (told, after.told[member(run)])
                    && was != told
                {
                    return Err("one key was granted two".into());
                }
                if matches!(told, Told::Granted { .. }) {
                    after.told[member(run)] = Some(told);
                }
                RunStage::Over(told)
            }
        };
        Ok(())
    }

    fn arrive(&mut self, after: &mut Slices, place: u16, request: u16) -> u16 {
        let (reply, log) = self.serve(place, after.logs[usize::from(place)], request);
        after.logs[usize::from(place)] = log;
        reply
    }

    fn lost(&mut self) -> u16 {
        self.replies.number(b"lost".to_vec(), Err(Failure::Unknown))
    }

    fn ask_steps(
        &mut self,
        world: &Slices,
        run: usize,
        asked @ (place, request): Asked,
        steps: &mut Vec<(PassingStep, Result<Slices, String>)>,
    ) {
        let mut after = world.clone();
        let reply = self.arrive(&mut after, place, request);
        let served = after.clone();
        let heard = self.hear(&mut after, run, reply).map(|()| after);
        steps.push((PassingStep::IsAnswered(run, asked), heard.clone()));
        if world.faults == 0 {
            return;
        }
        let lost = self.lost();
        let mut deaf = Slices { faults: world.faults - 1, ..served };
        let heard_nothing = self.hear(&mut deaf, run, lost).map(|()| deaf);
        steps.push((PassingStep::AnswerIsLost(run, asked), heard_nothing));
        let mut later = Slices { faults: world.faults - 1, ..world.clone() };
        later.late.push((place, request));
        later.late.sort_unstable();
        let heard_nothing = self.hear(&mut later, run, lost).map(|()| later);
        steps.push((PassingStep::ArrivesLater(run, asked), heard_nothing));
        let twice = heard.map(|mut twice| {
            twice.faults -= 1;
            twice.late.push((place, request));
            twice.late.sort_unstable();
            twice
        });
        steps.push((PassingStep::ArrivesTwice(run, asked), twice));
    }
}

impl SmallWorld for PassingModel {
    type State = Slices;
    type Step = PassingStep;

    fn beginning(&mut self) -> Slices {
        let nothing = self.logs.number(Vec::new(), Vec::new());
        self.heard.number(bytes(&Vec::<u16>::new()), Vec::new());
        let mut logs = [nothing; PLACES as usize];
        for place in 0..PLACES {
            let terms = Box::new(SliceTerms {
                digits: 4,
                copies: 1,
                holds_per_member: 9,
                hold_max_s: 600,
                closes_at: Time(1 << 50),
                numbers: Some(1),
                sale: Sale::default(),
                labels: Vec::new(),
            });
            let open = plain(Command::Open { lead: place as u8, terms }, Caller::SYSTEM);
            logs[usize::from(place)] = self.serve_truly(place, nothing, open).1;
        }
        logs[0] = self.serve_truly(0, logs[0], plain(hold(), ZOE)).1;
        Slices {
            logs,
            runs: [(RunStage::Idle, TRIES); RUNS],
            told: [None; 2],
            late: Vec::new(),
            gives_back: [true; 2],
            faults: FAULTS,
        }
    }

    fn steps(&mut self, world: &Slices) -> Vec<(PassingStep, Result<Slices, String>)> {
        let mut steps = Vec::new();
        for run in 0..RUNS {
            match world.runs[run] {
                (RunStage::Asking { heard, .. }, _) => {
                    if let Next::Asks { place, request } = self.next(run, heard) {
                        self.ask_steps(world, run, (place, request), &mut steps);
                    }
                }
                (RunStage::Idle | RunStage::Over(Told::ComeAgain), tries) if tries > 0 => {
                    let mut after = world.clone();
                    let before = world.told[member(run)];
                    after.runs[run] = (RunStage::Asking { heard: 0, before }, tries - 1);
                    steps.push((PassingStep::Begins(run), Ok(after)));
                }
                _ => {}
            }
        }
        for (index, (place, request)) in world.late.iter().copied().enumerate() {
            let mut after = world.clone();
            after.late.remove(index);
            self.arrive(&mut after, place, request);
            steps.push((PassingStep::ArrivesLate((place, request)), Ok(after)));
        }
        let given_back = match world.told[1] {
            Some(Told::Granted { place, hold }) => Some((1, caller(2), place, hold)),
            _ => None,
        };
        for (who, caller, place, hold) in [(0, ZOE, 0, 0)].into_iter().chain(given_back) {
            if world.gives_back[who] {
                let mut after = world.clone();
                after.gives_back[who] = false;
                let release = self.request(plain(Command::Release { hold }, caller));
                self.arrive(&mut after, place, release);
                steps.push((PassingStep::IsGivenBack(who), Ok(after)));
            }
        }
        steps
    }

    fn print(&self, step: &PassingStep) -> String {
        let asked = match step {
            PassingStep::IsAnswered(_, asked)
            | PassingStep::AnswerIsLost(_, asked)
            | PassingStep::ArrivesLater(_, asked)
            | PassingStep::ArrivesTwice(_, asked)
            | PassingStep::ArrivesLate(asked) => Some(asked),
            PassingStep::Begins(_) | PassingStep::IsGivenBack(_) => None,
        };
        let said = match asked.map(|(_, request)| &self.requests.all[usize::from(*request)]) {
            Some(Request::Command { how, .. }) => format!("{how:?}"),
            Some(Request::Pass { from, to, .. }) => format!("pass from {from:?} to {to}"),
            Some(Request::Left { .. }) => "how many are left".into(),
            Some(Request::Look(_)) | None => String::new(),
        };
        format!("{step:?} {said}")
    }

    fn mistake(&mut self, world: &Slices) -> Option<String> {
        let mut owners: Vec<Id> = Vec::new();
        for log in world.logs {
            let frames = &self.logs.all[usize::from(log)];
            let of_log = self.owners.entry(log).or_insert_with(|| owners_in(frames));
            owners.extend(of_log.iter());
        }
        let times = |member| owners.iter().filter(|owner| **owner == member).count();
        (0..RUNS)
            .any(|run| times(caller(run).id) > 1)
            .then(|| "one key has tickets of two slices".into())
    }

    fn is_settled(&mut self, world: &Slices) -> bool {
        let is_over = |(stage, tries): &(RunStage, u8)| match stage {
            RunStage::Over(Told::ComeAgain) => *tries == 0,
            RunStage::Over(_) => true,
            _ => false,
        };
        world.runs.iter().all(is_over) && world.late.is_empty()
    }
}

/// To whom tickets of a log were given.
fn owners_in(frames: &[Frame]) -> Vec<Id> {
    let mut owners = Vec::new();
    for frame in frames {
        for record in record::records::<Event>(frame).expect("it was written so") {
            if let Entry::Fact(Event::Held { owner, .. }) = record.entry {
                owners.push(owner);
            }
        }
    }
    owners
}

#[test]
fn one_key_gets_one_ticket_whatever_is_lost_doubled_or_late_between_home_and_guests() {
    let mut model = PassingModel::default();
    let explored = all_is_well("passing", &mut model);
    assert!(explored.states > 10_000, "{explored:?}");
    let seen = |wanted: fn(&Heard) -> bool| model.replies.all.iter().any(wanted);
    assert!(seen(|reply| matches!(reply, Ok(Reply::Declined))), "a guest declines");
    assert!(seen(|reply| matches!(reply, Ok(Reply::Passed { .. }))), "a home passes on");
}

#[test]
fn every_rule_of_passing_on_is_missed() {
    for rule in PassingRule::ALL {
        let mut model = PassingModel { broken: Some(rule), ..PassingModel::default() };
        is_missed(&format!("passing without {rule:?}"), &mut model);
    }
}
