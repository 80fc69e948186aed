//! Pools: made, found and looked at. What else can be done with one is with its products: holds and
//! tickets, ballots, close and draw.
//!
//! The endpoints, and the calls that make and show pools. `finding` has the list, `availability`
//! what those read who wait, `blocks` what those see who look at its picture, `allowance` what one
//! may still have, `wish` what a new pool is to be, `bodies` what is answered.

mod allowance;
mod availability;
mod blocks;
mod bodies;
mod finding;
mod wish;

use crate::http::api::lottery::{close_now, withdraw_now, withdrawable};
use crate::http::api::pool::{PoolInPath, find_lottery};
use crate::http::api::pools::allowance::{AllowanceBody, OrdersLedgerBody};
use crate::http::api::pools::availability::AvailabilityBody;
use crate::http::api::pools::blocks::BlocksBody;
use crate::http::api::pools::bodies::{ClosedPoolBody, PoolBody};
use crate::http::api::pools::wish::CreatePool;
use crate::http::api::whose::of_one_member;
use crate::http::body::Body;
use crate::http::caller::Operator;
use crate::http::endpoint::{Endpoint, Who};
use crate::http::flags::{self, DryRun, IdempotencyKey, Params};
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::http::unchecked::Unchecked;
use crate::http::words::LotteryStates;
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use actors::domain::lottery::{self, LotteryPlan, LotteryView};
use actors::domain::pool::PoolName;
use actors::engine::How;
use actors::{Caller, Id};
use ports::scopes::Scope;
use products::Refusal;
use products::lottery::invented::invent_name;
use sha2::{Digest, Sha256};

/// Names that are tried for a pool that was given none.
const MOST_ATTEMPTS: u32 = 16;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/pools", create)
            .named("createPool")
            .summary("Create a pool")
            .notes(
                "Tickets to buy, ballots to draw from, or both, under a name of its own. Any \
                 number of pools may be open at once, and each closes at its own instant. Costs \
                 the same for ten tickets and for ten million. What can be done with a lottery can \
                 be done with a pool, and a lottery is a pool, too: its name is its day.",
            )
            .who(Who::Operator)
            .body::<CreatePool>()
            .decides()
            .answer::<PoolBody>(201, "The pool.")
            .problems(&[&problem::POOL_EXISTS]),
        Endpoint::get("/pools", finding::list)
            .named("listPools")
            .summary("List pools")
            .notes(
                "All pools with names of their own, and the lotteries that are not over. A page \
                 may have few lines, or none, and still have a next one.",
            )
            .choice("state", LotteryStates::ALL, "Only those in this state.")
            .query("prefix", "Only those whose name begins so.")
            .lists::<PoolBody>("By name; lotteries first."),
        Endpoint::get("/pools/{pool}", show)
            .named("getPool")
            .summary("Look at a pool")
            .answer::<PoolBody>(200, "The pool.")
            .problems(&[&problem::NOT_FOUND]),
        Endpoint::post("/pools/{pool}/close", close)
            .named("closePool")
            .summary("Close a pool now, and draw it")
            .notes("As a lottery is closed: see `closeLottery`.")
            .who(Who::Operator)
            .decides()
            .answer::<ClosedPoolBody>(200, "The closed pool, and who has won.")
            .problems(&[&problem::NOT_FOUND]),
        withdrawable(Endpoint::delete("/pools/{pool}", withdraw))
            .named("withdrawPool")
            .summary("Withdraw a pool that nobody has touched")
            .answer::<PoolBody>(200, "The pool, as it was."),
        of_one_member(
            Endpoint::get("/pools/{pool}/allowance", allowance::show)
                .named("getAllowance")
                .summary("See what one may still hold and buy")
                .notes(
                    "Of the caller, or of the member that a service acts for. Staff ask for any \
                     member; others only for themselves.",
                )
                .who(Who::Member)
                .scopes(&[Scope::Members, Scope::Tickets])
                .query("limit_key", "What the service counts by, too, as `holdTickets` says it."),
        )
        .answer::<AllowanceBody>(200, "What is taken of the limits, and what is left.")
        .problems(&[&problem::NOT_FOUND, &problem::NO_TICKETS, &problem::FORBIDDEN]),
        Endpoint::get("/pools/{pool}/orders/ledger", allowance::orders)
            .named("getOrdersLedger")
            .summary("Count a pool's orders")
            .notes("Orders over several slices, and those of pools with limits.")
            .who(Who::Viewer)
            .answer::<OrdersLedgerBody>(200, "The books of all tills, which balance.")
            .problems(&[&problem::NOT_FOUND, &problem::NO_TICKETS]),
        Endpoint::get("/pools/{pool}/availability", availability::show)
            .named("getAvailability")
            .summary("See what is left of a pool")
            .who(Who::Optional)
            .notes(
                "For those who wait, however many, if they are told its figures: made once a \
                 second for all, and cacheable. The header `ETag` names what was told; sent back \
                 as `If-None-Match`, it is answered by 304 as long as nothing has changed.",
            )
            .answer::<AvailabilityBody>(200, "What is free, held and sold.")
            .answer_empty(304, "Nothing has changed.")
            .problems(&[&problem::NOT_FOUND, &problem::NO_TICKETS]),
        Endpoint::get("/pools/{pool}/tickets/blocks", blocks::show)
            .named("getTicketBlocks")
            .summary("See the number space of a pool as a hundred blocks")
            .who(Who::Optional)
            .notes(
                "How many tickets begin with each two digits, and how many of them are free, for \
                 pictures like that of the console. Made once a second for all, cacheable, and \
                 with an `ETag`, as `getAvailability` is.",
            )
            .answer::<BlocksBody>(200, "The blocks.")
            .answer_empty(304, "Nothing has changed.")
            .problems(&[&problem::NOT_FOUND, &problem::NO_TICKETS]),
        Endpoint::get("/pools/{pool}/availability/events", availability::follow)
            .named("followAvailability")
            .summary("Follow what is left of a pool")
            .who(Who::Optional)
            .notes(
                "Server-sent events: `availability`, now and whenever something has changed, once \
                 a second at most, and ten times a second while little is left.",
            )
            .answer_text(200, "text/event-stream", "What `getAvailability` answers, as data.")
            .problems(&[&problem::NOT_FOUND, &problem::NO_TICKETS, &problem::BUSY]),
    ]
}

async fn create(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    Params(flags): Params<DryRun>,
    body: Unchecked<CreatePool>,
) -> Result<HttpResponse, Problem> {
    let (named, plan) = body.checked(|body| wish::parse_pool_plan(&shared, body))?;
    let create = async |pool| create_one(&shared, pool, &plan, caller, &key, flags.how()).await;
    let Some(pool) = named else {
        let seed = seed_of_name(&shared, caller.id, key.text());
        for attempt in 0..MOST_ATTEMPTS {
            match create(invent_name(seed, attempt)).await {
                Err(told) if told.kind.name == problem::POOL_EXISTS.name => {}
                told => return told,
            }
        }
        return Err(Problem::plain(&problem::POOL_EXISTS));
    };
    create(pool).await
}

async fn create_one(
    shared: &Shared,
    pool: PoolName,
    plan: &LotteryPlan,
    caller: Caller,
    key: &IdempotencyKey,
    how: How,
) -> Result<HttpResponse, Problem> {
    let (name, mut plan) = (pool.to_string(), plan.clone());
    if plan.name.is_empty() {
        plan.name = name;
    }
    if let Some(ballots) = &mut plan.ballots {
        ballots.commitment = shared.closing.commitment(pool);
    }
    let meaning = || postcard::to_stdvec(&(pool, &plan)).expect("a plan is plain data");
    let by = key.by(caller, how, || vec![b"pool".to_vec(), meaning()]);
    let done = shared.lotteries.create(pool, plan.clone(), by).await.map_err(|error| {
        let exists = Refusal::Lottery(lottery::Refusal::Exists);
        if error.refusal() == Some(&exists) {
            Problem::plain(&problem::POOL_EXISTS)
        } else {
            error.into()
        }
    })?;
    let view = LotteryView::opened(done.event.into(), done.at);
    Ok(reply::mark_replayed(reply::created(&PoolBody::of(pool, &view)), done.replayed))
}

async fn close(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    PoolInPath(pool): PoolInPath,
    Params(flags): Params<DryRun>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let (view, draw) = close_now(&shared, caller, &key, pool, &flags).await?;
    Ok(reply::ok(&ClosedPoolBody { pool: PoolBody::of(pool, &view), draw }))
}

async fn withdraw(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    PoolInPath(pool): PoolInPath,
    Params(flags): Params<DryRun>,
) -> Result<HttpResponse, Problem> {
    let done = withdraw_now(&shared, caller, &key, pool, &flags).await?;
    let body = PoolBody::of(pool, &done.event);
    Ok(reply::mark_replayed(reply::ok(&body), done.replayed && !flags.dry_run))
}

/// The same for the same key of the same caller, so that a repeat makes no second pool.
fn seed_of_name(shared: &Shared, caller: Id, key: Option<&str>) -> u64 {
    let Some(key) = key else { return shared.engine.node.seed() };
    let digest = Sha256::new().chain_update(caller.0).chain_update(key).finalize();
    u64::from_be_bytes(std::array::from_fn(|place| digest[place]))
}

async fn show(
    shared: web::Data<Shared>,
    PoolInPath(pool): PoolInPath,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    Ok(reply::ok(&PoolBody::of(pool, &find_lottery(&shared, pool).await?)))
}
