//! How a node's clocks stand, and the word of an administrator that one which has moved is right.

use crate::http::api::node::bodies::{AcceptClock, ClockBody};
use crate::http::body::Body;
use crate::http::caller::Admin;
use crate::http::flags::{self, IdempotencyKey, Params};
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use actors::Time;
use actors::timekeeper::{Moved, Standing};
use base::calendar::wire_time;
use base::journal::{self, Value};

pub async fn show(
    shared: web::Data<Shared>,
    Admin(_): Admin,
    _: Params<flags::Nothing>,
) -> HttpResponse {
    reply::ok(&describe(
        &shared,
        shared.engine.node.timekeeper().map(|timekeeper| timekeeper.look()),
    ))
}

pub async fn accept(
    shared: web::Data<Shared>,
    Admin(caller): Admin,
    key: IdempotencyKey,
    _: Params<flags::Nothing>,
    Body(AcceptClock { moved_by_s }): Body<AcceptClock>,
) -> Result<HttpResponse, Problem> {
    let its = shared.clone();
    let accept = async move {
        let timekeeper = its.engine.node.timekeeper();
        let (accepted, standing) =
            timekeeper.map(|timekeeper| timekeeper.accept(moved_by_s)).unzip();
        if accepted != Some(true) {
            return Err(Problem::new(&problem::NOT_MOVED_SO, describe_standing(standing)));
        }
        journal::warn(
            "an administrator has accepted the machine's clock",
            &[("by", Value::Text(&caller.id)), ("moved_by_s", Value::Whole(moved_by_s))],
        );
        Ok(())
    };
    // Each node has a clock of its own.
    let node = shared.cluster().map_or("", |cluster| cluster.address());
    let meaning = [b"accept clock", node.as_bytes(), &moved_by_s.to_be_bytes()];
    let replayed = key.once(&shared, caller.id, &meaning, accept).await?;
    let standing = shared.engine.node.timekeeper().map(|timekeeper| timekeeper.look());
    Ok(reply::mark_replayed(reply::ok(&describe(&shared, standing)), replayed))
}

fn describe_standing(standing: Option<Standing>) -> String {
    match standing.and_then(|standing| standing.moved) {
        Some(moved) => format!("it has moved by {} s", moved.seconds()),
        None => "it has not moved, or is believed already".to_owned(),
    }
}

/// Without a timekeeper, the clock is believed whatever it says.
fn describe(shared: &Shared, standing: Option<Standing>) -> ClockBody {
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
        log_ahead_s: shared.log_ahead_s(),
    }
}
