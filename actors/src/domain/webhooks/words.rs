//! What a webhook is, what it is told and asked, what happens, and why not.

use crate::machine::Refused;
use crate::time::Time;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookPlan {
    pub url: String,
    /// The types of events, or `*` for all.
    pub events: Vec<String>,
}

/// Which of the two tellings: what happens now, or what is told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Telling {
    Live,
    Replay,
}

/// What is told again: events of that time, found between two positions of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookReplay {
    pub from: Time,
    pub to: Time,
    /// Everything up to this position has been looked at.
    pub cursor: u64,
    /// Where it ends.
    pub end: u64,
}

/// Why nothing is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WhyDisabled {
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

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WebhookView {
    pub plan: WebhookPlan,
    pub created_at: Time,
    /// Where it began.
    pub from: u64,
    /// Everything up to this position of the log has been delivered.
    pub cursor: u64,
    pub trouble: Option<Trouble>,
    pub disabled: Option<WhyDisabled>,
    /// What is told again. Its number is how many replays have begun.
    pub replay: Option<WebhookReplay>,
    pub replays: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    /// Tells everything after that position.
    Create {
        plan: WebhookPlan,
        from: u64,
    },
    /// Everything up to that position was delivered, of what happens now.
    Advance {
        to: u64,
    },
    /// The same of the replay with that number.
    AdvanceReplay {
        number: u32,
        to: u64,
    },
    /// The next delivery has failed.
    Fail,
    Disable(WhyDisabled),
    Enable,
    Delete,
    Replay(WebhookReplay),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Created { plan: WebhookPlan, from: u64 },
    Advanced { line: Telling, to: u64 },
    Failed(Trouble),
    Disabled(WhyDisabled),
    Enabled,
    Deleted,
    ReplayBegun(WebhookReplay),
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

/// All that is known of it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Question;

/// None: there is no such webhook.
pub type Answer = Option<WebhookView>;
