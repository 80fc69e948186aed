//! The book of acts. It keeps how many there are; the acts themselves lie in the lists.
//!
//! An act whose end was never written down has an unknown outcome: the node died on the way, or
//! could not write.

use super::rows;
use super::words::{Answer, Command, Event, Question, Refusal};
use crate::cards::Cards;
use crate::domain::Only;
use crate::machine::{Caller, Machine, Stamp, Verdict};
use crate::store::Row;
use crate::time::Time;
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
pub struct Acts {
    begun: u64,
}

impl Machine for Acts {
    const KIND: &'static str = "acts";
    type Name = Only;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;
    type Question = Question;
    type Answer = Answer;
    type Witness = ();

    fn decide(
        &self,
        command: &Command,
        _: &Caller,
        _: &Stamp,
        _: &Cards<'_>,
    ) -> Result<Verdict<Event>, Refusal> {
        match command {
            Command::Begin(act) => {
                Ok(Verdict::New(Event::Begun { number: self.begun, act: act.clone() }))
            }
            Command::End { number, .. } if *number >= self.begun => Err(Refusal::Unknown),
            Command::End { number, begun_at, status } => Ok(Verdict::New(Event::Ended {
                number: *number,
                begun_at: *begun_at,
                status: *status,
            })),
        }
    }

    fn apply(&mut self, event: &Event, _: Time) {
        if let Event::Begun { number, .. } = event {
            self.begun = number + 1;
        }
    }

    fn look(&self, _: &Question, _: &Cards<'_>) -> Answer {
        self.begun
    }

    /// Nothing about an act hangs on what the time is: who sets a clock right is written down, too.
    fn is_opening(_: &Command) -> bool {
        true
    }

    fn rows(_: &Only, event: &Event, at: Time, rows: &mut Vec<Row>) {
        rows::declare(event, at, rows);
    }
}
