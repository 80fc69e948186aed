//! A webhook in the world: what may be told of its cursor, and what its receiver has heard.
//!
//! Its couriers read the feed of all other partitions, which the store shows as they commit. The
//! receiver believes nobody: it notes what it hears, and at the end it must have heard all of the
//! feed, in its order, and nothing may ever have been passed over. Of a replay it must hear, once
//! more, all that lies between its two ends.

pub mod courier;

use super::ask::Call;
use super::kind::{Kind, Told};
use super::node::{Node, Yard};
use super::room::Room;
use super::tally::Tally;
use actors::cards::Cards;
use actors::domain::webhooks::{
    Answer, Command, Event, Question, Refusal, Telling, Trouble, WAITS_S, Webhook, WebhookPlan,
    WebhookReplay, WebhookView, WhyDisabled,
};
use actors::machine::{Machine, Role};
use actors::{Caller, Id, Time};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

pub const HOOK: Id = Id([77; 16]);

pub fn room() -> Room<Webhook> {
    Room::new(vec![HOOK], |_: &Id| Model::default())
}

pub fn plan() -> WebhookPlan {
    WebhookPlan { url: "https://receiver.example/".into(), events: vec!["*".into()] }
}

/// Whoever listens at the other end.
#[derive(Default)]
pub struct Receiver {
    heard: BTreeSet<u64>,
    /// In the order in which each was heard first.
    first: Vec<u64>,
    /// Everything up to here, of what is told, was heard.
    pub all_to: u64,
    /// Everything up to here, of what is told again, was heard again.
    pub again_to: u64,
}

impl Receiver {
    /// Hears what lies at that position. Before it lies nothing else that is told, after that one.
    pub fn hear(&mut self, after: u64, position: u64) {
        assert!(after <= self.all_to, "what lies between {} and {after} was skipped", self.all_to);
        if self.heard.insert(position) {
            self.first.push(position);
        }
        self.all_to = self.all_to.max(position);
    }

    /// Up to there nothing more is told.
    pub fn nothing_between(&mut self, after: u64, to: u64) {
        if after <= self.all_to {
            self.all_to = self.all_to.max(to);
        }
    }

    /// Hears once more what lies at that position, or that up to there nothing more is told again.
    /// A courier of an earlier replay may be at it still.
    pub fn hear_again(&mut self, after: u64, position: u64) {
        if after <= self.again_to {
            self.again_to = self.again_to.max(position);
        }
    }

    /// It has heard these, each for the first time in their order, and nothing else.
    pub fn has_heard(&self, told: &[u64]) {
        assert_eq!(self.first, told, "the receiver heard something else than was to be told");
    }
}

#[derive(Default)]
pub struct Model {
    from: Option<u64>,
    cursor: u64,
    attempts: u8,
    disabled: Option<WhyDisabled>,
    replay: Option<WebhookReplay>,
    replays: u32,
    pub receiver: Rc<RefCell<Receiver>>,
}

/// How far it is, and how often a delivery failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HookBooks {
    cursor: u64,
    attempts: u8,
    disabled: Option<WhyDisabled>,
    replay: Option<WebhookReplay>,
    replays: u32,
}

fn books_of(view: &WebhookView) -> HookBooks {
    let WebhookView { cursor, trouble, disabled, replay, replays, .. } = *view;
    let attempts = trouble.map_or(0, |trouble| trouble.attempts);
    HookBooks { cursor, attempts, disabled, replay, replays }
}

impl Model {
    fn fail(&mut self, Trouble { attempts, next_at }: Trouble, at: Time) {
        assert!(self.disabled.is_none(), "failed although it is disabled");
        assert_eq!(attempts, self.attempts + 1, "an attempt was not counted");
        let wait_s = WAITS_S[usize::from(self.attempts)];
        let latest = at.plus_s(wait_s + wait_s / 10 + 1);
        assert!(next_at >= at.plus_s(wait_s) && next_at <= latest, "tried again at a wrong time");
        self.attempts = attempts;
    }

    fn disable(&mut self, why: WhyDisabled) {
        assert!(self.disabled.is_none(), "disabled twice");
        let all = usize::from(self.attempts) == WAITS_S.len();
        assert!(why != WhyDisabled::GaveUp || all, "given up after {} attempts", self.attempts);
        (self.disabled, self.attempts) = (Some(why), 0);
    }

    fn begin_again(&mut self, replay: WebhookReplay) {
        assert!(self.disabled.is_none(), "told again although it is disabled");
        assert_eq!(self.replay.replace(replay), None, "two replays at once");
        self.replays += 1;
        self.receiver.borrow_mut().again_to = replay.cursor;
    }

    fn advance_replay(&mut self, to: u64) {
        let replay = self.replay.take().expect("somebody asked for a replay");
        let heard = self.receiver.borrow().again_to;
        assert!(to >= replay.cursor, "the replay went back from {} to {to}", replay.cursor);
        assert!(to.min(replay.end) <= heard, "the replay is at {to}, and {heard} was heard again");
        self.attempts = 0;
        self.replay = (to < replay.end).then_some(WebhookReplay { cursor: to, ..replay });
    }
}

impl Kind for Webhook {
    type Model = Model;
    type Books = Option<HookBooks>;
    type Seen = ();
    type Whole = ();

    const GRANTED_BY_A_GUEST: &'static str = "webhooks have no guests";

    fn parts(node: &mut Node) -> (&mut Yard, &mut Room<Webhook>) {
        (&mut node.yard, &mut node.webhooks)
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

    fn record(model: &mut Model, event: &Event, at: Time) {
        assert!(model.from.is_some() != matches!(event, Event::Created { .. }), "made twice");
        match event {
            Event::Created { from, .. } => {
                (model.from, model.cursor) = (Some(*from), *from);
                model.receiver.borrow_mut().all_to = *from;
            }
            Event::Advanced { line: Telling::Live, to } => {
                assert!(*to >= model.cursor, "the cursor went back from {} to {to}", model.cursor);
                let heard = model.receiver.borrow().all_to;
                assert!(*to <= heard, "the cursor is at {to}, and {heard} was heard");
                (model.cursor, model.attempts) = (*to, 0);
            }
            Event::Failed(trouble) => model.fail(*trouble, at),
            Event::Disabled(why) => model.disable(*why),
            Event::Enabled => {
                assert!(model.disabled.take().is_some(), "enabled although it was not disabled");
            }
            Event::Advanced { line: Telling::Replay, to } => model.advance_replay(*to),
            Event::ReplayBegun(replay) => model.begin_again(*replay),
            Event::Deleted => panic!("nobody asked for {event:?}"),
        }
    }

    fn model_books(model: &Model) -> Option<HookBooks> {
        let Model { from, cursor, attempts, disabled, replay, replays, .. } = *model;
        from.map(|_| HookBooks { cursor, attempts, disabled, replay, replays })
    }

    fn compare(model: &Model, machine: &Webhook, cards: &Cards<'_>) {
        let view = machine.look(&Question, cards);
        assert_eq!(view.as_ref().map(books_of), Self::model_books(model));
        assert_eq!(view.map(|view| view.from), model.from);
    }

    fn see(_: &Model, _: &Command, _: &Caller, (): &mut ()) {}

    fn lacks(_: &Model, _: &Command) -> bool {
        false
    }

    fn is_what_was_asked_for(_: &Model, call: &Call<Webhook>, event: &Event, _: Time) {
        match (&call.command, event) {
            (Command::Create { from, .. }, Event::Created { from: known, .. }) => {
                assert_eq!(from, known);
            }
            (Command::Advance { to }, Event::Advanced { line: Telling::Live, to: known })
            | (
                Command::AdvanceReplay { to, .. },
                Event::Advanced { line: Telling::Replay, to: known },
            ) => assert!(known >= to),
            (Command::Replay(replay), Event::ReplayBegun(begun)) => assert_eq!(replay, begun),
            (Command::Fail, Event::Failed(_) | Event::Disabled(_))
            | (Command::Disable(_), Event::Disabled(_))
            | (Command::Enable, Event::Enabled) => {}
            (command, event) => panic!("{command:?} led to {event:?}"),
        }
    }

    fn told_done(told: &Told<Webhook>, event: &Event, _: bool) {
        let model = told.model();
        match (&told.call.command, event) {
            (Command::Create { .. }, Event::Created { from, .. }) => {
                assert_eq!(model.from, Some(*from), "made, and nothing is written");
            }
            (Command::Advance { to }, Event::Advanced { line: Telling::Live, to: known }) => {
                assert!(known >= to && model.cursor >= *known, "the cursor is not that far");
            }
            _ => Self::is_what_was_asked_for(model, told.call, event, told.latest),
        }
    }

    fn told_dry(_: &Told<Webhook>, event: &Event, _: Time) {
        panic!("nobody asks what would be: {event:?}");
    }

    fn told_refused(told: &Told<Webhook>, refusal: &Refusal, tally: &mut Tally) {
        let was =
            |is_it: &dyn Fn(&HookBooks) -> bool| told.books_since().iter().flatten().any(is_it);
        match refusal {
            Refusal::Disabled => assert!(was(&|books| books.disabled.is_some())),
            Refusal::ReplayUnderWay => {
                assert!(was(&|books| books.replay.is_some()));
                tally.count("told again already");
            }
            Refusal::NoReplay => {
                let Command::AdvanceReplay { number, .. } = told.call.command else {
                    panic!("nobody asked of a replay")
                };
                assert!(was(&|books| books.replay.is_none() || books.replays > number));
                if was(&|books| books.replay.is_some() && books.replays > number) {
                    tally.count("told of an earlier replay");
                }
            }
            Refusal::NotAdmin => {
                assert_eq!(told.call.caller.role, Role::Member);
                tally.count("webhook not for members");
            }
            Refusal::Unknown => {
                let made = |event: &Event| matches!(event, Event::Created { .. });
                assert!(!told.before(told.place).any(made), "it was made before anybody asked");
            }
            Refusal::Exists => panic!("nobody asked for another webhook"),
        }
    }

    fn told_answer(told: &Told<Webhook>, answer: &Answer, _: Time, _: &mut Tally) {
        let books = answer.as_ref().map(books_of);
        assert!(told.books_since().contains(&books), "a webhook that never was: {books:?}");
    }
}
