//! What the calls about webhooks take and answer.

use crate::http::mistakes::Mistakes;
use crate::http::problem::Problem;
use crate::http::words;
use actors::Id;
use actors::domain::webhooks::{Telling, WebhookView, WhyDisabled};
use base::calendar::wire_time;
use products::telling::topics::{self, Topic};
use products::webhooks::Attempt;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWebhook {
    /// `https`, and a public address, unless the setting `webhook_private_addresses` allows others.
    #[schema(example = "https://shop.example/hooks/stampede")]
    pub url: String,
    /// Types of events, or `*` for all of them.
    #[schema(example = json!(["campaign.claimed", "coupon.used"]))]
    #[schema(value_type = Vec<words::EventChoices>)]
    pub events: Vec<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayRange {
    /// The first instant, RFC 3339.
    #[schema(format = DateTime)]
    pub from: String,
    /// The instant before which it ends.
    #[schema(format = DateTime)]
    pub to: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookBody {
    pub id: String,
    pub url: String,
    #[schema(value_type = Vec<words::EventChoices>)]
    pub events: Vec<String>,
    /// `enabled`; `retrying` after a failure; or `disabled`: nothing is delivered, nothing is
    /// forgotten.
    #[schema(value_type = words::WebhookStates)]
    pub state: &'static str,
    /// `gone` (the receiver answered 410), `gave_up` (the last attempt has failed) or `ordered`.
    #[schema(value_type = Option<words::WebhookStops>)]
    pub disabled_because: Option<&'static str>,
    /// How often the delivery under way has failed.
    pub failed_attempts: u8,
    pub next_attempt_at: Option<String>,
    /// The replay under way.
    pub replay: Option<ReplayBody>,
    pub created_at: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WebhookReplay)]
pub struct ReplayBody {
    #[schema(format = DateTime)]
    pub from: String,
    #[schema(format = DateTime)]
    pub to: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = NewWebhook)]
pub struct NewWebhookBody {
    #[serde(flatten)]
    pub webhook: WebhookBody,
    /// Verifies signatures, by Standard Webhooks. It is shown this once.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub secret: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub struct DeliveryBody {
    /// The id of the event, and of the message.
    pub event: String,
    #[schema(value_type = words::EventTypes)]
    pub r#type: &'static str,
    pub at: String,
    /// `delivered` or `failed`.
    #[schema(value_type = words::Outcomes)]
    pub outcome: &'static str,
    /// What the receiver answered. Null if it did not.
    pub status: Option<u16>,
    /// Why there was no answer.
    pub error: Option<String>,
    pub duration_ms: u64,
    /// Whether it belongs to a replay.
    pub replay: bool,
    /// When it is tried again.
    pub next_attempt_at: Option<String>,
}

/// In the order of the table and each once, so that the same wish is the same plan.
pub fn parse_events(mut events: Vec<String>) -> Result<Vec<String>, Problem> {
    if events.is_empty() {
        return Err(Problem::invalid("/events", "at least one type, or `*`"));
    }
    let known: Vec<&str> = topics::ALL.iter().map(|topic| topic.name).collect();
    let wanted = format!("`*` or one of {}", known.join(", "));
    let mut mistakes = Mistakes::default();
    for (at, name) in events.iter().enumerate() {
        let is_known = name == "*" || topics::named(name).is_some();
        mistakes.expect(is_known, &format!("/events/{at}"), wanted.as_str());
    }
    mistakes.end()?;
    if events.iter().any(|name| name == "*") {
        // These it does not stand for.
        events.retain(|name| name == "*" || topics::named(name).is_some_and(Topic::is_audit));
    }
    events.sort();
    events.dedup();
    Ok(events)
}

impl WebhookBody {
    pub fn of(id: Id, view: WebhookView) -> WebhookBody {
        let WebhookView { plan, created_at, trouble, disabled, replay, .. } = view;
        WebhookBody {
            id: id.to_string(),
            url: plan.url,
            events: plan.events,
            state: match (disabled, trouble) {
                (Some(_), _) => "disabled",
                (None, Some(_)) => "retrying",
                (None, None) => "enabled",
            },
            disabled_because: disabled.map(|why| match why {
                WhyDisabled::Gone => "gone",
                WhyDisabled::GaveUp => "gave_up",
                WhyDisabled::Ordered => "ordered",
            }),
            failed_attempts: trouble.map_or(0, |trouble| trouble.attempts),
            next_attempt_at: trouble.map(|trouble| wire_time(trouble.next_at)),
            replay: replay.map(|replay| ReplayBody {
                from: wire_time(replay.from),
                to: wire_time(replay.to),
            }),
            created_at: wire_time(created_at),
        }
    }
}

impl From<Attempt> for DeliveryBody {
    fn from(attempt: Attempt) -> DeliveryBody {
        DeliveryBody {
            event: attempt.event.to_string(),
            r#type: attempt.topic,
            at: wire_time(attempt.at),
            outcome: if attempt.sent.is_delivered() { "delivered" } else { "failed" },
            status: attempt.sent.result.as_ref().ok().copied(),
            duration_ms: attempt.sent.took.as_millis() as u64,
            error: attempt.sent.result.err(),
            replay: attempt.line == Telling::Replay,
            next_attempt_at: attempt.next_at.map(wire_time),
        }
    }
}
