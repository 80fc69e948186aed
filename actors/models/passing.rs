//! Requests that any slice may answer: a home, guests, and the notes between them.
//!
//! The very code runs: `ask_any` asks, and `Partition` answers, opened anew from its log for each
//! question. Three slices have one ticket each. Somebody else has the first and gives it back at
//! some time. One member asks twice under one key; another asks once, and may give back, too.
//!
//! `words` says who there is, `partitions` runs the engine.

mod partitions;
mod words;

use super::explore::{SmallWorld, all_is_well, is_missed};
use actors::domain::tickets::{Command, Event, Sale, SliceTerms};
use actors::engine::record::{self, Entry};
use actors::engine::{Failure, Reply, Request};
use actors::store::Frame;
use actors::{Caller, Id, Time};
use partitions::{Next, PassingModel, bytes, caller, hold, member, plain};
use words::{
    Asked, FAULTS, Heard, PLACES, PassingRule, PassingStep, RUNS, RunStage, Slices, TRIES, Told,
    ZOE,
};

impl PassingModel {
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
            Some(Request::Pass { declined, to, .. }) => {
                format!("pass to {to}, declined: {declined:?}")
            }
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
    assert!(seen(|reply| matches!(reply, Ok(Reply::Declined { .. }))), "a guest declines");
    assert!(seen(|reply| matches!(reply, Ok(Reply::Passed(_)))), "a home passes on");
}

#[test]
fn every_rule_of_passing_on_is_missed() {
    for rule in PassingRule::ALL {
        let mut model = PassingModel { broken: Some(rule), ..PassingModel::default() };
        is_missed(&format!("passing without {rule:?}"), &mut model);
    }
}
