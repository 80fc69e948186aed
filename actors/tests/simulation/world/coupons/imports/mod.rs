//! Jobs that import the two files: what may be told of one, and when. What a job has said of a row
//! stands, its counts add up, and in the end they are what is on the racks.

mod model;
pub mod worker;

use super::super::ask::Call;
use super::super::kind::{Kind, Told};
use super::super::node::{Node, Yard};
use super::super::plan;
use super::super::right::Answered;
use super::super::room::Room;
use super::super::tally::Tally;
use super::{Seen, refused_rightly};
use actors::cards::Cards;
use actors::domain::imports::{Answer, Command, Event, Import, ImportView, Question, Refusal};
use actors::{Caller, Id, Machine, Time};
use model::{Job, Model};

/// The job that imports that file.
pub fn job_of(file: usize) -> Id {
    Id([file as u8 + 1; 16])
}

pub fn room(plan: &plan::Coupons) -> Room<Import> {
    let names = (0..plan.files.len()).map(job_of).collect();
    let batch_of = |job: &Id| plan.files[usize::from(job.0[0]) - 1].0;
    Room::new(names, |job| Model::new(batch_of(job)))
}

fn as_shown(view: &ImportView) -> Job {
    let ImportView { plan, pass, state, batch, progress, .. } = view.clone();
    Job { plan, pass, state, batch, progress }
}

impl Kind for Import {
    type Model = Model;
    type Books = Option<Job>;
    type Seen = Seen<Refusal>;
    type Whole = ();

    const GRANTED_BY_A_GUEST: &'static str = "jobs have no guests";

    fn parts(node: &mut Node) -> (&mut Yard, &mut Room<Import>) {
        (&mut node.yard, &mut node.imports)
    }

    fn opening(_: &Yard, _: &Id) -> Option<Command> {
        None
    }

    fn is_not_opened(_: &Refusal) -> bool {
        false
    }

    fn is_expiry(_: &Event) -> bool {
        false
    }

    fn record(model: &mut Model, event: &Event, _: Time) {
        model.record(event);
    }

    fn model_books(model: &Model) -> Option<Job> {
        model.job.clone()
    }

    fn compare(model: &Model, machine: &Import, cards: &Cards<'_>) {
        let view = machine.look(&Question, cards);
        assert_eq!(view.as_ref().map(as_shown), model.job);
        let has_ended = view.is_some_and(|view| view.ended_at.is_some());
        assert_eq!(has_ended, model.job.as_ref().is_some_and(Job::has_ended));
    }

    fn see(model: &Model, command: &Command, _: &Caller, seen: &mut Self::Seen) {
        seen.note(model.right(command));
    }

    fn lacks(_: &Model, command: &Command) -> bool {
        panic!("a job is one place: {command:?}")
    }

    fn is_what_was_asked_for(model: &Model, call: &Call<Import>, event: &Event, _: Time) {
        assert_eq!(model.right(&call.command), Ok(Answered::New), "it led to {event:?}");
        assert!(answers(&call.command, event), "{:?} led to {event:?}", call.command);
    }

    fn told_dry(_: &Told<Import>, event: &Event, _: Time) {
        panic!("nobody here asks what would happen: {event:?}");
    }

    fn told_done(told: &Told<Import>, event: &Event, durable: bool) {
        let command = &told.call.command;
        assert!(answers(command, event), "{command:?} was answered with {event:?}");
        let has_happened = told.places[told.place].has_happened(|first| first == event);
        assert!(durable || has_happened || is_a_beginning(event), "it never happened: {event:?}");
        assert!(
            durable || told.call.key.is_some() || told.seen_in(told.place as u16).repeated(),
            "{event:?} is no repeat"
        );
    }

    fn told_refused(told: &Told<Import>, refusal: &Refusal, tally: &mut Tally) {
        tally.count(match refusal {
            Refusal::Unknown => "no such import",
            Refusal::Ended => "import had ended",
            Refusal::OutOfStep => "import out of step",
        });
        refused_rightly(told, refusal);
    }

    fn told_answer(told: &Told<Import>, answer: &Answer, _: Time, _: &mut Tally) {
        let shown = answer.as_ref().map(as_shown);
        assert!(told.books_since().contains(&shown), "an import that never was: {shown:?}");
    }
}

/// One that begins nothing new: it stands where it began.
fn is_a_beginning(event: &Event) -> bool {
    matches!(event, Event::Advanced(progress) if progress.rows == 0)
}

fn answers(command: &Command, event: &Event) -> bool {
    match (command, event) {
        (Command::Create(plan), Event::Planned(known)) => plan == known,
        (Command::Create(_), Event::Reopened)
        | (Command::Cancel, Event::Cancelling | Event::Cancelled)
        | (Command::Stop, Event::Cancelled)
        | (Command::Finish, Event::Finished)
        // It may have failed before, for another reason.
        | (Command::Fail(_), Event::Failed(_)) => true,
        (Command::Register { batch }, Event::Registered { batch: known }) => batch == known,
        (Command::Advance(progress), Event::Advanced(known)) => progress == known,
        _ => false,
    }
}
