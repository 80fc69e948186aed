//! A lottery in the world: what may be told of it, and when. Its boxes are in `ballots`; what both
//! must agree about, `box_book` compares.

pub mod box_book;
pub mod closer;
mod model;

use super::ask::Call;
use super::kind::{Kind, Told};
use super::node::{Node, Yard};
use super::orders::agreement::Agreement;
use super::plan;
use super::right::{Answered, Seen, refused_rightly};
use super::room::Room;
use super::tally::Tally;
use actors::cards::Cards;
use actors::domain::lottery::{Answer, Command, Event, Lottery, LotteryView, Question, Refusal};
use actors::domain::pool::PoolName;
use actors::{Caller, Machine, Time};
use model::Model;

pub fn room(plan: &plan::Lottery) -> Room<Lottery> {
    let (plan, setup) = (plan.plan.clone(), plan.setup);
    Room::new(vec![plan::POOL], move |_: &PoolName| Model::new(plan.clone(), setup))
}

impl Kind for Lottery {
    type Model = Model;
    type Books = Option<LotteryView>;
    type Seen = Seen<Refusal>;
    type Whole = ();

    const GRANTED_BY_A_GUEST: &'static str = "a lottery has no guests";

    fn parts(node: &mut Node) -> (&mut Yard, &mut Room<Lottery>) {
        (&mut node.yard, &mut node.lotteries)
    }

    fn opening(yard: &Yard, _: &PoolName) -> Option<Command> {
        Some(Command::Create(yard.plan.lottery.plan.clone()))
    }

    fn is_not_opened(refusal: &Refusal) -> bool {
        *refusal == Refusal::Unknown
    }

    fn is_expiry(_: &Event) -> bool {
        false
    }

    fn hear(agreement: &mut Agreement, _: &PoolName, event: &Event) {
        agreement.boxes.hear_of_lottery(event);
    }

    fn record(model: &mut Model, event: &Event, at: Time) {
        model.record(event, at);
    }

    fn model_books(model: &Model) -> Self::Books {
        model.known.clone()
    }

    fn compare(model: &Model, machine: &Lottery, cards: &Cards<'_>) {
        assert_eq!(machine.look(&Question, cards), model.known);
    }

    fn see(model: &Model, command: &Command, _: &Caller, seen: &mut Self::Seen) {
        seen.note(model.right(command));
    }

    fn lacks(_: &Model, command: &Command) -> bool {
        panic!("a lottery is one place: {command:?}")
    }

    fn is_what_was_asked_for(model: &Model, call: &Call<Lottery>, event: &Event, _: Time) {
        assert_eq!(model.right(&call.command), Ok(Answered::New), "it led to {event:?}");
        assert!(answers(&call.command, event), "{:?} led to {event:?}", call.command);
    }

    fn told_dry(_: &Told<Lottery>, event: &Event, _: Time) {
        panic!("nobody here asks what would happen: {event:?}");
    }

    fn told_done(told: &Told<Lottery>, event: &Event, durable: bool) {
        let command = &told.call.command;
        assert!(answers(command, event), "{command:?} was answered with {event:?}");
        assert!(told.model().has_come_to(event), "told before it was so: {event:?}");
        assert!(durable || told.seen_in(0).repeated(), "{event:?} is no repeat");
    }

    fn told_refused(told: &Told<Lottery>, refusal: &Refusal, tally: &mut Tally) {
        tally.count(match refusal {
            Refusal::Unknown => "lottery not created",
            Refusal::Exists => "lottery exists",
            Refusal::NotClosing => "lottery not closing",
            Refusal::NotClosed => "lottery not closed",
            Refusal::OtherBoxes => "other boxes than there are",
            Refusal::OtherSeed => "another seed",
            Refusal::OtherRound => "another round",
            Refusal::OtherLots => "other lots than were drawn",
            Refusal::Over
            | Refusal::BeingWithdrawn
            | Refusal::Touched
            | Refusal::NotWithdrawing => panic!("nobody withdraws it"),
        });
        refused_rightly(told, refusal);
    }

    fn told_answer(told: &Told<Lottery>, answer: &Answer, _: Time, _: &mut Tally) {
        assert!(told.books_since().contains(answer), "it never was so: {answer:?}");
    }
}

/// Whether that is an answer to the command. Who draws once more is told the first draw.
fn answers(command: &Command, event: &Event) -> bool {
    match (command, event) {
        (Command::Create(plan), Event::Arranged(known)) => plan == known,
        (Command::Finish { boxes }, Event::Sealed { boxes: known }) => boxes == known,
        (Command::Close, Event::Stopped { .. }) | (Command::Draw(_), Event::Drawn(_)) => true,
        _ => false,
    }
}
