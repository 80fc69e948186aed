//! A webhook: where its receiver is, what it wants to hear, and how far the telling has come.
//!
//! Rules: the cursor only moves forward, and only over what was delivered. A failed delivery is
//! tried again after a while, by a fixed table with a little chance in it. After the last attempt,
//! or when the receiver says that it is gone, the webhook is disabled and its cursor stays, so that
//! nothing is forgotten. Enabled again, it goes on from there. A replay has a cursor of its own
//! beside that one, and a number: who tells of an earlier one moves nothing.

use super::rows;
use super::words::{
    Answer, Command, Event, Question, Refusal, Telling, Trouble, WebhookView, WhyDisabled,
};
use crate::cards::Cards;
use crate::dice::Dice;
use crate::id::Id;
use crate::machine::{Caller, Machine, Role, Stamp, Verdict};
use crate::store::Row;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// How long to wait after the first, second, … failed attempt: the schedule that Standard Webhooks
/// recommends. After one more it is over.
pub const WAITS_S: [u32; 9] = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// Up to a tenth is added to every wait, so that a receiver that comes back is not hit by all
/// deliveries at once.
const JITTER: i64 = 10;

#[derive(Default, Serialize, Deserialize)]
pub struct Webhook {
    view: Option<WebhookView>,
    deleted: bool,
}

impl Machine for Webhook {
    const KIND: &'static str = "webhook";
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
        caller: &Caller,
        stamp: &Stamp,
        _: &Cards<'_>,
    ) -> Result<Verdict<Event>, Refusal> {
        if caller.role == Role::Member {
            return Err(Refusal::NotAdmin);
        }
        match (command, &self.view) {
            (Command::Create { plan, from }, None) => {
                Ok(Verdict::New(Event::Created { plan: plan.clone(), from: *from }))
            }
            (Command::Delete, Some(_)) if self.deleted => Ok(Verdict::Already(Event::Deleted)),
            (_, None) => Err(Refusal::Unknown),
            (_, Some(_)) if self.deleted => Err(Refusal::Unknown),
            (Command::Create { plan, .. }, Some(view)) if *plan == view.plan => {
                Ok(Verdict::Already(Event::Created { plan: plan.clone(), from: view.from }))
            }
            (Command::Create { .. }, Some(_)) => Err(Refusal::Exists),
            (Command::Advance { to }, Some(view)) => {
                Ok(view.advance(Telling::Live, view.cursor, *to, false))
            }
            (Command::AdvanceReplay { number, to }, Some(view)) => {
                let replay = view.replay.filter(|_| *number == view.replays);
                let replay = replay.ok_or(Refusal::NoReplay)?;
                Ok(view.advance(Telling::Replay, replay.cursor, *to, *to >= replay.end))
            }
            (Command::Fail, Some(view)) => Ok(view.fail(stamp)),
            (Command::Disable(why), Some(view)) => Ok(match view.disabled {
                Some(why) => Verdict::Already(Event::Disabled(why)),
                None => Verdict::New(Event::Disabled(*why)),
            }),
            (Command::Enable, Some(view)) => Ok(match view.disabled {
                Some(_) => Verdict::New(Event::Enabled),
                None => Verdict::Already(Event::Enabled),
            }),
            (Command::Delete, Some(_)) => Ok(Verdict::New(Event::Deleted)),
            (Command::Replay(_), Some(WebhookView { disabled: Some(_), .. })) => {
                Err(Refusal::Disabled)
            }
            (Command::Replay(_), Some(WebhookView { replay: Some(_), .. })) => {
                Err(Refusal::ReplayUnderWay)
            }
            (Command::Replay(replay), Some(_)) => Ok(Verdict::New(Event::ReplayBegun(*replay))),
        }
    }

    fn apply(&mut self, event: &Event, at: Time) {
        if let Event::Created { plan, from } = event {
            let (plan, from) = (plan.clone(), *from);
            self.view = Some(WebhookView {
                plan,
                created_at: at,
                from,
                cursor: from,
                trouble: None,
                disabled: None,
                replay: None,
                replays: 0,
            });
        }
        let Some(view) = &mut self.view else { return };
        match event {
            Event::Created { .. } => {}
            Event::Advanced { line, to } => view.move_to(*line, *to),
            Event::Failed(trouble) => view.trouble = Some(*trouble),
            Event::Disabled(why) => (view.disabled, view.trouble) = (Some(*why), None),
            Event::Enabled => view.disabled = None,
            Event::Deleted => self.deleted = true,
            Event::ReplayBegun(replay) => {
                (view.replay, view.replays) = (Some(*replay), view.replays + 1);
            }
        }
    }

    fn look(&self, _: &Question, _: &Cards<'_>) -> Answer {
        self.view.clone().filter(|_| !self.deleted)
    }

    fn rows(name: &Id, event: &Event, _: Time, rows: &mut Vec<Row>) {
        rows::declare(name, event, rows);
    }
}

impl WebhookView {
    /// A success ends the trouble there was, even if it leads no further than the log had been read
    /// before.
    fn advance(&self, line: Telling, cursor: u64, to: u64, ends: bool) -> Verdict<Event> {
        let advanced = Event::Advanced { line, to: to.max(cursor) };
        match to > cursor || ends || self.trouble.is_some() {
            true => Verdict::New(advanced),
            false => Verdict::Already(advanced),
        }
    }

    fn move_to(&mut self, line: Telling, to: u64) {
        self.trouble = None;
        match (line, &mut self.replay) {
            (Telling::Live, _) => self.cursor = to,
            (Telling::Replay, Some(replay)) if to < replay.end => replay.cursor = to,
            (Telling::Replay, replay) => *replay = None,
        }
    }

    fn fail(&self, stamp: &Stamp) -> Verdict<Event> {
        if let Some(why) = self.disabled {
            return Verdict::Already(Event::Disabled(why));
        }
        let failed_before = self.trouble.map_or(0, |trouble| trouble.attempts);
        let Some(wait_s) = WAITS_S.get(failed_before as usize) else {
            return Verdict::New(Event::Disabled(WhyDisabled::GaveUp));
        };
        let most_ms = i64::from(*wait_s) * 1000 / JITTER;
        let jitter_ms = Dice::new(stamp.seed).below(most_ms as u64 + 1) as i64;
        let next_at = Time(stamp.at.plus_s(*wait_s).0.saturating_add(jitter_ms));
        Verdict::New(Event::Failed(Trouble { attempts: failed_before + 1, next_at }))
    }
}
