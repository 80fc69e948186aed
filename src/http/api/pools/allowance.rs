//! What a member, or a limit key, may still hold and buy in a pool; and what all orders of it come
//! to, for those who run it.

use crate::http::api::pool::{PoolInPath, find_plan};
use crate::http::api::pools::bodies::LimitsBody;
use crate::http::api::tickets::bodies::parse_limit_key;
use crate::http::api::whose::parse_whose;
use crate::http::caller::{SignedIn, Viewer};
use crate::http::flags::{self, Params};
use crate::http::mistakes::Mistakes;
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use actors::Id;
use actors::domain::lottery::{ArrangedPlan, MemberLimits};
use actors::domain::pool::PoolName;
use actors::domain::till::TillLedger;
use ports::directory::AccountRole;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = Allowance)]
pub struct AllowanceBody {
    pub pool: String,
    pub per_member: LimitsBody,
    /// Null: the pool has no limits, so nothing is counted.
    pub member: Option<TakenBody>,
    /// The same of the limit key. Null: none was said, or the pool has no limits.
    pub limit_key: Option<TakenBody>,
    /// How many tickets more may be held now, by the member and under the key. Null: as many as
    /// there are.
    pub left: Option<u32>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AllowanceTaken)]
pub struct TakenBody {
    /// Tickets held at the moment.
    pub held: u32,
    /// Tickets bought and not given back.
    pub bought: u32,
    /// How many more may be held now.
    pub left: u32,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OrdersLedger)]
pub struct OrdersLedgerBody {
    /// Orders that come together at this moment.
    pub gathering: u64,
    /// Orders that wait to be bought.
    pub placed: u64,
    /// Orders of which not all slices and limit keys have heard. A sweep tells them.
    pub unsettled: u64,
    /// Tickets of these orders, as far as limits count.
    pub held: u64,
    /// Members and limit keys who hold something.
    pub holders: u64,
    /// Zero, always: what is held is what orders and limit keys have.
    pub imbalance: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllowanceQuery {
    limit_key: Option<String>,
    member: Option<String>,
    service: Option<String>,
    their_id: Option<String>,
}

pub async fn show(
    shared: web::Data<Shared>,
    signer: SignedIn,
    PoolInPath(pool): PoolInPath,
    Params(query): Params<AllowanceQuery>,
) -> Result<HttpResponse, Problem> {
    let signed = signer.member()?;
    let AllowanceQuery { limit_key, member, service, their_id } = query;
    let mut mistakes = Mistakes::default();
    let [member, service, theirs] = [&member, &service, &their_id].map(|text| text.as_deref());
    let whose = mistakes.check(parse_whose(member, service, theirs));
    let key = limit_key.as_deref().map(|text| parse_limit_key(text, "?limit_key", &signed));
    let key = mistakes.check(key.transpose());
    let (Some(whose), Some(key)) = (whose, key) else { return Err(mistakes.into()) };
    mistakes.end()?;
    if whose.is_some_and(|whose| whose != signed.caller.id) && signed.role < AccountRole::Viewer {
        return Err(Problem::needs(AccountRole::Viewer));
    }
    let plan = find_plan(&shared, pool).await?;
    if plan.tickets.is_none() {
        return Err(Problem::plain(&problem::NO_TICKETS));
    }
    let member = taken(&shared, pool, &plan, Some(whose.unwrap_or(signed.caller.id))).await?;
    let limit_key = taken(&shared, pool, &plan, key.map(|key| key.0)).await?;
    let left = member.iter().chain(&limit_key).map(|taken| taken.left).min();
    let per_member = LimitsBody::of(&plan.limits);
    let pool = pool.to_string();
    Ok(reply::ok(&AllowanceBody { pool, per_member, member, limit_key, left }))
}

/// What is taken of an allowance, if there is one.
async fn taken(
    shared: &Shared,
    pool: PoolName,
    plan: &ArrangedPlan,
    who: Option<Id>,
) -> Result<Option<TakenBody>, Problem> {
    let Some(who) = who.filter(|_| plan.limits != MemberLimits::default()) else { return Ok(None) };
    let (held, bought) = shared.orders.allowance_of(pool, plan, who).await?;
    let MemberLimits { held: most_held, bought: most_bought } = plan.limits;
    let of_held = most_held.map(|most| u32::from(most).saturating_sub(held));
    let of_bought = most_bought.map(|most| most.saturating_sub(bought.saturating_add(held)));
    let left = of_held.into_iter().chain(of_bought).min();
    Ok(left.map(|left| TakenBody { held, bought, left }))
}

pub async fn orders(
    shared: web::Data<Shared>,
    _: Viewer,
    PoolInPath(pool): PoolInPath,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let plan = find_plan(&shared, pool).await?;
    if plan.tickets.is_none() {
        return Err(Problem::plain(&problem::NO_TICKETS));
    }
    let TillLedger { gathering, placed, unsettled, held, holders, imbalance, .. } =
        shared.orders.ledger(pool, &plan).await?;
    Ok(reply::ok(&OrdersLedgerBody { gathering, placed, unsettled, held, holders, imbalance }))
}
