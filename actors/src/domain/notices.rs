//! How far the daily notices have come: the last day whose notices were all given.
//!
//! Who was told, the coupons' own partitions know; so a day that was broken off is begun again, and
//! nobody is told twice.

use super::coupons::serial::Only;
use super::day::Day;
use crate::machine::{Caller, Machine, Refused, Stamp, Verdict};
use crate::time::Time;
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
pub struct Notices {
    done: Option<Day>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    Finish { day: Day },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Finished { day: Day },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {}

impl Refused for Refusal {}

#[derive(Clone, Serialize, Deserialize)]
pub struct Done;

impl Machine for Notices {
    const KIND: &'static str = "notices";
    type Name = Only;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;
    type Question = Done;
    type Answer = Option<Day>;
    type Witness = ();

    fn decide(
        &self,
        Command::Finish { day }: &Command,
        _: &Caller,
        _: &Stamp,
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

    fn look(&self, _: &Done) -> Option<Day> {
        self.done
    }
}
