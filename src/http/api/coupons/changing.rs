//! What is done to a batch as a whole: paused, resumed, extended, voided.

use crate::http::api::coupons::batches::find_batch;
use crate::http::api::coupons::bodies::{BatchBody, ChangeBatch, VoidedBatchBody};
use crate::http::body::Body;
use crate::http::caller::Operator;
use crate::http::fields::parse_future;
use crate::http::flags::{self, DryRun, IdempotencyKey, Params};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use actors::Caller;
use actors::domain::coupons::range::{Command, RangeOverview};
use actors::engine::{By, Done};
use products::promotions::Promotion;

pub async fn pause(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    switch(&shared, (caller, &key, flags), &id, Command::Pause).await
}

pub async fn resume(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    switch(&shared, (caller, &key, flags), &id, Command::Resume).await
}

async fn switch(
    shared: &Shared,
    (caller, key, flags): (Caller, &IdempotencyKey, DryRun),
    id: &str,
    command: Command,
) -> Result<HttpResponse, Problem> {
    let (known, plan) = find_batch(shared, id).await?;
    let by = under(key, caller, &flags, &known, &command);
    let done = shared.batches.change(known.serial, &plan, command, by).await?;
    Ok(answer(shared, &known, &done, by))
}

pub async fn change(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(body): Body<ChangeBatch>,
) -> Result<HttpResponse, Problem> {
    let now = shared.promotions.now();
    let expires_at = body
        .expires_at
        .as_deref()
        .map(|text| parse_future(text, "/expires_at", now))
        .transpose()?;
    let (known, plan) = find_batch(&shared, &id).await?;
    let expires_at = match expires_at {
        Some(expires_at) => expires_at,
        // Nothing is said, so nothing changes.
        None => shared.batches.overview(known.serial, &plan).await?.terms.expires_at,
    };
    let by = under(&key, caller, &flags, &known, &Command::Extend { expires_at });
    let done = shared.batches.extend(known.serial, &plan, expires_at, by).await?;
    Ok(answer(&shared, &known, &done, by))
}

pub async fn void(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let (known, plan) = find_batch(&shared, &id).await?;
    let by = under(&key, caller, &flags, &known, &Command::VoidAll);
    let done = shared.batches.void_all(known.serial, &plan, by).await?;
    let body = VoidedBatchBody::of(&known, done.event);
    Ok(reply::mark_replayed(reply::ok(&body), done.replayed && !by.is_dry_run()))
}

fn under(
    key: &IdempotencyKey,
    caller: Caller,
    flags: &DryRun,
    known: &Promotion,
    command: &Command,
) -> By {
    let meaning =
        || postcard::to_stdvec(&(known.serial, command)).expect("a command is plain data");
    key.by(caller, flags.how(), || vec![b"change batch".to_vec(), meaning()])
}

fn answer(shared: &Shared, known: &Promotion, done: &Done<RangeOverview>, by: By) -> HttpResponse {
    let body = BatchBody::of(known, &done.event, shared.promotions.now());
    reply::mark_replayed(reply::ok(&body), done.replayed && !by.is_dry_run())
}
