//! Holds: take tickets by pattern or number, then confirm, extend or release them.

use crate::http::api::pool::{PoolInPath, PoolPath, find_plan};
use crate::http::api::tickets::bodies::{
    CreateHold, EndBody, ExtendHold, HoldBody, check_ttl, parse_limit_keys, parse_wanted,
};
use crate::http::api::tickets::explain::explain_hold;
use crate::http::body::Body;
use crate::http::caller::{AsMember, SignedIn};
use crate::http::explain::Explain;
use crate::http::flags::{self, DryRun, IdempotencyKey, Params};
use crate::http::mistakes::Mistakes;
use crate::http::page::{Items, Paging, cursor};
use crate::http::problem::{self, Problem};
use crate::http::reply::{self, Success};
use crate::http::sheets::{Sheet, SheetLine};
use crate::http::unchecked::Unchecked;
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use actors::domain::pool::PoolName;
use actors::domain::tickets::{HoldState, Refusal};
use actors::engine::How;
use actors::{Caller, Time};
use base::calendar::wire_time;
use people::Signed;
use products::holds::{HeldByMe, HeldId, NewHold, WantedHold};

pub async fn create(
    shared: web::Data<Shared>,
    signer: SignedIn,
    key: IdempotencyKey,
    PoolInPath(pool): PoolInPath,
    by: PoolPath,
    Params(flags): Params<DryRun>,
    body: Unchecked<CreateHold>,
) -> Result<HttpResponse, Problem> {
    let signed = signer.member()?;
    create_as(&shared, &signed, &key, (pool, by), flags.how(), body).await.map(Success::alone)
}

pub async fn create_sheet(
    shared: web::Data<Shared>,
    sheet: Sheet,
    PoolInPath(pool): PoolInPath,
    by: PoolPath,
    Params(flags): Params<DryRun>,
) -> Result<HttpResponse, Problem> {
    let create = async |line: SheetLine<CreateHold>| {
        let signed = line.signer().member()?;
        create_as(&shared, &signed, &line.key, (pool, by), flags.how(), line.body).await
    };
    sheet.answer(&shared, None, create).await
}

async fn create_as(
    shared: &Shared,
    signed: &Signed,
    key: &IdempotencyKey,
    (pool, path): (PoolName, PoolPath),
    how: How,
    body: Unchecked<CreateHold>,
) -> Result<Success<HoldBody>, Problem> {
    let found = find_plan(shared, pool).await;
    let (plan, tickets, keys, digits) = body.checked(|body| {
        let plan = found?;
        let setup = plan.tickets.ok_or_else(|| Problem::plain(&problem::NO_TICKETS))?;
        let mut mistakes = Mistakes::default();
        let tickets = mistakes.check(parse_wanted(shared, &body, &plan, setup.digits));
        let keys = mistakes.check(parse_limit_keys(&body, signed));
        match (tickets, keys) {
            (Some(tickets), Some(keys)) => Ok((plan, tickets, keys, setup.digits)),
            _ => Err(mistakes.into()),
        }
    })?;
    let by = key.by(signed.caller, how, || {
        let mut meaning = vec![b"hold".to_vec(), pool.row_key(), tickets.meaning()];
        // Without keys it is what it was before there were any.
        meaning.extend(keys.iter().map(|key| key.0.0.to_vec()));
        meaning
    });
    let wanted = WantedHold { tickets, keys: &keys, may_span: path.may_span() };
    let done = shared.holds.hold(pool, &plan, &wanted, by).await;
    let done = done.map_err(|error| explain_hold(error, &tickets))?;
    let NewHold { id, tickets, until } = &done.event;
    let body = HoldBody::of(id, digits, tickets, HoldState::Held { until: *until });
    Ok(Success::created(body, done.replayed))
}

pub async fn list(
    shared: web::Data<Shared>,
    AsMember(caller): AsMember,
    Params(paging): Params<Paging>,
) -> Result<HttpResponse, Problem> {
    let limit = paging.limit()?;
    let mut found = shared.holds.of_member(caller.id, paging.after()?, limit + 1).await?;
    let is_more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = found.last().filter(|_| is_more).map(|last| cursor(&last.key));
    let mut items = Vec::new();
    for HeldByMe { id, view, .. } in &found {
        let digits = digits_of(&shared, id).await?;
        items.push(HoldBody::of(id, digits, &view.tickets, view.state));
    }
    Ok(reply::ok(&Items { items, next_cursor }))
}

pub async fn show(
    shared: web::Data<Shared>,
    AsMember(caller): AsMember,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let id = parse_hold_id(&id)?;
    let view = shared.holds.look_at(&id).await?;
    let view = view.ok_or_else(|| Refusal::UnknownHold.explain())?;
    if !caller.may_act_for(view.owner) {
        return Err(Refusal::NotYours.explain());
    }
    let digits = digits_of(&shared, &id).await?;
    Ok(reply::ok(&HoldBody::of(&id, digits, &view.tickets, view.state)))
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
    let done = shared.holds.confirm(&id, by).await?;
    let digits = digits_of(shared, &id).await?;
    let body = HoldBody::of(&id, digits, &done.event, HoldState::Confirmed);
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
    let done = shared.holds.extend(&id, ttl_s, by).await?;
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
    let done = shared.holds.release(&id, by).await?;
    Ok(answer_end(&id, "released", None, done.replayed))
}

fn answer_end(
    id: &HeldId,
    state: &'static str,
    until: Option<Time>,
    replayed: bool,
) -> HttpResponse {
    let body = EndBody { id: id.to_string(), state, expires_at: until.map(wire_time) };
    reply::mark_replayed(reply::ok(&body), replayed)
}

/// How its tickets' numbers are printed. A pool that is not there has no hold.
pub async fn digits_of(shared: &Shared, id: &HeldId) -> Result<u8, Problem> {
    shared.holds.digits(id).await?.ok_or_else(|| Refusal::UnknownHold.explain())
}

pub fn parse_hold_id(text: &str) -> Result<HeldId, Problem> {
    text.parse().map_err(|_| Refusal::UnknownHold.explain())
}
