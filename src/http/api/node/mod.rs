//! The node: health and metrics, for balancers and Prometheus, and its clocks.
//!
//! The endpoints, those at the root and those below `/api/v1`, and the calls about health. `clock`
//! has those about the clocks, `live` what goes on, `settings` what it runs with, `bodies` what is
//! read and answered.

pub mod bodies;
mod clock;
mod live;
mod settings;

use crate::http::api::node::bodies::{
    AcceptClock, ClockBody, HealthBody, Readiness, ReadyBody, SettingsBody,
};
use crate::http::body::Body;
use crate::http::caller::Admin;
use crate::http::endpoint::{Endpoint, Who};
use crate::http::flags::{self, IdempotencyKey, Params};
use crate::http::origin::certain_address;
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::shared::Shared;
use actix_web::{HttpRequest, HttpResponse, web};
use base::meters;
use std::sync::atomic::Ordering;

/// Below `/api/v1`.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/clock", clock::show)
            .named("getClock")
            .summary("How this node's clocks stand")
            .notes("Of the node that answers; on several nodes, ask each.")
            .who(Who::Admin)
            .answer::<ClockBody>(200, "How they stand."),
        Endpoint::post("/clock/accept", clock::accept)
            .named("acceptClock")
            .once()
            .summary("Say that a clock which has moved is right")
            .notes(
                "Only for the node that answers. From then on the node lives by it, and whatever \
                 is due by then happens: draws, expiries, notices. \
                 If the clock is wrong, set it right instead; the node goes on by itself.",
            )
            .who(Who::Admin)
            .body::<AcceptClock>()
            .answer::<ClockBody>(200, "It is believed.")
            .problems(&[&problem::NOT_MOVED_SO]),
        Endpoint::get("/live", live::listen)
            .named("followFigures")
            .summary("Follow what goes on at this node")
            .notes(
                "Server-sent events, once a second and the same for all who listen: `figures`, \
                 whose `data` is JSON. `rates` says how often a second something was done, \
                 `refusals` what was refused and why, `answers` how long commands took, `commits` \
                 how long the store took and how many events went into one commit, `gauges` what \
                 `/metrics` shows under these names, and `stock` what is left of what is awake. \
                 It is made from the meters, so it asks the store nothing. It ends like \
                 `/events`.",
            )
            .who(Who::Viewer)
            .answer_text(200, "text/event-stream", "A stream that does not end by itself.")
            .problems(&[&problem::BUSY]),
        Endpoint::get("/settings", settings::show)
            .named("getSettings")
            .summary("With which settings this node runs")
            .notes(
                "Those of the node that answers, as `stampede config` tells them. Of a secret it \
                 is told whether there is one, and nothing else.",
            )
            .who(Who::Admin)
            .answer::<SettingsBody>(200, "All of them."),
    ]
}

/// At the root.
pub fn endpoints_at_root() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/health/live", live)
            .named("isLive")
            .summary("Whether the process answers")
            .notes("Touches nothing.")
            .answer::<HealthBody>(200, "It does.")
            .problems(&[&problem::INVALID]),
        Endpoint::get("/health/ready", ready)
            .named("isReady")
            .summary("Whether traffic is welcome")
            .notes(
                "Writes a row, at most twice a second however often it is asked; so a full \
                disk, a stuck writer or a damaged database shows.",
            )
            .answer::<ReadyBody>(200, "It is.")
            .problems(&[&problem::STARTING, &problem::INVALID]),
        Endpoint::put("/health/ready", set_ready)
            .named("setReady")
            .keyed()
            .summary("Leave or join the balancer")
            .notes(
                "Done as often as it is asked, because it is the same every time. Nothing is \
                written for it, so that a node whose store fails can leave, too.",
            )
            .who(Who::Admin)
            .body::<Readiness>()
            .answer::<HealthBody>(200, "How it is now."),
        Endpoint::get("/metrics", metrics)
            .named("getMetrics")
            .summary("Metrics for Prometheus")
            .notes(
                "For the networks that the setting `metrics_from` names: this machine, if \
                nothing is said.",
            )
            .answer_text(200, "text/plain", "Text exposition format.")
            .problems(&[&problem::FORBIDDEN]),
    ]
}

async fn live(_: Params<flags::Nothing>) -> HttpResponse {
    reply::ok(&HealthBody { status: "live" })
}

async fn ready(
    shared: web::Data<Shared>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    shared.ready().await.map_err(|why| Problem::new(&problem::STARTING, why))?;
    let redis = shared.people.look_at_memory().await.map_or("off", |state| state.name());
    let nodes = shared.cluster().map(|cluster| cluster.membership().serving.len());
    Ok(reply::ok(&ReadyBody { status: "ready", redis, nodes }))
}

async fn set_ready(
    shared: web::Data<Shared>,
    Admin(_): Admin,
    _: IdempotencyKey,
    Body(Readiness { ready }): Body<Readiness>,
) -> HttpResponse {
    shared.joined.store(ready, Ordering::Release);
    reply::ok(&HealthBody { status: if ready { "ready" } else { "left" } })
}

async fn metrics(shared: web::Data<Shared>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let address = certain_address(&request, &shared.config.trusted_proxies);
    if !address.is_some_and(|address| {
        shared.config.metrics_from.iter().any(|network| network.contains(address))
    }) {
        return Err(Problem::new(
            &problem::FORBIDDEN,
            "the setting `metrics_from` names the networks that may read this",
        ));
    }
    let text = meters::install().render() + &shared.series.render();
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}
