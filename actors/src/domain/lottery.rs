//! The life of one lottery, from its creation to its end: open → closing → closed.
//!
//! One lottery per closing day; the day is its name. Creation fixes everything that its slices need to know, so that each of
//! them can be opened by whoever first needs it. Closing begins here and ends here; in between a job seals every slice.

use super::day::Day;
use super::shelves;
use super::tickets::{SliceName, Terms};
use crate::Id;
use crate::machine::{Caller, Machine, Refused, Stamp, Verdict};
use crate::store::Row;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// What a lottery is, fixed when it is created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub name: String,
    /// The end of the closing day in the configured zone.
    pub closes_at: Time,
    pub tickets: Option<Tickets>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tickets {
    pub digits: u8,
    pub copies: u16,
    /// Live held tickets per member and slice.
    pub holds_per_member: u16,
    /// How long a hold may be extended after it began.
    pub hold_max_s: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    Open,
    Closing,
    Closed,
}

#[derive(Default, Serialize, Deserialize)]
pub struct Lottery {
    plan: Option<(Plan, Phase, Time)>,
}

#[derive(Clone, Debug, Serialize)]
pub enum Command {
    Create(Plan),
    /// Takes nothing new from now on; the slices are to be sealed.
    Close,
    /// Every slice is sealed.
    Finish,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Created(Plan),
    Closing,
    Closed,
}

/// In order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Unknown,
    Exists,
    NotClosing,
}

impl Refused for Refusal {}

#[derive(Clone)]
pub struct Look;

#[derive(Clone, Debug, PartialEq)]
pub struct View {
    pub plan: Plan,
    pub phase: Phase,
    pub created_at: Time,
}

impl Machine for Lottery {
    const KIND: &'static str = "lottery";
    type Name = Day;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;
    type Question = Look;
    type Answer = Option<View>;

    fn decide(&self, command: &Command, _: &Caller, _: &Stamp) -> Result<Verdict<Event>, Refusal> {
        let phase = self.plan.as_ref().map(|(_, phase, _)| *phase);
        match (command, phase) {
            (Command::Create(plan), None) => Ok(Verdict::New(Event::Created(plan.clone()))),
            (Command::Create(_), Some(_)) => Err(Refusal::Exists),
            (_, None) => Err(Refusal::Unknown),
            (Command::Close, Some(Phase::Open)) => Ok(Verdict::New(Event::Closing)),
            (Command::Close, Some(Phase::Closing | Phase::Closed)) => Ok(Verdict::Already(Event::Closing)),
            (Command::Finish, Some(Phase::Closing)) => Ok(Verdict::New(Event::Closed)),
            (Command::Finish, Some(Phase::Closed)) => Ok(Verdict::Already(Event::Closed)),
            (Command::Finish, Some(Phase::Open)) => Err(Refusal::NotClosing),
        }
    }

    fn apply(&mut self, event: &Event, at: Time) {
        match (event, &mut self.plan) {
            (Event::Created(plan), none) => *none = Some((plan.clone(), Phase::Open, at)),
            (Event::Closing, Some((_, phase, _))) => *phase = Phase::Closing,
            (Event::Closed, Some((_, phase, _))) => *phase = Phase::Closed,
            (Event::Closing | Event::Closed, None) => {}
        }
    }

    fn look(&self, _: &Look) -> Option<View> {
        let (plan, phase, created_at) = self.plan.clone()?;
        Some(View { plan, phase, created_at })
    }

    /// The list of lotteries that are not closed yet: one line each, taken away when all slices are sealed.
    fn rows(day: &Day, event: &Event, _: Time, rows: &mut Vec<Row>) {
        let body = match event {
            Event::Created(_) => Some(Vec::new()),
            Event::Closing => return,
            Event::Closed => None,
        };
        rows.push(Row { shelf: shelves::LOTTERIES, owner: Id::SYSTEM, key: day.0.to_be_bytes().to_vec(), body });
    }
}

impl Plan {
    /// The slices of the number space, by leading digits. None if the lottery has no tickets.
    pub fn slices(&self, day: Day) -> Vec<SliceName> {
        self.tickets.map_or_else(Vec::new, |tickets| SliceName::all(day, tickets.digits))
    }

    /// What a slice is told when it is opened.
    pub fn terms(&self) -> Option<Terms> {
        let Tickets { digits, copies, holds_per_member, hold_max_s } = self.tickets?;
        Some(Terms { digits, copies, holds_per_member, hold_max_s, closes_at: self.closes_at })
    }
}
