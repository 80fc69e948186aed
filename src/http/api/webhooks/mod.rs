//! Webhooks: where events are pushed to, how that goes, and what is told again.
//!
//! The endpoints, and the calls about webhooks. `events` streams the same events live, `bulletins`
//! what each second came to, `bodies` has what is read and answered, `explain` what is said when a
//! webhook is refused.

pub mod bodies;
mod bulletins;
mod events;
pub mod explain;

use crate::http::acts;
use crate::http::api::webhooks::bodies::{
    CreateWebhook, DeliveryBody, NewWebhookBody, ReplayRange, WebhookBody, parse_events,
};
use crate::http::api::webhooks::explain::no_webhook;
use crate::http::body::Body;
use crate::http::caller::{Operator, Viewer};
use crate::http::endpoint::{Endpoint, Who};
use crate::http::fields::{id_in_path, parse_instant};
use crate::http::flags::{self, IdempotencyKey, Params};
use crate::http::mistakes::Mistakes;
use crate::http::page::{Items, Paging};
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::http::unchecked::Unchecked;
use crate::shared::Shared;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use actors::engine::{By, How};
use actors::{Caller, Id, Time};
use futures_util::future::try_join_all;
use ports::directory::AccountRole;
use products::telling::topics::{self, Topic};
use products::webhooks::{NewWebhook, Target};

pub fn endpoints() -> Vec<Endpoint> {
    const NONE: &[&problem::ProblemKind] = &[&problem::NOT_FOUND, &problem::UNAVAILABLE];
    vec![
        Endpoint::post("/webhooks", create)
            .named("createWebhook")
            .repeatable()
            .summary("Make a webhook")
            .notes(
                "Every event of these types from now on is posted to the URL, signed by Standard \
                 Webhooks, in order, at least once: the header \
                 `webhook-id` is the event's id, so that a repeat can be told. A failure is tried \
                 again by the table of that specification, from \
                 5 seconds to a day; after the tenth the webhook is disabled and keeps its place. \
                 410 disables it at once.",
            )
            .who(Who::Operator)
            .body::<CreateWebhook>()
            .answer::<NewWebhookBody>(201, "The webhook, and its secret.")
            .problems(&[&problem::TOO_MANY_WEBHOOKS, &problem::UNAVAILABLE]),
        Endpoint::get("/webhooks", list)
            .named("listWebhooks")
            .summary("List the webhooks")
            .who(Who::Viewer)
            .lists::<WebhookBody>("Without their secrets.")
            .problems(&[&problem::UNAVAILABLE]),
        Endpoint::get("/webhooks/{id}", show)
            .named("getWebhook")
            .summary("Look at a webhook")
            .who(Who::Viewer)
            .answer::<WebhookBody>(200, "The webhook.")
            .problems(NONE),
        Endpoint::delete("/webhooks/{id}", delete)
            .named("deleteWebhook")
            .repeatable()
            .summary("Delete a webhook")
            .who(Who::Operator)
            .answer_empty(204, "Nothing more is delivered, and its secret is forgotten.")
            .problems(NONE),
        Endpoint::post("/webhooks/{id}/enable", enable)
            .named("enableWebhook")
            .repeatable()
            .summary("Enable a webhook")
            .notes("It goes on where it stopped, at once.")
            .who(Who::Operator)
            .answer::<WebhookBody>(200, "The webhook.")
            .problems(NONE),
        Endpoint::post("/webhooks/{id}/disable", disable)
            .named("disableWebhook")
            .repeatable()
            .summary("Disable a webhook")
            .who(Who::Operator)
            .answer::<WebhookBody>(200, "The webhook.")
            .problems(NONE),
        Endpoint::get("/webhooks/{id}/deliveries", deliveries)
            .named("listDeliveries")
            .summary("List the latest attempts to deliver")
            .notes("The last hundred since this node started. They are kept in memory only.")
            .who(Who::Viewer)
            .lists::<DeliveryBody>("The newest first; one page.")
            .problems(NONE),
        Endpoint::post("/webhooks/{id}/replay", replay)
            .named("replayEvents")
            .repeatable()
            .summary("Deliver again what happened in a range of time")
            .notes("Beside what happens now, in order, under the same ids.")
            .who(Who::Operator)
            .body::<ReplayRange>()
            .answer::<WebhookBody>(202, "It has begun.")
            .problems(NONE)
            .problems(&[&problem::WEBHOOK_DISABLED, &problem::REPLAY_UNDER_WAY]),
        Endpoint::get("/events", events::listen)
            .named("followEvents")
            .summary("Follow what happens")
            .notes(
                "Server-sent events, the same as webhooks get: `id`, `event` (its type), `data` \
                 (the whole event as JSON). From now on, or \
                 from behind the event that the header `Last-Event-ID` names. Nothing is sent that \
                 is not durable. It ends when the node stops, and \
                 when the token expires or its session ends: then the last event is `closed`, \
                 whose `data` says why.",
            )
            .who(Who::Viewer)
            .header("Last-Event-ID", "The id of the last event that was heard.")
            .answer_text(200, "text/event-stream", "A stream that does not end by itself.")
            .problems(&[&problem::NOT_READABLE, &problem::BUSY, &problem::UNAVAILABLE]),
        Endpoint::get("/events/bulletins", bulletins::listen)
            .named("followBulletins")
            .summary("Follow what each second came to")
            .notes(
                "For those who show what happens to many at once: a bulletin a second, the same \
                 for all who listen, and small however much happens. Nothing is sent for a second \
                 in which nothing happened. Server-sent events: `bulletin`, whose `data` is JSON. \
                 `counts` says how many events of each type there were, `things` the same for each \
                 thing that they are about, by `campaigns`, `batches`, `lotteries` (pools, too), \
                 `jobs`, and its id. `granted` of a campaign says how many had claimed by \
                 then. `events` has the newest events whole, 20 at most, in order, as `/events` \
                 tells them. `left_out` says how many it has not (`events`), and how many events \
                 were about things that have no line in `things` (`of_things`), which has a \
                 hundred. Each bulletin begins where the one before ended: `after` is the `until` \
                 of that one, or else something was not heard, and has to be asked for. The first \
                 is empty and says where you begin. Whoever needs every event follows `/events`. \
                 It ends like `/events`.",
            )
            .who(Who::Viewer)
            .answer_text(200, "text/event-stream", "A stream that does not end by itself.")
            .problems(&[&problem::BUSY]),
    ]
}

async fn create(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    request: HttpRequest,
    key: IdempotencyKey,
    _: Params<flags::Nothing>,
    body: Unchecked<CreateWebhook>,
) -> Result<HttpResponse, Problem> {
    let (target, events) = body.checked(|CreateWebhook { url, events }| {
        let mut mistakes = Mistakes::default();
        let target = Target::parse(&url, shared.webhooks.private_addresses);
        let target = mistakes.check(target.map_err(|wanted| Problem::invalid("/url", wanted)));
        let events = mistakes.check(parse_events(events));
        target.zip(events).ok_or_else(|| mistakes.into())
    })?;
    let is_audit = |name: &String| topics::named(name).is_some_and(Topic::is_audit);
    if events.iter().any(is_audit) && acts::role(&request) != Some(AccountRole::Admin) {
        return Err(Problem::needs(AccountRole::Admin));
    }
    let by = By::for_good(caller);
    let made = shared.webhooks.create(target, events, by, key.text()).await?;
    let NewWebhook { id, view, secret: shown_once, replayed } = made;
    let body = NewWebhookBody { webhook: WebhookBody::of(id, view), secret: shown_once };
    Ok(reply::mark_replayed(reply::forbid_storing(reply::created(&body)), replayed))
}

async fn list(
    shared: web::Data<Shared>,
    _: Viewer,
    Params(paging): Params<Paging>,
) -> Result<HttpResponse, Problem> {
    let (limit, after) = (paging.limit()?, paging.after_id()?);
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
    _: Viewer,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let id = id_in_path(&id)?;
    Ok(reply::ok(&find_body(&shared, id).await?))
}

async fn delete(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let id = id_in_path(&id)?;
    let by = about(&key, caller, b"delete webhook", id);
    let replayed = shared.webhooks.delete(id, by).await?;
    Ok(reply::mark_replayed(HttpResponse::NoContent().finish(), replayed))
}

async fn enable(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let id = id_in_path(&id)?;
    let by = about(&key, caller, b"enable webhook", id);
    let replayed = shared.webhooks.enable(id, by).await?;
    Ok(reply::mark_replayed(reply::ok(&find_body(&shared, id).await?), replayed))
}

async fn disable(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let id = id_in_path(&id)?;
    let by = about(&key, caller, b"disable webhook", id);
    let replayed = shared.webhooks.disable(id, by).await?;
    Ok(reply::mark_replayed(reply::ok(&find_body(&shared, id).await?), replayed))
}

async fn deliveries(
    shared: web::Data<Shared>,
    _: Viewer,
    id: web::Path<String>,
    Params(paging): Params<Paging>,
) -> Result<HttpResponse, Problem> {
    let (id, limit) = (id_in_path(&id)?, paging.limit()?);
    if paging.after()?.is_some() {
        return Err(Problem::invalid("?cursor", "this list has one page"));
    }
    find_body(&shared, id).await?;
    let items =
        shared.webhooks.latest_attempts(id, limit).into_iter().map(DeliveryBody::from).collect();
    Ok(reply::ok(&Items::<DeliveryBody> { items, next_cursor: None }))
}

async fn replay(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
    Body(ReplayRange { from, to }): Body<ReplayRange>,
) -> Result<HttpResponse, Problem> {
    let id = id_in_path(&id)?;
    let (from, to) = parse_range(&from, &to)?;
    find_body(&shared, id).await?;
    let by = key.by(caller, How::ForGood, || {
        let range = [from, to].map(|at| at.0.to_be_bytes()).concat();
        vec![b"replay events".to_vec(), id.0.to_vec(), range]
    });
    let replayed = shared.webhooks.replay(id, from, to, by).await?;
    let answer = reply::json(StatusCode::ACCEPTED, &find_body(&shared, id).await?);
    Ok(reply::mark_replayed(answer, replayed))
}

/// The caller's command about that webhook, under their key.
fn about(key: &IdempotencyKey, caller: Caller, command: &[u8], id: Id) -> By {
    key.by(caller, How::ForGood, || vec![command.to_vec(), id.0.to_vec()])
}

fn parse_range(from: &str, to: &str) -> Result<(Time, Time), Problem> {
    let mut mistakes = Mistakes::default();
    let from = mistakes.check(parse_instant(from, "/from"));
    let to = mistakes.check(parse_instant(to, "/to"));
    let Some((from, to)) = from.zip(to) else { return Err(mistakes.into()) };
    mistakes.expect(from < to, "/to", "later than `from`");
    mistakes.end().map(|()| (from, to))
}

async fn find_body(shared: &Shared, id: Id) -> Result<WebhookBody, Problem> {
    let view = shared.webhooks.view(id).await?.ok_or_else(no_webhook)?;
    Ok(WebhookBody::of(id, view))
}
