//! Health and metrics, for balancers and Prometheus.

use super::auth::certain_address;
use crate::http::body::Body;
use crate::http::caller::Admin;
use crate::http::endpoint::{Endpoint, Who};
use crate::http::flags::{self, Params};
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::shared::Shared;
use actix_web::{HttpRequest, HttpResponse, web};
use base::meters;
use serde::{Deserialize, Serialize};
use std::sync::atomic::Ordering;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = Health)]
pub struct HealthBody {
    pub status: &'static str,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Ready)]
pub struct ReadyBody {
    pub status: &'static str,
    /// `up`, `down`, or `off` if none is configured. A node is ready without it: sessions are then
    /// asked of the store, and budgets are its own.
    pub redis: &'static str,
    /// How many nodes this one knows to serve, itself included, where several can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<usize>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Readiness {
    /// False takes this node out of the balancer, true puts it back.
    pub ready: bool,
}

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/health/live", live)
            .summary("Whether the process answers")
            .notes("Touches nothing.")
            .answer::<HealthBody>(200, "It does."),
        Endpoint::get("/health/ready", ready)
            .summary("Whether traffic is welcome")
            .notes(
                "Writes a row, at most twice a second however often it is asked; so a full \
                disk, a stuck writer or a damaged database shows.",
            )
            .answer::<ReadyBody>(200, "It is.")
            .problems(&[&problem::STARTING]),
        Endpoint::put("/health/ready", set_ready)
            .summary("Leave or join the balancer")
            .who(Who::Admin)
            .body::<Readiness>()
            .answer::<HealthBody>(200, "How it is now."),
        Endpoint::get("/metrics", metrics)
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
    let redis = shared.people.memory().map_or("off", |state| state.name());
    let nodes = shared.cluster().map(|cluster| cluster.membership().serving.len());
    Ok(reply::ok(&ReadyBody { status: "ready", redis, nodes }))
}

async fn set_ready(
    shared: web::Data<Shared>,
    Admin(_): Admin,
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
