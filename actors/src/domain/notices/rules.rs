//! How far the daily notices have come: the last day whose notices were all given.
//!
//! Who was told, the coupons' own partitions know; so a day that was broken off is begun again, and
//! no owner is told twice.

use super::words::{Answer, Command, Event, Question, Refusal};
use crate::cards::Cards;
use crate::domain::Only;
use crate::domain::day::Day;
use crate::machine::{Caller, Machine, Stamp, Verdict};
use crate::time::Time;
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
pub struct Notices {
    done: Option<Day>,
}

impl Machine for Notices {
    const KIND: &'static str = "notices";
    type Name = Only;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;
    type Question = Question;
    type Answer = Answer;
    type Witness = ();

    fn decide(
        &self,
        Command::Finish { day }: &Command,
        _: &Caller,
        _: &Stamp,
        _: &Cards<'_>,
    ) -> Result<Verdict<Event>, Refusal> {
        let finished = Event::Finished { day: *day };
        Ok(if self.done >= Some(*day) {
            Verdict::Already(finished)
        } else {
            Verdict::New(finished)
        })
    }

    fn apply(&mut self, Event::Finished { day }: &Event, _: Time) {
        self.done = self.done.max(Some(*day));
    }

    fn look(&self, _: &Question, _: &Cards<'_>) -> Answer {
        self.done
    }
}
