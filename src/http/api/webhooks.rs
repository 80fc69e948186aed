//! Webhooks: where events are pushed to, how that goes, and what is told again.

use super::auth::{after_id, keyed, known_id, secret};
use crate::http::body::Body;
use crate::http::caller::Admin;
use crate::http::endpoint::{Endpoint, Who};
use crate::http::flags::{self, IdempotencyKey, Params};
use crate::http::page::{Items, Paging};
use crate::http::problem::{self, Explain, Problem};
use crate::http::reply;
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use actors::domain::webhooks::{Refusal, Telling, WebhookView, WhyDisabled};
use actors::engine::By;
use actors::{Id, Time};
use base::calendar::wire_time;
use futures_util::future::try_join_all;
use products::telling::topics;
use products::webhooks::{Attempt, NewWebhook, NotMade, Target};
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
    pub events: Vec<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayRange {
    /// The first instant, RFC 3339.
    pub from: String,
    /// The instant before which it ends.
    pub to: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookBody {
    pub id: String,
    pub url: String,
    pub events: Vec<String>,
    /// `enabled`; `retrying` after a failure; or `disabled`: nothing is delivered, nothing is
    /// forgotten.
    pub state: &'static str,
    /// `gone` (the receiver answered 410), `gave_up` (the last attempt has failed) or `ordered`.
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
    pub from: String,
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
    pub r#type: &'static str,
    pub at: String,
    /// `delivered` or `failed`.
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

pub fn endpoints() -> Vec<Endpoint> {
    const NONE: &[&problem::ProblemKind] = &[&problem::NOT_FOUND, &problem::UNAVAILABLE];
    vec![
        keyed(Endpoint::post("/webhooks", create))
            .summary("Make a webhook")
            .notes(
                "Every event of these types from now on is posted to the URL, signed by Standard \
                 Webhooks, in order, at least once: the header \
                 `webhook-id` is the event's id, so that a repeat can be told. A failure is tried \
                 again by the table of that specification, from \
                 5 seconds to a day; after the tenth the webhook is disabled and keeps its place. \
                 410 disables it at once.",
            )
            .who(Who::Admin)
            .body::<CreateWebhook>()
            .answer::<NewWebhookBody>(201, "The webhook, and its secret.")
            .problems(&[&problem::TOO_MANY_WEBHOOKS, &problem::UNAVAILABLE]),
        Endpoint::get("/webhooks", list)
            .summary("List the webhooks")
            .who(Who::Admin)
            .lists::<WebhookBody>("Without their secrets.")
            .problems(&[&problem::UNAVAILABLE]),
        Endpoint::get("/webhooks/{id}", show)
            .summary("Look at a webhook")
            .who(Who::Admin)
            .answer::<WebhookBody>(200, "The webhook.")
            .problems(NONE),
        Endpoint::delete("/webhooks/{id}", delete)
            .summary("Delete a webhook")
            .who(Who::Admin)
            .answer_empty(204, "Nothing more is delivered, and its secret is forgotten.")
            .problems(NONE),
        Endpoint::post("/webhooks/{id}/enable", enable)
            .summary("Enable a webhook")
            .notes("It goes on where it stopped, at once.")
            .who(Who::Admin)
            .answer::<WebhookBody>(200, "The webhook.")
            .problems(NONE),
        Endpoint::post("/webhooks/{id}/disable", disable)
            .summary("Disable a webhook")
            .who(Who::Admin)
            .answer::<WebhookBody>(200, "The webhook.")
            .problems(NONE),
        Endpoint::get("/webhooks/{id}/deliveries", deliveries)
            .summary("List the latest attempts to deliver")
            .notes("The last hundred since this node started. They are kept in memory only.")
            .who(Who::Admin)
            .lists::<DeliveryBody>("The newest first; one page.")
            .problems(NONE),
        Endpoint::post("/webhooks/{id}/replay", replay)
            .summary("Deliver again what happened in a range of time")
            .notes("Beside what happens now, in order, under the same ids.")
            .who(Who::Admin)
            .body::<ReplayRange>()
            .answer::<WebhookBody>(202, "It has begun.")
            .problems(NONE)
            .problems(&[&problem::WEBHOOK_DISABLED, &problem::REPLAY_UNDER_WAY]),
    ]
}

async fn create(
    shared: web::Data<Shared>,
    Admin(caller): Admin,
    key: IdempotencyKey,
    _: Params<flags::Nothing>,
    Body(CreateWebhook { url, events }): Body<CreateWebhook>,
) -> Result<HttpResponse, Problem> {
    let target = Target::parse(&url, shared.webhooks.private_addresses)
        .map_err(|wanted| Problem::invalid("/url", wanted))?;
    let made =
        shared.webhooks.create(target, wanted(events)?, By::for_good(caller), key.text()).await?;
    let NewWebhook { id, view, secret: shown_once, replayed } = made;
    let body = NewWebhookBody { webhook: WebhookBody::of(id, view), secret: shown_once };
    Ok(reply::replayed(secret(reply::created(&body)), replayed))
}

async fn list(
    shared: web::Data<Shared>,
    _: Admin,
    Params(paging): Params<Paging>,
) -> Result<HttpResponse, Problem> {
    let (limit, after) = (paging.limit()?, after_id(&paging)?);
    let found = shared.webhooks.list(after, limit + 1).await?;
    let ids = Items::page(found, limit, |id: &Id| id.0.to_vec(), Some);
    let views = try_join_all(ids.items.iter().map(|id| shared.webhooks.view(*id))).await?;
    let items = ids
        .items
        .iter()
        .zip(views)
        .filter_map(|(id, view)| Some(WebhookBody::of(*id, view?)))
        .collect();
    Ok(reply::ok(&Items::<WebhookBody> { items, next_cursor: ids.next_cursor }))
}

async fn show(
    shared: web::Data<Shared>,
    _: Admin,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let id = known_id(&id)?;
    Ok(reply::ok(&view(&shared, id).await?))
}

async fn delete(
    shared: web::Data<Shared>,
    Admin(caller): Admin,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    shared.webhooks.delete(known_id(&id)?, By::for_good(caller)).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn enable(
    shared: web::Data<Shared>,
    Admin(caller): Admin,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let id = known_id(&id)?;
    shared.webhooks.enable(id, By::for_good(caller)).await?;
    Ok(reply::ok(&view(&shared, id).await?))
}

async fn disable(
    shared: web::Data<Shared>,
    Admin(caller): Admin,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let id = known_id(&id)?;
    shared.webhooks.disable(id, By::for_good(caller)).await?;
    Ok(reply::ok(&view(&shared, id).await?))
}

async fn deliveries(
    shared: web::Data<Shared>,
    _: Admin,
    id: web::Path<String>,
    Params(paging): Params<Paging>,
) -> Result<HttpResponse, Problem> {
    let (id, limit) = (known_id(&id)?, paging.limit()?);
    if paging.after()?.is_some() {
        return Err(Problem::invalid("?cursor", "this list has one page"));
    }
    view(&shared, id).await?;
    let items =
        shared.webhooks.latest_attempts(id, limit).into_iter().map(DeliveryBody::from).collect();
    Ok(reply::ok(&Items::<DeliveryBody> { items, next_cursor: None }))
}

async fn replay(
    shared: web::Data<Shared>,
    Admin(caller): Admin,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
    Body(ReplayRange { from, to }): Body<ReplayRange>,
) -> Result<HttpResponse, Problem> {
    let id = known_id(&id)?;
    let (from, to) = (instant("/from", &from)?, instant("/to", &to)?);
    if from >= to {
        return Err(Problem::invalid("/to", "later than `from`"));
    }
    view(&shared, id).await?;
    shared.webhooks.replay(id, from, to, By::for_good(caller)).await?;
    Ok(reply::json(actix_web::http::StatusCode::ACCEPTED, &view(&shared, id).await?))
}

async fn view(shared: &Shared, id: Id) -> Result<WebhookBody, Problem> {
    let view = shared.webhooks.view(id).await?.ok_or_else(no_webhook)?;
    Ok(WebhookBody::of(id, view))
}

fn no_webhook() -> Problem {
    Problem::new(&problem::NOT_FOUND, "there is no such webhook")
}

fn instant(pointer: &str, text: &str) -> Result<Time, Problem> {
    let instant: jiff::Timestamp = text
        .parse()
        .map_err(|_| Problem::invalid(pointer, "an instant like 2026-12-31T09:00:00Z"))?;
    Ok(Time(instant.as_millisecond()))
}

/// In the order of the table and each once, so that the same wish is the same plan.
fn wanted(mut events: Vec<String>) -> Result<Vec<String>, Problem> {
    if events.is_empty() {
        return Err(Problem::invalid("/events", "at least one type, or `*`"));
    }
    let unknown = events.iter().position(|name| name != "*" && topics::named(name).is_none());
    if let Some(at) = unknown {
        let known: Vec<&str> = topics::ALL.iter().map(|topic| topic.name).collect();
        return Err(Problem::invalid(
            &format!("/events/{at}"),
            format!("`*` or one of {}", known.join(", ")),
        ));
    }
    if events.iter().any(|name| name == "*") {
        return Ok(vec!["*".into()]);
    }
    events.sort();
    events.dedup();
    Ok(events)
}

impl WebhookBody {
    fn of(id: Id, view: WebhookView) -> WebhookBody {
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

impl Explain for Refusal {
    fn explain(self) -> Problem {
        match self {
            Refusal::NotAdmin => {
                Problem::new(&problem::FORBIDDEN, "only an administrator may do this")
            }
            Refusal::Unknown => no_webhook(),
            Refusal::Exists => Problem::plain(&problem::KEY_REUSED),
            Refusal::Disabled => Problem::plain(&problem::WEBHOOK_DISABLED),
            Refusal::ReplayUnderWay => Problem::plain(&problem::REPLAY_UNDER_WAY),
            // Only its courier moves a replay on.
            Refusal::NoReplay => Problem::plain(&problem::INTERNAL),
        }
    }
}

impl From<NotMade> for Problem {
    fn from(not_made: NotMade) -> Problem {
        match not_made {
            NotMade::NotPublic => Problem::invalid(
                "/url",
                "a public address: this one, or what its name means, is private or special",
            ),
            NotMade::TooMany => Problem::plain(&problem::TOO_MANY_WEBHOOKS),
            // The key named a webhook that was deleted since.
            NotMade::Failed(error)
                if error.refusal() == Some(&products::Refusal::Webhook(Refusal::Unknown)) =>
            {
                Problem::plain(&problem::KEY_REUSED)
            }
            NotMade::Failed(error) => error.into(),
        }
    }
}
