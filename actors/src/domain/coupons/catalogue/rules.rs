//! The list of all campaigns and batches: their numbers, their names, and what was fixed when they
//! were created.
//!
//! A campaign's name is unique, whatever its case. Numbers are given in order and never twice. What
//! is registered here never changes, but for the label of a batch; how a campaign or a batch is
//! doing now, its own partitions know. They can be opened with what is registered. How a campaign
//! changes its name is in `naming`. A batch that expires later than it was to is listed by both
//! instants.

use super::words::{Answer, CatalogueEntry, CatalogueRecord, Command, Event, Question, Refusal};
use super::{cards, naming, rows};
use crate::cards::{Card, Cards};
use crate::domain::Only;
use crate::domain::coupons::names::Serial;
use crate::machine::{Caller, Machine, Stamp, Verdict};
use crate::store::Row;
use crate::time::Time;
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
pub struct Catalogue {
    /// How many there are of each kind.
    counts: [u32; 2],
}

impl Machine for Catalogue {
    const KIND: &'static str = "catalogue";
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
        cards: &Cards<'_>,
    ) -> Result<Verdict<Event>, Refusal> {
        let (entry, key, figures) = match command {
            Command::Register { entry, key, figures } => (entry, key, figures),
            Command::ListExpiry { serial, expires_at } => {
                let (serial, expires_at) = (*serial, *expires_at);
                return Ok(Verdict::New(Event::ExpiryListed { serial, expires_at }));
            }
            Command::TakeName { serial, name, now } => {
                return naming::take(*serial, name, now, cards);
            }
            Command::KeepName { serial, turn, now, withdrawn } => {
                return naming::keep(*serial, *turn, now, *withdrawn, cards);
            }
            Command::Rename { serial, name } => {
                let mut record = cards::record(*serial, cards).ok_or(Refusal::NoBatch)?;
                let CatalogueEntry::Batch(plan) = &mut record.entry else {
                    return Err(Refusal::NoBatch);
                };
                let is_new = plan.name != *name;
                plan.name.clone_from(name);
                let renamed = Event::Renamed { serial: *serial, record };
                return Ok(if is_new { Verdict::New(renamed) } else { Verdict::Already(renamed) });
            }
        };
        if let Some(by) = entry.campaign_name().and_then(|name| cards::named(name, cards)) {
            return Err(Refusal::NameTaken { by });
        }
        if let Some(serial) = cards::of_same_job(entry, cards)
            && let Some(CatalogueRecord { entry, key, .. }) = cards::record(serial, cards)
        {
            let figures = cards::figures(serial, cards);
            return Ok(Verdict::Already(Event::new(serial, entry, key, figures)));
        }
        let of = entry.of();
        let serial = Serial::new(self.counts[of as usize], of).ok_or(Refusal::Full)?;
        Ok(Verdict::New(Event::new(serial, entry.clone(), *key, *figures)))
    }

    fn apply(&mut self, event: &Event, _: Time) {
        if let Some((serial, ..)) = event.registered() {
            self.counts[serial.of() as usize] = serial.place() + 1;
        }
    }

    fn look(&self, question: &Question, cards: &Cards<'_>) -> Answer {
        match *question {
            Question::Entry(serial) => Answer::Entry(
                (serial.place() < self.counts[serial.of() as usize])
                    .then(|| cards::record(serial, cards))
                    .flatten(),
            ),
            Question::Count(of) => Answer::Count(self.counts[of as usize]),
            Question::Figures(serial) => Answer::Figures(cards::figures(serial, cards)),
            Question::Names(serial) => Answer::Names(naming::of(serial, cards).unwrap_or_default()),
        }
    }

    fn cards(event: &Event, at: Time, cards: &mut Vec<Card>) {
        cards::write(event, at, cards);
    }

    fn rows(_: &Only, event: &Event, _: Time, rows: &mut Vec<Row>) {
        rows::declare(event, rows);
    }
}
