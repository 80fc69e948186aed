//! Holds: take tickets by pattern or number, then confirm, extend or release them.

use crate::http::api::pool::{PoolInPath, find_plan};
use crate::http::api::tickets::bodies::{
    CreateHold, EndBody, ExtendHold, HoldBody, check_ttl, parse_wanted,
};
use crate::http::body::Body;
use crate::http::caller::AsMember;
use crate::http::explain::Explain;
use crate::http::flags::{self, DryRun, IdempotencyKey, Params};
use crate::http::page::{Items, Paging};
use crate::http::problem::{self, Problem};
use crate::http::reply::{self, Success};
use crate::http::sheets::{Sheet, SheetLine};
use crate::http::unchecked::Unchecked;
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use actors::domain::pool::PoolName;
use actors::domain::tickets::{HoldId, HoldState, HoldView, Refusal};
use actors::engine::How;
use actors::{Caller, Time};
use base::calendar::wire_time;
use products::tickets::HeldTickets;

pub async fn create(
    shared: web::Data<Shared>,
    AsMember(caller): AsMember,
    key: IdempotencyKey,
    PoolInPath(pool): PoolInPath,
    Params(flags): Params<DryRun>,
    body: Unchecked<CreateHold>,
) -> Result<HttpResponse, Problem> {
    create_as(&shared, caller, &key, pool, flags.how(), body).await.map(Success::alone)
}

pub async fn create_sheet(
    shared: web::Data<Shared>,
    sheet: Sheet,
    PoolInPath(pool): PoolInPath,
    Params(flags): Params<DryRun>,
) -> Result<HttpResponse, Problem> {
    let create = async |line: SheetLine<CreateHold>| {
        create_as(&shared, line.member()?, &line.key, pool, flags.how(), line.body).await
    };
    sheet.answer(&shared, None, create).await
}

async fn create_as(
    shared: &Shared,
    caller: Caller,
    key: &IdempotencyKey,
    pool: PoolName,
    how: How,
    body: Unchecked<CreateHold>,
) -> Result<Success<HoldBody>, Problem> {
    let found = find_plan(shared, pool).await;
    let (plan, wanted) = body.checked(|body| {
        let plan = found?;
        let tickets = plan.tickets.ok_or_else(|| Problem::plain(&problem::NO_TICKETS))?;
        let wanted = parse_wanted(shared, &body, &plan, tickets.digits)?;
        Ok((plan, wanted))
    })?;
    let by = key.by(caller, how, || vec![b"hold".to_vec(), pool.row_key(), wanted.meaning()]);
    let done = shared.tickets.hold(pool, &plan, &wanted, by).await?;
    let HeldTickets { id, tickets, until } = &done.event;
    let body = HoldBody::of(id, tickets, HoldState::Held { until: *until });
    Ok(Success::created(body, done.replayed))
}

pub async fn list(
    shared: web::Data<Shared>,
    AsMember(caller): AsMember,
    Params(paging): Params<Paging>,
) -> Result<HttpResponse, Problem> {
    let limit = paging.limit()?;
    let found = shared.tickets.holds_of(caller.id, paging.after_name()?, limit + 1).await?;
    let item = |(id, view): (HoldId, HoldView)| Some(HoldBody::of(&id, &view.tickets, view.state));
    Ok(reply::ok(&Items::page(found, limit, |(id, _)| id.to_string().into_bytes(), item)))
}

pub async fn show(
    shared: web::Data<Shared>,
    AsMember(caller): AsMember,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let id = parse_hold_id(&id)?;
    let view = shared.tickets.look_at_hold(&id).await?;
    let view = view.ok_or_else(|| Refusal::UnknownHold.explain())?;
    if !caller.may_act_for(view.owner) {
        return Err(Refusal::NotYours.explain());
    }
    Ok(reply::ok(&HoldBody::of(&id, &view.tickets, view.state)))
}

pub async fn confirm(
    shared: web::Data<Shared>,
    AsMember(caller): AsMember,
    key: IdempotencyKey,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    confirm_as(&shared, caller, &key, &id, flags.how()).await.map(Success::alone)
}

pub async fn confirm_sheet(
    shared: web::Data<Shared>,
    sheet: Sheet,
    Params(flags): Params<DryRun>,
) -> Result<HttpResponse, Problem> {
    let confirm = async |line: SheetLine<flags::Nothing>| {
        let (caller, flags::Nothing {}) = (line.member()?, line.body.checked(Ok)?);
        confirm_as(&shared, caller, &line.key, &line.named, flags.how()).await
    };
    sheet.answer(&shared, Some("id"), confirm).await
}

async fn confirm_as(
    shared: &Shared,
    caller: Caller,
    key: &IdempotencyKey,
    id: &str,
    how: How,
) -> Result<Success<HoldBody>, Problem> {
    let id = parse_hold_id(id)?;
    let by = key.by(caller, how, || vec![b"confirm".to_vec(), id.to_string().into_bytes()]);
    let done = shared.tickets.confirm(&id, by).await?;
    let body = HoldBody::of(&id, &done.event, HoldState::Confirmed);
    Ok(Success::ok(body, done.replayed))
}

pub async fn extend(
    shared: web::Data<Shared>,
    AsMember(caller): AsMember,
    key: IdempotencyKey,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(ExtendHold { ttl_s }): Body<ExtendHold>,
) -> Result<HttpResponse, Problem> {
    let id = parse_hold_id(&id)?;
    let ttl_s = check_ttl(&shared, ttl_s)?;
    let by = key.by(caller, flags.how(), || {
        vec![b"extend".to_vec(), id.to_string().into_bytes(), ttl_s.to_be_bytes().to_vec()]
    });
    let done = shared.tickets.extend(&id, ttl_s, by).await?;
    Ok(answer_end(&id, "held", Some(done.event), done.replayed))
}

pub async fn release(
    shared: web::Data<Shared>,
    AsMember(caller): AsMember,
    key: IdempotencyKey,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
) -> Result<HttpResponse, Problem> {
    let id = parse_hold_id(&id)?;
    let by = key.by(caller, flags.how(), || vec![b"release".to_vec(), id.to_string().into_bytes()]);
    let done = shared.tickets.release(&id, by).await?;
    Ok(answer_end(&id, "released", None, done.replayed))
}

fn answer_end(
    id: &HoldId,
    state: &'static str,
    until: Option<Time>,
    replayed: bool,
) -> HttpResponse {
    let body = EndBody { id: id.to_string(), state, expires_at: until.map(wire_time) };
    reply::mark_replayed(reply::ok(&body), replayed)
}

pub fn parse_hold_id(text: &str) -> Result<HoldId, Problem> {
    text.parse().map_err(|_| Refusal::UnknownHold.explain())
}
