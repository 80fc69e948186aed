//! The life of one lottery, from its creation to its end: open → closing → closed → drawn.
//!
//! One lottery per closing day; the day is its name. Creation fixes everything that its slices and
//! boxes need to know, so that each of them can be opened by whoever first needs it. Closing begins
//! here and ends here; in between a job seals every slice and box. What the boxes held is written
//! down before the draw, and the draw is refused unless it used the seed that was committed to, the
//! round that was named, and the ballots these choose.

mod plan;
mod result;

pub use plan::{Ballots, FirstPlan, Plan, Tickets};
pub use result::{Beacon, Drawn, Lot, places};

use super::day::Day;
use super::draw::{Sealed, commitment};
use super::shelves;
use crate::Id;
use crate::machine::{Caller, Machine, Refused, Stamp, Verdict};
use crate::store::Row;
use crate::time::Time;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    Open,
    Closing,
    Closed,
    /// Only lotteries with ballots come to this.
    Drawn,
}

#[derive(Default, Serialize, Deserialize)]
pub struct Lottery {
    known: Option<View>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    Create(Plan),
    /// Takes nothing new from now on; the slices and boxes are to be sealed.
    Close,
    /// Every slice and box is sealed, and this is what the boxes hold.
    Finish {
        boxes: Vec<Sealed>,
    },
    Draw(Drawn),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// As it was written before there were ballots.
    Created(FirstPlan),
    Closing,
    /// A lottery without ballots has come to its end.
    Closed,
    Planned(Plan),
    /// Nothing is taken any more; what the boxes hold is fixed, and nothing is drawn yet.
    Sealed {
        boxes: Vec<Sealed>,
    },
    Drawn(Drawn),
}

/// In order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    Unknown,
    Exists,
    NotClosing,
    NotClosed,
    /// The lottery has no ballots, or other boxes than these.
    OtherBoxes,
    /// Not the seed that was committed to.
    OtherSeed,
    /// Not the round that was named, or one although none was.
    OtherRound,
    /// Not the ballots that seed and round choose.
    OtherLots,
}

impl Refused for Refusal {}

#[derive(Clone, Serialize, Deserialize)]
pub struct Look;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct View {
    pub plan: Plan,
    pub phase: Phase,
    pub created_at: Time,
    /// What the boxes held, once they are sealed.
    pub boxes: Vec<Sealed>,
    pub drawn: Option<Drawn>,
}

impl Machine for Lottery {
    const KIND: &'static str = "lottery";
    type Name = Day;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;
    type Question = Look;
    type Answer = Option<View>;
    type Witness = ();

    fn decide(&self, command: &Command, _: &Caller, _: &Stamp) -> Result<Verdict<Event>, Refusal> {
        match (command, &self.known) {
            (Command::Create(plan), None) => Ok(Verdict::New(Event::Planned(plan.clone()))),
            (Command::Create(_), Some(_)) => Err(Refusal::Exists),
            (_, None) => Err(Refusal::Unknown),
            (Command::Close, Some(known)) => match known.phase {
                Phase::Open => Ok(Verdict::New(Event::Closing)),
                Phase::Closing | Phase::Closed | Phase::Drawn => {
                    Ok(Verdict::Already(Event::Closing))
                }
            },
            (Command::Finish { boxes }, Some(known)) => known.finish(boxes),
            (Command::Draw(drawn), Some(known)) => known.draw(drawn),
        }
    }

    fn apply(&mut self, event: &Event, at: Time) {
        let created = |plan| {
            Some(View { plan, phase: Phase::Open, created_at: at, boxes: Vec::new(), drawn: None })
        };
        match (event, &mut self.known) {
            (Event::Created(plan), none) => *none = created(plan.clone().into()),
            (Event::Planned(plan), none) => *none = created(plan.clone()),
            (Event::Closing, Some(known)) => known.phase = Phase::Closing,
            (Event::Closed, Some(known)) => known.phase = Phase::Closed,
            (Event::Sealed { boxes }, Some(known)) => {
                (known.phase, known.boxes) = (Phase::Closed, boxes.clone())
            }
            (Event::Drawn(drawn), Some(known)) => {
                (known.phase, known.drawn) = (Phase::Drawn, Some(drawn.clone()))
            }
            (Event::Closing | Event::Closed | Event::Sealed { .. } | Event::Drawn(_), None) => {}
        }
    }

    fn look(&self, _: &Look) -> Option<View> {
        self.known.clone()
    }

    /// The list of lotteries about which something is still to be done: one line each, taken away
    /// when nothing is.
    fn rows(day: &Day, event: &Event, _: Time, rows: &mut Vec<Row>) {
        let body = match event {
            Event::Created(_) | Event::Planned(_) => Some(Vec::new()),
            Event::Closing | Event::Sealed { .. } => return,
            Event::Closed | Event::Drawn(_) => None,
        };
        rows.push(Row {
            shelf: shelves::LOTTERIES,
            owner: Id::SYSTEM,
            key: day.0.to_be_bytes().to_vec(),
            body,
        });
    }
}

impl View {
    fn finish(&self, boxes: &[Sealed]) -> Result<Verdict<Event>, Refusal> {
        let with_ballots = self.plan.ballots.is_some();
        let done =
            if with_ballots { Event::Sealed { boxes: boxes.to_vec() } } else { Event::Closed };
        match self.phase {
            Phase::Open => Err(Refusal::NotClosing),
            Phase::Closing
                if boxes.len() != self.plan.ballots.map_or(0, |ballots| ballots.boxes as usize) =>
            {
                Err(Refusal::OtherBoxes)
            }
            Phase::Closing => Ok(Verdict::New(done)),
            Phase::Closed | Phase::Drawn if boxes != self.boxes => Err(Refusal::OtherBoxes),
            Phase::Closed | Phase::Drawn => Ok(Verdict::Already(done)),
        }
    }

    fn draw(&self, drawn: &Drawn) -> Result<Verdict<Event>, Refusal> {
        if let Some(first) = &self.drawn {
            return Ok(Verdict::Already(Event::Drawn(first.clone())));
        }
        let plan = self.plan.ballots.ok_or(Refusal::OtherBoxes)?;
        if self.phase != Phase::Closed {
            return Err(Refusal::NotClosed);
        }
        if commitment(&drawn.seed) != plan.commitment {
            return Err(Refusal::OtherSeed);
        }
        if drawn.beacon.as_ref().map(|beacon| beacon.round) != plan.round {
            return Err(Refusal::OtherRound);
        }
        let chosen = places(&plan, &self.boxes, &drawn.seed, drawn.beacon.as_ref());
        if !chosen.iter().copied().eq(drawn.lots.iter().map(|lot| (lot.number, lot.index))) {
            return Err(Refusal::OtherLots);
        }
        Ok(Verdict::New(Event::Drawn(drawn.clone())))
    }
}
