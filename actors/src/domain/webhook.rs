//! A webhook: where its receiver is, what it wants to hear, and how far the telling has come.
//!
//! Rules: the cursor only moves forward, and only over what was delivered. A failed delivery is
//! tried again after a while, by a fixed table with a little chance in it; after the last attempt,
//! or when the receiver says that it is gone, the webhook is disabled and its cursor stays, so that
//! nothing is forgotten. Enabled again, it goes on from there. A replay has a cursor of its own
//! beside that one.

use super::shelves;
use crate::dice::Dice;
use crate::id::Id;
use crate::machine::{Caller, Machine, Refused, Role, Stamp, Verdict};
use crate::store::Row;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// How long to wait after the first, second, … failed attempt: the schedule that Standard Webhooks
/// recommends. After one more it is over.
pub const WAITS_S: [u32; 9] = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// Up to a tenth is added to every wait, so that receivers that came back are not hit by everybody
/// at once.
const JITTER: i64 = 10;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub url: String,
    /// The types of events, or `*` for all.
    pub events: Vec<String>,
}

/// Which of the two tellings: what happens now, or what is told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Line {
    Live,
    Replay,
}

/// What is told again: events of that time, found between two positions of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    pub from: Time,
    pub to: Time,
    /// Everything up to this position has been looked at.
    pub cursor: u64,
    /// Where it ends.
    pub end: u64,
}

/// Why nothing is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Why {
    /// The receiver answered 410.
    Gone,
    /// The last attempt has failed.
    GaveUp,
    /// An administrator said so.
    Ordered,
}

/// The delivery under way has failed so many times, and is tried again then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    pub attempts: u8,
    pub next_at: Time,
}

#[derive(Default, Serialize, Deserialize)]
pub struct Webhook {
    view: Option<View>,
    deleted: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct View {
    pub plan: Plan,
    pub created_at: Time,
    /// Where it began.
    pub from: u64,
    /// Everything up to this position of the log has been delivered.
    pub cursor: u64,
    pub trouble: Option<Trouble>,
    pub disabled: Option<Why>,
    pub replay: Option<Replay>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    /// Tells everything after that position.
    Create {
        plan: Plan,
        from: u64,
    },
    /// Everything up to that position was delivered.
    Advance {
        line: Line,
        to: u64,
    },
    /// The next delivery has failed.
    Fail,
    Disable(Why),
    Enable,
    Delete,
    Replay(Replay),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Created { plan: Plan, from: u64 },
    Advanced { line: Line, to: u64 },
    Failed(Trouble),
    Disabled(Why),
    Enabled,
    Deleted,
    ReplayBegun(Replay),
}

/// In order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    NotAdmin,
    Unknown,
    Exists,
    Disabled,
    ReplayUnderWay,
    NoReplay,
}

impl Refused for Refusal {}

#[derive(Clone, Serialize, Deserialize)]
pub struct Look;

impl Machine for Webhook {
    const KIND: &'static str = "webhook";
    type Name = Id;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;
    type Question = Look;
    type Answer = Option<View>;
    type Witness = ();

    fn decide(
        &self,
        command: &Command,
        caller: &Caller,
        stamp: &Stamp,
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
            (Command::Advance { line, to }, Some(view)) => view.advance(*line, *to),
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
            (Command::Replay(_), Some(View { disabled: Some(_), .. })) => Err(Refusal::Disabled),
            (Command::Replay(_), Some(View { replay: Some(_), .. })) => {
                Err(Refusal::ReplayUnderWay)
            }
            (Command::Replay(replay), Some(_)) => Ok(Verdict::New(Event::ReplayBegun(*replay))),
        }
    }

    fn apply(&mut self, event: &Event, at: Time) {
        if let Event::Created { plan, from } = event {
            let (plan, from) = (plan.clone(), *from);
            self.view = Some(View {
                plan,
                created_at: at,
                from,
                cursor: from,
                trouble: None,
                disabled: None,
                replay: None,
            });
        }
        let Some(view) = &mut self.view else { return };
        match event {
            Event::Created { .. } => {}
            Event::Advanced { line, to } => view.advanced(*line, *to),
            Event::Failed(trouble) => view.trouble = Some(*trouble),
            Event::Disabled(why) => (view.disabled, view.trouble) = (Some(*why), None),
            Event::Enabled => view.disabled = None,
            Event::Deleted => self.deleted = true,
            Event::ReplayBegun(replay) => view.replay = Some(*replay),
        }
    }

    fn look(&self, _: &Look) -> Option<View> {
        self.view.clone().filter(|_| !self.deleted)
    }

    /// The list of webhooks: one line each, in the order of their creation.
    fn rows(name: &Id, event: &Event, _: Time, rows: &mut Vec<Row>) {
        let body = match event {
            Event::Created { .. } => Some(Vec::new()),
            Event::Deleted => None,
            _ => return,
        };
        rows.push(Row { shelf: shelves::WEBHOOKS, owner: Id::SYSTEM, key: name.0.to_vec(), body });
    }
}

impl View {
    /// A success ends the trouble there was, even if it leads no further than the log had been read
    /// before.
    fn advance(&self, line: Line, to: u64) -> Result<Verdict<Event>, Refusal> {
        let (cursor, ends) = match (line, self.replay) {
            (Line::Live, _) => (self.cursor, false),
            (Line::Replay, Some(replay)) => (replay.cursor, to >= replay.end),
            (Line::Replay, None) => return Err(Refusal::NoReplay),
        };
        let advanced = Event::Advanced { line, to: to.max(cursor) };
        Ok(if to > cursor || ends || self.trouble.is_some() {
            Verdict::New(advanced)
        } else {
            Verdict::Already(advanced)
        })
    }

    fn advanced(&mut self, line: Line, to: u64) {
        self.trouble = None;
        match (line, &mut self.replay) {
            (Line::Live, _) => self.cursor = to,
            (Line::Replay, Some(replay)) if to < replay.end => replay.cursor = to,
            (Line::Replay, replay) => *replay = None,
        }
    }

    fn fail(&self, stamp: &Stamp) -> Verdict<Event> {
        if let Some(why) = self.disabled {
            return Verdict::Already(Event::Disabled(why));
        }
        let failed_before = self.trouble.map_or(0, |trouble| trouble.attempts);
        let Some(wait_s) = WAITS_S.get(failed_before as usize) else {
            return Verdict::New(Event::Disabled(Why::GaveUp));
        };
        let most_ms = i64::from(*wait_s) * 1000 / JITTER;
        let jitter_ms = Dice::new(stamp.seed).below(most_ms as u64 + 1) as i64;
        let next_at = Time(stamp.at.plus_s(*wait_s).0.saturating_add(jitter_ms));
        Verdict::New(Event::Failed(Trouble { attempts: failed_before + 1, next_at }))
    }
}
