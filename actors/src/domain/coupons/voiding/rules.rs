//! The life of a voiding: running → finished, or running → cancelling → cancelled.
//!
//! What is void and how many that are, each part of the batch decides and remembers. This is only
//! how far the job has come, so that it is gone on with from there. It never goes back.

use super::rows;
use super::words::{
    Answer, Command, Event, Question, Refusal, VoidingProgress, VoidingState, VoidingView,
};
use crate::cards::Cards;
use crate::id::Id;
use crate::machine::{Caller, Machine, Stamp, Verdict};
use crate::store::Row;
use crate::time::Time;
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
pub struct Voiding {
    job: Option<VoidingView>,
}

impl Machine for Voiding {
    const KIND: &'static str = "voiding";
    type Name = Id;
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
        use Verdict::{Already, New};
        let job = match (command, &self.job) {
            (Command::Create(plan), None) => return Ok(New(Event::Planned(plan.clone()))),
            (_, None) => return Err(Refusal::Unknown),
            (_, Some(job)) => job,
        };
        match (command, job.state) {
            (Command::Create(_), _) => Ok(Already(Event::Planned(job.plan.clone()))),
            (Command::Cancel, VoidingState::Running) => Ok(New(Event::Cancelling)),
            (Command::Cancel, VoidingState::Cancelling) => Ok(Already(Event::Cancelling)),
            (Command::Cancel | Command::Stop, VoidingState::Cancelled) => {
                Ok(Already(Event::Cancelled))
            }
            (Command::Finish, VoidingState::Finished) => Ok(Already(Event::Finished)),
            (_, VoidingState::Finished | VoidingState::Cancelled) => Err(Refusal::Ended),
            (Command::Stop, VoidingState::Cancelling) => Ok(New(Event::Cancelled)),
            (Command::Finish, _) => Ok(New(Event::Finished)),
            (Command::Advance(progress), _) if *progress == job.progress => {
                Ok(Already(Event::Advanced(*progress)))
            }
            (Command::Advance(progress), _) if job.may_come_to(progress) => {
                Ok(New(Event::Advanced(*progress)))
            }
            (Command::Advance(_) | Command::Stop, _) => Err(Refusal::OutOfStep),
        }
    }

    fn apply(&mut self, event: &Event, at: Time) {
        if let (Event::Planned(plan), None) = (event, &self.job) {
            let (state, progress) = (VoidingState::Running, VoidingProgress::default());
            let (plan, created_at) = (plan.clone(), at);
            self.job = Some(VoidingView { plan, state, progress, created_at, ended_at: None });
        }
        let Some(job) = &mut self.job else { return };
        match event {
            Event::Planned(_) => {}
            Event::Advanced(progress) => job.progress = *progress,
            Event::Cancelling => job.state = VoidingState::Cancelling,
            Event::Finished => job.end(VoidingState::Finished, at),
            Event::Cancelled => job.end(VoidingState::Cancelled, at),
        }
    }

    fn look(&self, _: &Question, _: &Cards<'_>) -> Answer {
        self.job.clone()
    }

    fn rows(job: &Id, event: &Event, at: Time, rows: &mut Vec<Row>) {
        rows::declare(job, event, at, rows);
    }
}

impl VoidingView {
    fn end(&mut self, state: VoidingState, at: Time) {
        (self.state, self.ended_at) = (state, Some(at));
    }

    fn may_come_to(&self, to: &VoidingProgress) -> bool {
        let (from, has, will_have) = (&self.progress, self.progress.voided(), to.voided());
        (to.part, to.slot) >= (from.part, from.slot)
            && will_have.free >= has.free
            && will_have.assigned >= has.assigned
    }
}
