//! What is done to a batch as a whole: paused, resumed, changed, voided, withdrawn.

use crate::http::api::coupons::batches::find_batch;
use crate::http::api::coupons::bodies::{BatchBody, ChangeBatch, VoidedBatchBody};
use crate::http::api::offers::WorthChanges;
use crate::http::body::Body;
use crate::http::caller::Operator;
use crate::http::fields::{parse_future, parse_name};
use crate::http::flags::{self, DryRun, IdempotencyKey, Params};
use crate::http::mistakes::Mistakes;
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::unchecked::Unchecked;
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use actors::domain::coupons::OfferChanges;
use actors::domain::coupons::range::{Command, RangeOverview};
use actors::engine::{By, Done};
use actors::{Caller, Time};
use products::promotions::Promotion;
use serde::Serialize;

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
    body: Unchecked<ChangeBatch>,
) -> Result<HttpResponse, Problem> {
    let now = shared.promotions.now();
    let changes = body.checked(|body| parse_changes(body, now))?;
    let (known, plan) = find_batch(&shared, &id).await?;
    let terms = shared.batches.overview(known.serial, &plan).await?.terms;
    let BatchChanges { expires_at, name, .. } = &changes;
    let expires_at = expires_at.unwrap_or(terms.expires_at);
    let offer = changes.offer.made_to(terms.offer);
    let is_extended_only = offer == terms.offer && expires_at >= terms.expires_at;
    let meaning =
        || postcard::to_stdvec(&(known.serial, &changes)).expect("changes are plain data");
    let by = key.by(caller, flags.how(), || vec![b"change batch".to_vec(), meaning()]);
    let done = match is_extended_only {
        true => shared.batches.extend(known.serial, &plan, expires_at, by).await?,
        false => shared.batches.revise(known.serial, &plan, (offer, expires_at), by).await?,
    };
    if let (Some(name), false) = (name, by.is_dry_run()) {
        shared.promotions.rename_batch(known.serial, name.clone()).await?;
    }
    let mut body = BatchBody::of(&known, &done.event, shared.promotions.now());
    if let Some(name) = changes.name {
        body.name = name;
    }
    Ok(reply::mark_replayed(reply::ok(&body), done.replayed && !by.is_dry_run()))
}

/// What is to become otherwise; what is not said stays.
#[derive(PartialEq, Serialize)]
struct BatchChanges {
    name: Option<Option<String>>,
    expires_at: Option<Time>,
    offer: OfferChanges,
}

fn parse_changes(body: ChangeBatch, now: Time) -> Result<BatchChanges, Problem> {
    let worth = WorthChanges {
        discount_percent: body.discount_percent,
        discount_amount: body.discount_amount,
        no_discount: body.no_discount,
        min_amount: body.min_amount,
        max_discount: body.max_discount,
        cancel_by: body.cancel_by,
    };
    let mut mistakes = Mistakes::default();
    let expires_at = body.expires_at.as_deref().map(|text| parse_future(text, "/expires_at", now));
    let expires_at = mistakes.check(expires_at.transpose());
    let name = body
        .name
        .as_ref()
        .map(|name| name.as_deref().map(|text| parse_name(text, "/name")).transpose());
    let name = mistakes.check(name.transpose());
    let offer = mistakes.check(worth.checked('/'));
    let (Some(expires_at), Some(name), Some(offer)) = (expires_at, name, offer) else {
        return Err(mistakes.into());
    };
    mistakes.end()?;
    Ok(BatchChanges { name, expires_at, offer })
}

pub async fn withdraw(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
) -> Result<HttpResponse, Problem> {
    let (known, plan) = find_batch(&shared, &id).await?;
    let by = under(&key, caller, &flags, &known, &Command::Withdraw { turn: 0 });
    let done = shared.batches.withdraw(known.serial, &plan, by).await?;
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
