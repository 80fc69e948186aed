//! What the calls about the node take and answer.

use crate::http::words;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = Health)]
pub struct HealthBody {
    #[schema(value_type = words::HealthStates)]
    pub status: &'static str,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Ready)]
pub struct ReadyBody {
    #[schema(value_type = words::HealthStates)]
    pub status: &'static str,
    /// `up`, `down`, or `off` if none is configured. A node is ready without it: sessions are then
    /// asked of the store, and budgets are its own.
    #[schema(value_type = words::RedisStates)]
    pub redis: &'static str,
    /// How many nodes this one knows to serve, itself included, where several can.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub nodes: Option<usize>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Readiness {
    /// False takes this node out of the balancer, true puts it back.
    pub ready: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = NodeClocks)]
pub struct ClockBody {
    /// The time that this node lives by.
    #[schema(format = DateTime)]
    pub now: String,
    /// What the machine's clock says.
    #[schema(format = DateTime)]
    pub clock: String,
    /// False while the machine's clock has moved and is not believed: then no commands are taken.
    pub settled: bool,
    /// By how many seconds it has moved; with a minus, back.
    pub moved_by_s: Option<i64>,
    /// When it is believed if it stays where it is, by the time that this node lives by.
    pub believed_at: Option<String>,
    /// By how many seconds the log that this node began with was written later than now: the clock
    /// was ahead when it was written, or is behind now.
    pub log_ahead_s: Option<i64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptClock {
    /// The `moved_by_s` that was seen, so that nobody accepts another step than they mean.
    #[schema(example = 3600)]
    pub moved_by_s: i64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = NodeSettings)]
pub struct SettingsBody {
    pub settings: Vec<SettingBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = NodeSetting)]
pub struct SettingBody {
    pub name: &'static str,
    /// As it would stand in a variable. Null: nothing is said, or it is a secret.
    pub value: Option<String>,
    pub is_secret: bool,
    pub is_set: bool,
    #[schema(value_type = words::SettingSources)]
    pub from: &'static str,
    /// The line of the file, the variable or the flag; null for a default.
    pub place: Option<String>,
    pub default: Option<String>,
    /// What it is for.
    pub meaning: &'static str,
}
