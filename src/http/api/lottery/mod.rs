//! Lotteries: create, look, close and draw, the ledger, the statistics, and the result.
//!
//! The endpoints, and the calls about lotteries. `draws` has those about results, `finding` which
//! lotteries a list has, `wish` what a new lottery is to be, `bodies` what is answered, `table` who
//! has won line by line, `explain` what is said when a lottery refuses.

pub mod bodies;
pub mod draws;
pub mod explain;
mod finding;
mod table;
pub mod wish;

use crate::http::api::figures;
use crate::http::api::lottery::bodies::{
    ClosedBody, DrawBody, LotteryBody, LotteryLedgerBody, ReceiptKeyBody, StatisticsBody,
};
use crate::http::api::lottery::draws::Audience;
use crate::http::api::lottery::finding::{LotteriesQuery, filters_lotteries};
use crate::http::api::lottery::table::LotLine;
use crate::http::api::lottery::wish::CreateLottery;
use crate::http::api::pool::{PoolInPath, PoolPath, at, find_lottery, find_plan};
use crate::http::body::Body;
use crate::http::caller::{Operator, Perhaps};
use crate::http::endpoint::{Endpoint, Who};
use crate::http::export::{self, FormQuery};
use crate::http::flags::{self, DryRun, IdempotencyKey, Params};
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::http::unchecked::Unchecked;
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use actors::Caller;
use actors::domain::lottery::{LotteryView, Phase};
use actors::domain::pool::PoolName;
use actors::engine::Done;
use products::lottery::closing::WithdrawnLottery;

pub fn endpoints() -> Vec<Endpoint> {
    let mut all = of_lotteries();
    all.extend(PoolPath::both(of_pool));
    all
}

fn of_lotteries() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/lotteries", create)
            .named("createLottery")
            .summary("Create a lottery")
            .notes(
                "With tickets to buy, ballots to draw from, or both. Costs the same for ten \
                 tickets and for ten million: an unsold ticket is written nowhere. \
                 `ballots.commitment` in the answer is the hash of the seed that the draw will \
                 use; `docs/draws.md` says how.",
            )
            .who(Who::Operator)
            .body::<CreateLottery>()
            .decides()
            .answer::<LotteryBody>(201, "The lottery.")
            .problems(&[&problem::LOTTERY_EXISTS]),
        filters_lotteries(
            Endpoint::get("/lotteries", list)
                .named("listLotteries")
                .summary("List the lotteries that are not over, or those of some days")
                .notes(
                    "Without `from`, those that are open, that close at this moment, or that are \
                    closed and wait for their draw. With it, past ones, too: a page looks at a \
                    month, and may have few lines, or none, and still have a next one.",
                )
                .who(Who::Optional)
                .lists::<LotteryBody>("By closing day."),
        ),
        Endpoint::get("/lotteries/{date}", show)
            .named("getLottery")
            .summary("Look at a lottery")
            .who(Who::Optional)
            .answer::<LotteryBody>(200, "The lottery.")
            .problems(&[&problem::NOT_FOUND]),
        Endpoint::post("/lotteries/{date}/close", close)
            .named("closeLottery")
            .summary("Close a lottery now, and draw it")
            .notes(
                "Seals every slice and box; live holds are released. What began after the answer \
                 is refused, and nothing that was taken is left out. A lottery with ballots is \
                 `drawn` then, or stays `closed` until the round of the beacon that was named when \
                 it was created. Can be repeated: a draw announces one result.",
            )
            .who(Who::Operator)
            .decides()
            .answer::<ClosedBody>(200, "The closed lottery, and who has won.")
            .problems(&[&problem::NOT_FOUND]),
        withdrawable(Endpoint::delete("/lotteries/{date}", withdraw))
            .named("withdrawLottery")
            .summary("Withdraw a lottery that nobody has touched")
            .answer::<LotteryBody>(200, "The lottery, as it was."),
    ]
}

/// What is said of a withdrawal.
pub fn withdrawable(endpoint: Endpoint) -> Endpoint {
    endpoint
        .notes(
            "Its name is free again, and it is on no list. Somebody has touched it who has ever \
             held, ordered or bought a ticket, or submitted a ballot, also if nothing is left of \
             it. Whoever does so in the same instant is either first, and this is refused, or is \
             refused. One that has begun to close is never withdrawn.",
        )
        .who(Who::Operator)
        .decides()
        .problems(&[&problem::NOT_FOUND, &problem::IN_USE, &problem::LOTTERY_CLOSED])
}

fn of_pool(by: PoolPath) -> Vec<Endpoint> {
    vec![
        Endpoint::get(at!(by, "/ledger"), ledger)
            .named(by.pick("getLotteryLedger", "getPoolLedger"))
            .summary("Count a lottery's tickets and ballots")
            .notes("For whoever is told its figures.")
            .who(Who::Optional)
            .answer::<LotteryLedgerBody>(200, "The books, which balance.")
            .exported::<LotteryLedgerBody>()
            .problems(&[&problem::NOT_FOUND, &problem::NO_TICKETS]),
        Endpoint::get(at!(by, "/statistics"), statistics)
            .named(by.pick("getLotteryStatistics", "getPoolStatistics"))
            .summary("See how many take part")
            .notes("For whoever is told its figures.")
            .who(Who::Optional)
            .answer::<StatisticsBody>(200, "Ballots box by box, and tickets.")
            .problems(&[&problem::NOT_FOUND]),
        Endpoint::get(at!(by, "/winner"), draws::winner)
            .named(by.pick("getWinners", "getWinnersOfPool"))
            .summary("See who has won")
            .notes(
                "The public reads shortened names. Administrators are told whose the ballots are, \
                and a service which of its own members have won. For them it can be a table with \
                a line for each winner and reserve: `drawn_as`, `place`, `ballot`, `name`, \
                `member`, `service` and `their_id`.",
            )
            .who(Who::Optional)
            .answer::<DrawBody>(200, "Winners and reserves.")
            .exported::<LotLine<'_>>()
            .problems(&[
                &problem::NOT_FOUND,
                &problem::NO_BALLOTS,
                &problem::NOT_DRAWN_YET,
                &problem::INVALID,
                &problem::FORBIDDEN,
            ]),
        Endpoint::get(at!(by, "/proof"), draws::proof)
            .named(by.pick("getDrawProof", "getDrawProofOfPool"))
            .summary("Get the proof of a draw")
            .notes(
                "Everything that it takes to repeat the draw on any machine: `stampede \
                verify-draw`, or `docs/verify_draw.py`. Streamed; it holds every ballot.",
            )
            .who(Who::Optional)
            .answer_object(200, "The proof, as `docs/draws.md` describes it.")
            .problems(&[
                &problem::NOT_FOUND,
                &problem::NO_BALLOTS,
                &problem::NOT_DRAWN_YET,
                &problem::BUSY,
            ]),
    ]
}

/// At the root.
pub fn endpoints_at_root() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/.well-known/stampede-receipts.json", draws::receipt_key)
            .named("getReceiptKey")
            .summary("The key that receipts are signed with")
            .answer::<ReceiptKeyBody>(200, "The key, in hexadecimal.")
            .problems(&[&problem::INVALID]),
    ]
}

async fn create(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    Params(flags): Params<DryRun>,
    body: Unchecked<CreateLottery>,
) -> Result<HttpResponse, Problem> {
    let (pool, plan) = body.checked(|body| wish::parse_plan(&shared, body))?;
    let meaning = || postcard::to_stdvec(&(pool, &plan)).expect("a plan is plain data");
    let by = key.by(caller, flags.how(), || vec![b"lottery".to_vec(), meaning()]);
    let done = shared.lotteries.create(pool, plan, by).await?;
    let view = LotteryView::opened(done.event.into(), done.at);
    Ok(reply::mark_replayed(reply::created(&LotteryBody::of(pool, &view)), done.replayed))
}

async fn list(
    shared: web::Data<Shared>,
    _: Perhaps,
    Params(query): Params<LotteriesQuery>,
) -> Result<HttpResponse, Problem> {
    Ok(reply::ok(&query.read()?.page(&shared).await?))
}

async fn show(
    shared: web::Data<Shared>,
    _: Perhaps,
    PoolInPath(pool): PoolInPath,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    Ok(reply::ok(&LotteryBody::of(pool, &find_lottery(&shared, pool).await?)))
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
    Ok(reply::ok(&ClosedBody { lottery: LotteryBody::of(pool, &view), draw }))
}

/// How a pool stands once it is closed, or would be, and who has won, if that is known.
pub async fn close_now(
    shared: &Shared,
    caller: Caller,
    key: &IdempotencyKey,
    pool: PoolName,
    flags: &DryRun,
) -> Result<(LotteryView, Option<DrawBody>), Problem> {
    let meaning = || vec![b"close".to_vec(), pool.row_key()];
    let by = key.by(caller, flags.how(), meaning);
    if !by.is_dry_run() {
        shared.closing.close(pool, by).await?;
    }
    let mut view = find_lottery(shared, pool).await?;
    if flags.dry_run && view.phase != Phase::Drawn {
        // Which seed is drawn with is known beforehand, a round of the beacon is not.
        let at_once = view.plan.ballots.is_some_and(|ballots| ballots.round.is_none());
        view.phase = if at_once { Phase::Drawn } else { Phase::Closed };
    }
    let draw = match view.drawn {
        Some(_) => Some(draws::announce(shared, pool, &view, Audience::Admin).await?),
        None => None,
    };
    Ok((view, draw))
}

async fn withdraw(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    PoolInPath(pool): PoolInPath,
    Params(flags): Params<DryRun>,
) -> Result<HttpResponse, Problem> {
    let done = withdraw_now(&shared, caller, &key, pool, &flags).await?;
    let body = LotteryBody::of(pool, &done.event);
    Ok(reply::mark_replayed(reply::ok(&body), done.replayed && !flags.dry_run))
}

/// A pool as it was, and that it is withdrawn, or would be.
pub async fn withdraw_now(
    shared: &Shared,
    caller: Caller,
    key: &IdempotencyKey,
    pool: PoolName,
    flags: &DryRun,
) -> Result<Done<WithdrawnLottery>, Problem> {
    let by = key.by(caller, flags.how(), || vec![b"withdraw".to_vec(), pool.row_key()]);
    Ok(shared.closing.withdraw(pool, by).await?)
}

async fn ledger(
    shared: web::Data<Shared>,
    Perhaps(signed): Perhaps,
    PoolInPath(pool): PoolInPath,
    Params(FormQuery { format }): Params<FormQuery>,
) -> Result<HttpResponse, Problem> {
    let plan = find_plan(&shared, pool).await?;
    figures::tell(plan.figures, signed.as_ref())?;
    if plan.tickets.is_none() && plan.ballots.is_none() {
        return Err(Problem::plain(&problem::NO_TICKETS));
    }
    let (tickets, boxes) =
        (shared.tickets.ledger(pool, &plan).await?, shared.ballots.boxes(pool, &plan).await?);
    export::answer_one(format.as_deref(), LotteryLedgerBody::of(tickets, &boxes))
}

async fn statistics(
    shared: web::Data<Shared>,
    Perhaps(signed): Perhaps,
    PoolInPath(pool): PoolInPath,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let view = find_lottery(&shared, pool).await?;
    figures::tell(view.plan.figures, signed.as_ref())?;
    let (tickets, boxes) = (
        shared.tickets.ledger(pool, &view.plan).await?,
        shared.ballots.boxes(pool, &view.plan).await?,
    );
    Ok(reply::ok(&StatisticsBody::of(pool, &view, tickets, &boxes)))
}
