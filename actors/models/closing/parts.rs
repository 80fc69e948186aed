//! The parts of the pool, which are the machines themselves.

use super::broken::{decide_in_box, decide_in_slice, decide_in_till};
use super::place::{
    BEGINS_AT, CARD, CLOSES_AT, ORDER, TILL_OF_CARD, TILL_OF_ORDER, TTL_S, any, member, plan,
    slice_name, ticket,
};
use super::words::{Ask, ClosingRule, ClosingStory, Hall, Heard};
use crate::kept::{KeptStates, Said, StateNumber};
use actors::domain::ballots::{self, BallotBox, BoxName};
use actors::domain::day::Day;
use actors::domain::lottery::{self, Lottery, LotteryPlan, LotteryView, Phase};
use actors::domain::pool::PoolName;
use actors::domain::tickets::{self, Slice};
use actors::domain::till::{self, OrderPart, OrderWish, Till};
use actors::{Caller, Machine, Stamp, Verdict};
use hashbrown::HashMap;
use testing::played::Played;

pub struct ClosingModel {
    pub broken: Option<ClosingRule>,
    pub story: ClosingStory,
    /// How much may be lost or late, and how often somebody who closes dies.
    pub faults: u8,
    pub plan: LotteryPlan,
    pub lotteries: KeptStates<Lottery>,
    pub tills: KeptStates<Till>,
    pub slices: KeptStates<Slice>,
    pub boxes: KeptStates<BallotBox>,
    found_right: HashMap<RightKey, Option<String>>,
}

/// What may be wrong hangs on the parts, and on what clients were told.
type RightKey = ([StateNumber; 5], [bool; 3]);

impl ClosingModel {
    pub fn new(story: ClosingStory, faults: u8, broken: Option<ClosingRule>) -> ClosingModel {
        ClosingModel {
            broken,
            story,
            faults,
            plan: plan(),
            lotteries: KeptStates::default(),
            tills: KeptStates::default(),
            slices: KeptStates::default(),
            boxes: KeptStates::default(),
            found_right: HashMap::new(),
        }
    }

    pub fn breaks(&self, rule: ClosingRule) -> bool {
        self.broken == Some(rule)
    }

    pub fn begin(&mut self) -> Hall {
        let mut lottery = Played::<Lottery>::default();
        lottery.apply(&lottery::Event::Arranged(self.plan.clone()), BEGINS_AT);
        Hall {
            now: BEGINS_AT,
            lottery: self.lotteries.keep(lottery),
            tills: [self.tills.keep(Played::default()); 2],
            slice: self.slices.keep(Played::default()),
            ballots: self.boxes.keep(Played::default()),
            clients: self.story.clients(),
            closers: [super::words::Closer::Away; 2],
            late: Vec::new(),
            faults: self.faults,
        }
    }

    pub fn seen(&self) -> String {
        let (lotteries, tills) = (self.lotteries.len(), self.tills.len());
        let (slices, boxes) = (self.slices.len(), self.boxes.len());
        format!("  {lotteries} states of lotteries, {tills} of tills, {slices}, {boxes} of boxes")
    }

    /// Whether something is wrong, which is looked at once.
    pub fn wrong(&mut self, hall: &Hall) -> Option<String> {
        let [first, second] = hall.tills;
        let parts = [hall.lottery, first, second, hall.slice, hall.ballots];
        let key = (parts, hall.clients.map(|client| client.has));
        if let Some(found) = self.found_right.get(&key) {
            return found.clone();
        }
        let found = self.is_wrong(hall);
        self.found_right.insert(key, found.clone());
        found
    }

    pub fn lottery(&self, hall: &Hall) -> LotteryView {
        self.lotteries.get(hall.lottery).look(&lottery::Question).expect("it was created")
    }

    pub fn phase(&self, hall: &Hall) -> Phase {
        self.lottery(hall).phase
    }

    pub fn tell_lottery(&mut self, hall: &mut Hall, command: &lottery::Command) -> Said<Lottery> {
        let decide = |played: &Played<Lottery>, stamp: &Stamp| {
            played.decide(command, &Caller::SYSTEM, stamp)
        };
        let (said, after) =
            self.lotteries.tell_as(hall.lottery, command, &Caller::SYSTEM, hall.now, decide);
        hall.lottery = after;
        said
    }

    pub fn tell_slice(
        &mut self,
        hall: &mut Hall,
        command: &tickets::Command,
        caller: &Caller,
    ) -> Said<Slice> {
        let broken = self.broken;
        let decide = |played: &Played<Slice>, stamp: &Stamp| {
            decide_in_slice(broken, played, command, caller, stamp)
        };
        let (said, after) = self.slices.tell_as(hall.slice, command, caller, hall.now, decide);
        hall.slice = after;
        said
    }

    pub fn tell_till(
        &mut self,
        hall: &mut Hall,
        till: u8,
        command: &till::Command,
        caller: &Caller,
    ) -> Said<Till> {
        let (broken, number) = (self.broken, &mut hall.tills[usize::from(till)]);
        let decide = |played: &Played<Till>, stamp: &Stamp| {
            decide_in_till(broken, played, command, caller, stamp)
        };
        let (said, after) = self.tills.tell_as(*number, command, caller, hall.now, decide);
        *number = after;
        said
    }

    pub fn tell_box(
        &mut self,
        hall: &mut Hall,
        command: &ballots::Command,
        caller: &Caller,
    ) -> Said<BallotBox> {
        let broken = self.broken;
        let decide = |played: &Played<BallotBox>, stamp: &Stamp| {
            decide_in_box(broken, played, command, caller, stamp)
        };
        let (said, after) = self.boxes.tell_as(hall.ballots, command, caller, hall.now, decide);
        hall.ballots = after;
        said
    }

    pub fn open_slice(&self) -> tickets::Command {
        let terms = self.plan.terms(&slice_name()).expect("it has tickets");
        tickets::Command::Open { lead: 0, terms: Box::new(terms) }
    }

    pub fn open_till(&self) -> till::Command {
        till::Command::Open { terms: self.plan.till_terms().expect("it has tickets") }
    }

    pub fn open_box(&self) -> ballots::Command {
        let name = BoxName { pool: PoolName::Day(Day(21_991_231)), number: 0 };
        ballots::Command::Open { name, terms: self.plan.box_terms().expect("it has ballots") }
    }

    /// What is asked arrives.
    pub fn arrive(&mut self, hall: &mut Hall, ask: Ask) -> Heard {
        let system = &Caller::SYSTEM;
        match ask {
            Ask::OpenSlice | Ask::Hold | Ask::ConfirmHold | Ask::HoldFor => {
                let (command, caller) = self.asked_of_slice(ask);
                hear_slice(&self.tell_slice(hall, &command, &caller))
            }
            Ask::OpenBox => hear_box(&self.tell_box(hall, &self.open_box(), system)),
            Ask::Submit => hear_box(&self.tell_box(hall, &ballots::Command::Submit, &member(2))),
            _ => {
                let (till, command, caller) = self.asked_of_till(ask);
                hear_till(&self.tell_till(hall, till, &command, &caller))
            }
        }
    }

    fn asked_of_slice(&self, ask: Ask) -> (tickets::Command, Caller) {
        let (pattern, count, owner) = (any(), 1, member(1).id);
        match ask {
            Ask::Hold => {
                let hold = tickets::Command::Hold { pattern, count, at_least: 1, ttl_s: TTL_S };
                (hold, member(0))
            }
            Ask::ConfirmHold => (tickets::Command::Confirm { hold: 0 }, member(0)),
            Ask::HoldFor => {
                let hold = tickets::Command::HoldFor { order: ORDER, owner, pattern, count };
                (hold, Caller::SYSTEM)
            }
            _ => (self.open_slice(), Caller::SYSTEM),
        }
    }

    fn asked_of_till(&self, ask: Ask) -> (u8, till::Command, Caller) {
        let (order, system) = (ORDER.number, Caller::SYSTEM);
        match ask {
            Ask::Begin => {
                let wish = OrderWish { pattern: any(), count: 1, at_least: 1, ttl_s: TTL_S };
                (TILL_OF_ORDER, till::Command::Begin { wish, keys: vec![CARD] }, member(1))
            }
            Ask::Take => {
                let take = till::Command::Take { order: ORDER, key: CARD, count: 1, at_least: 1 };
                (TILL_OF_CARD, take, system)
            }
            Ask::Place(copy) => {
                let parts = vec![OrderPart { lead: 0, tickets: vec![ticket(copy)] }];
                (TILL_OF_ORDER, till::Command::Place { order, parts }, system)
            }
            Ask::ConfirmOrder => (TILL_OF_ORDER, till::Command::Confirm { order }, member(1)),
            Ask::GiveUp => (TILL_OF_ORDER, till::Command::GiveUp { order }, system),
            Ask::OpenTill(till) => (till, self.open_till(), system),
            other => panic!("no till is asked {other:?}"),
        }
    }

    /// The closing instant comes: what is due is over.
    pub fn close_in_time(&mut self, hall: &Hall) -> Hall {
        let now = CLOSES_AT;
        let mut after = Hall { now, ..hall.clone() };
        after.lottery = self.lotteries.pass(hall.lottery, now);
        after.slice = self.slices.pass(hall.slice, now);
        for till in &mut after.tills {
            *till = self.tills.pass(*till, now);
        }
        after
    }
}

fn hear_slice(said: &Said<Slice>) -> Heard {
    match said {
        Ok(
            Verdict::New(tickets::Event::HeldFor { tickets, .. })
            | Verdict::Already(tickets::Event::HeldFor { tickets, .. }),
        ) => Heard::Copy(tickets[0].copy),
        Ok(_) => Heard::Done,
        Err(refusal) => refused(Slice::must_be_opened(refusal)),
    }
}

fn hear_till(said: &Said<Till>) -> Heard {
    said.as_ref().map_or_else(|refusal| refused(Till::must_be_opened(refusal)), |_| Heard::Done)
}

fn hear_box(said: &Said<BallotBox>) -> Heard {
    let heard = |refusal| refused(BallotBox::must_be_opened(refusal));
    said.as_ref().map_or_else(heard, |_| Heard::Done)
}

fn refused(must_be_opened: bool) -> Heard {
    if must_be_opened { Heard::NotOpened } else { Heard::Refused }
}
