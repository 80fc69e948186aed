//! How a node's clocks stand, and the word of an administrator that one which has moved is right.

use crate::http::body::Body;
use crate::http::caller::Admin;
use crate::http::endpoint::{Endpoint, Who};
use crate::http::flags::{self, Params};
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::jobs;
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use actors::Time;
use actors::timekeeper::{Moved, Standing};
use base::calendar::wire_time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = Clock)]
pub struct ClockBody {
    /// The time that this node lives by.
    pub now: String,
    /// What the machine's clock says.
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

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/clock", show)
            .summary("How this node's clocks stand")
            .notes("Of the node that answers; on several nodes, ask each.")
            .who(Who::Admin)
            .answer::<ClockBody>(200, "How they stand."),
        Endpoint::post("/clock/accept", accept)
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
    ]
}

async fn show(
    shared: web::Data<Shared>,
    Admin(_): Admin,
    _: Params<flags::Nothing>,
) -> HttpResponse {
    reply::ok(&described(
        &shared,
        shared.engine.node.timekeeper().map(|timekeeper| timekeeper.look()),
    ))
}

async fn accept(
    shared: web::Data<Shared>,
    Admin(caller): Admin,
    _: Params<flags::Nothing>,
    Body(AcceptClock { moved_by_s }): Body<AcceptClock>,
) -> Result<HttpResponse, Problem> {
    let (accepted, standing) =
        shared.engine.node.timekeeper().map(|timekeeper| timekeeper.accept(moved_by_s)).unzip();
    if accepted != Some(true) {
        return Err(Problem::new(&problem::NOT_MOVED_SO, how_it_stands(standing)));
    }
    jobs::clock::accepted(caller.id, moved_by_s);
    Ok(reply::ok(&described(&shared, standing)))
}

fn how_it_stands(standing: Option<Standing>) -> String {
    match standing.and_then(|standing| standing.moved) {
        Some(moved) => format!("it has moved by {} s", moved.seconds()),
        None => "it has not moved, or is believed already".to_owned(),
    }
}

/// Without a timekeeper, the clock is believed whatever it says.
fn described(shared: &Shared, standing: Option<Standing>) -> ClockBody {
    let moved = standing.and_then(|standing| standing.moved);
    let now = standing.map_or_else(|| shared.engine.node.now(), |standing| standing.now);
    let since = |moved: Moved| Time(now.0 - moved.for_us / 1000);
    let believed_at =
        moved.map(|moved| wire_time(since(moved).plus_s(shared.config.clock_trust_s)));
    ClockBody {
        now: wire_time(now),
        clock: wire_time(standing.map_or(now, |standing| standing.wall)),
        settled: moved.is_none(),
        moved_by_s: moved.map(|moved| moved.seconds()),
        believed_at,
        log_ahead_s: jobs::clock::log_ahead_s(shared),
    }
}
