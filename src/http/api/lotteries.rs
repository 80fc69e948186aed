//! Lotteries: create, look, close, and the ledger.

use crate::app::Shared;
use crate::calendar;
use crate::http::body::Body;
use crate::http::caller::Admin;
use crate::http::endpoint::{Endpoint, Who};
use crate::http::flags::{self, DryRun, IdempotencyKey, Params};
use crate::http::page::{Items, Paging};
use crate::http::problem::{self, Explain, Problem};
use crate::http::reply;
use crate::lottery::WalkFailure;
use actix_web::{HttpResponse, web};
use actors::Time;
use actors::domain::day::Day;
use actors::domain::lottery::{Event, Phase, Plan, Refusal, Tickets, View};
use actors::domain::tickets::names::lead_digits;
use actors::domain::tickets::pattern::{FEWEST_DIGITS, MOST_DIGITS};
use futures_util::future::try_join_all;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

const MOST_COPIES: u16 = 1000;
const LONGEST_NAME: usize = 100;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateLottery {
    /// The closing day, today or later. A day has one lottery.
    #[schema(example = "2026-12-31")]
    pub closes_on: String,
    /// Invented if absent.
    pub name: Option<String>,
    pub tickets: Option<TicketPlan>,
}

#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketPlan {
    /// 4 to 7, 6 by default. The memory for counting grows as 11^digits, so more is refused.
    #[serde(default = "six")]
    pub digits: u8,
    /// How many tickets bear each number, 1 to 1000.
    #[serde(default = "one")]
    pub copies: u16,
}

fn six() -> u8 {
    6
}

fn one() -> u16 {
    1
}

#[derive(Serialize, ToSchema)]
#[schema(as = Lottery)]
pub struct LotteryBody {
    pub closes_on: String,
    /// The closing instant: the end of that day in the configured zone.
    pub closes_at: String,
    pub name: String,
    /// `open`, `closing` or `closed`.
    #[schema(value_type = String)]
    pub state: State,
    pub tickets: Option<TicketsBody>,
    pub created_at: String,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Open,
    Closing,
    Closed,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LotteryTickets)]
pub struct TicketsBody {
    pub digits: u8,
    pub copies: u16,
    /// How many there are in all.
    pub stock: u64,
    /// Partitions that hand them out side by side; a member's limit of live held tickets counts in each of them.
    pub slices: u32,
    pub held_per_member_and_slice: u16,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LotteryLedger)]
pub struct LedgerBody {
    pub stock: u64,
    pub free: u64,
    pub held: u64,
    pub sold: u64,
    /// Zero, always: stock = free + held + sold.
    pub imbalance: i64,
}

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/lotteries", create)
            .summary("Create a lottery")
            .notes("Costs the same for ten tickets and for ten million: an unsold ticket is written nowhere.")
            .who(Who::Admin)
            .body::<CreateLottery>()
            .decides()
            .answer::<LotteryBody>(201, "The lottery.")
            .problems(&[&problem::LOTTERY_EXISTS]),
        Endpoint::get("/lotteries", list).summary("List the lotteries that are not closed").lists::<LotteryBody>("By closing day."),
        Endpoint::get("/lotteries/{date}", show)
            .summary("Look at a lottery")
            .answer::<LotteryBody>(200, "The lottery.")
            .problems(&[&problem::NOT_FOUND]),
        Endpoint::post("/lotteries/{date}/close", close)
            .summary("Close a lottery now")
            .notes("Seals every slice; live holds are released. What began after the answer is refused. Can be repeated.")
            .who(Who::Admin)
            .decides()
            .answer::<LotteryBody>(200, "The closed lottery.")
            .problems(&[&problem::NOT_FOUND]),
        Endpoint::get("/lotteries/{date}/ledger", ledger)
            .summary("Count a lottery's tickets")
            .answer::<LedgerBody>(200, "The books, which balance.")
            .problems(&[&problem::NOT_FOUND, &problem::NO_TICKETS]),
    ]
}

async fn create(
    shared: web::Data<Shared>,
    Admin(caller): Admin,
    key: IdempotencyKey,
    Params(flags): Params<DryRun>,
    Body(body): Body<CreateLottery>,
) -> Result<HttpResponse, Problem> {
    let (day, plan) = plan(&shared, body)?;
    let meaning = || postcard::to_stdvec(&(day, &plan)).expect("a plan is plain data");
    let key = key.of(caller.id, || vec![b"lottery".to_vec(), meaning()]);
    let done = shared.lotteries.create(day, plan, caller, key, flags.dry_run).await?;
    let Event::Planned(plan) = done.event else { return Err(Problem::plain(&problem::INTERNAL)) };
    let view = View { plan, phase: Phase::Open, created_at: done.at, boxes: Vec::new(), drawn: None };
    Ok(reply::replayed(reply::created(&LotteryBody::of(day, &view)), done.replayed))
}

async fn list(shared: web::Data<Shared>, Params(paging): Params<Paging>) -> Result<HttpResponse, Problem> {
    let limit = paging.limit()?;
    let from = paging.after_name::<Day>()?.map_or(Day(0), |after| Day(after.0 + 1));
    let found = shared.lotteries.not_closed(from, limit + 1).await?;
    let days = Items::page(found, limit, |day: &Day| day.to_string().into_bytes(), Some);
    let views = try_join_all(days.items.iter().map(|day| shared.lotteries.view(*day))).await?;
    let items = days.items.iter().zip(views).filter_map(|(day, view)| Some(LotteryBody::of(*day, &view?))).collect();
    Ok(reply::ok(&Items::<LotteryBody> { items, next_cursor: days.next_cursor }))
}

async fn show(shared: web::Data<Shared>, day: web::Path<String>, _: Params<flags::None>) -> Result<HttpResponse, Problem> {
    let day = known_day(&day)?;
    let view = shared.lotteries.view(day).await?.ok_or_else(|| no_lottery(day))?;
    Ok(reply::ok(&LotteryBody::of(day, &view)))
}

async fn close(
    shared: web::Data<Shared>,
    Admin(caller): Admin,
    key: IdempotencyKey,
    day: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(flags::None {}): Body<flags::None>,
) -> Result<HttpResponse, Problem> {
    let day = known_day(&day)?;
    let plan = plan_of(&shared, day).await?;
    let key = key.of(caller.id, || vec![b"close".to_vec(), day.0.to_be_bytes().to_vec()]);
    if !flags.dry_run {
        shared.lotteries.close(day, &plan, caller, key).await?;
    }
    let mut view = shared.lotteries.view(day).await?.ok_or_else(|| no_lottery(day))?;
    if flags.dry_run {
        view.phase = Phase::Closed;
    }
    Ok(reply::ok(&LotteryBody::of(day, &view)))
}

async fn ledger(shared: web::Data<Shared>, day: web::Path<String>, _: Params<flags::None>) -> Result<HttpResponse, Problem> {
    let day = known_day(&day)?;
    let plan = plan_of(&shared, day).await?;
    plan.tickets.ok_or_else(|| Problem::plain(&problem::NO_TICKETS))?;
    let ledger = shared.lotteries.ledger(day, &plan).await?;
    let actors::domain::tickets::Ledger { stock, free, held, sold, imbalance } = ledger;
    Ok(reply::ok(&LedgerBody { stock, free, held, sold, imbalance }))
}

/// The day in a path. One that cannot be read names no lottery.
pub fn known_day(text: &str) -> Result<Day, Problem> {
    text.parse().map_err(|error| Problem::new(&problem::NOT_FOUND, format!("no lottery: {error}")))
}

pub async fn plan_of(shared: &Shared, day: Day) -> Result<Arc<Plan>, Problem> {
    shared.lotteries.plan(day).await?.ok_or_else(|| no_lottery(day))
}

pub fn no_lottery(day: Day) -> Problem {
    Problem::new(&problem::NOT_FOUND, format!("there is no lottery that closes on {day}"))
}

fn plan(shared: &Shared, body: CreateLottery) -> Result<(Day, Plan), Problem> {
    let (day, closes_at) = closing(shared, &body.closes_on)?;
    let name = body.name.unwrap_or_else(|| format!("Lottery of {day}"));
    if name.trim().is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(Problem::invalid("/name", format!("1 to {LONGEST_NAME} printable characters")));
    }
    let tickets = body.tickets.map(|tickets| tickets_of(shared, tickets)).transpose()?;
    Ok((day, Plan { name, closes_at, tickets, ballots: None }))
}

/// The closing day, and the instant at which it ends in the configured zone.
fn closing(shared: &Shared, text: &str) -> Result<(Day, Time), Problem> {
    let invalid = |why: &str| Problem::invalid("/closes_on", why);
    let date: Date = text.parse().map_err(|_| invalid("a date like 2026-12-31"))?;
    let day: Day = text.parse().map_err(|_| invalid("a date like 2026-12-31"))?;
    let zone = &shared.config.time_zone;
    let (_, closes_at) = calendar::window(zone, date).ok_or_else(|| invalid("too far away"))?;
    if closes_at <= shared.lotteries.now() {
        return Err(invalid("that day is over"));
    }
    Ok((day, closes_at))
}

fn tickets_of(shared: &Shared, TicketPlan { digits, copies }: TicketPlan) -> Result<Tickets, Problem> {
    if !(FEWEST_DIGITS..=MOST_DIGITS).contains(&digits) {
        let why = format!("{FEWEST_DIGITS} to {MOST_DIGITS}: the memory for counting every pattern grows as 11^digits");
        return Err(Problem::invalid("/tickets/digits", why));
    }
    if !(1..=MOST_COPIES).contains(&copies) {
        return Err(Problem::invalid("/tickets/copies", format!("1 to {MOST_COPIES}")));
    }
    let holds_per_member = u16::try_from(shared.config.holds_per_member).unwrap_or(u16::MAX);
    Ok(Tickets { digits, copies, holds_per_member, hold_max_s: shared.config.hold_max_s })
}

impl LotteryBody {
    fn of(day: Day, view: &View) -> LotteryBody {
        LotteryBody {
            closes_on: day.to_string(),
            closes_at: reply::time(view.plan.closes_at),
            name: view.plan.name.clone(),
            state: match view.phase {
                Phase::Open => State::Open,
                Phase::Closing => State::Closing,
                Phase::Closed | Phase::Drawn => State::Closed,
            },
            tickets: view.plan.tickets.map(TicketsBody::of),
            created_at: reply::time(view.created_at),
        }
    }
}

impl TicketsBody {
    fn of(tickets: Tickets) -> TicketsBody {
        TicketsBody {
            digits: tickets.digits,
            copies: tickets.copies,
            stock: 10u64.pow(tickets.digits as u32) * tickets.copies as u64,
            slices: 10u32.pow(lead_digits(tickets.digits) as u32),
            held_per_member_and_slice: tickets.holds_per_member,
        }
    }
}

impl Explain for Refusal {
    fn explain(self) -> Problem {
        match self {
            Refusal::Unknown => Problem::plain(&problem::NOT_FOUND),
            Refusal::Exists => Problem::plain(&problem::LOTTERY_EXISTS),
            // Only the close job finishes and draws, after it has begun to close.
            Refusal::NotClosing
            | Refusal::NotClosed
            | Refusal::OtherBoxes
            | Refusal::OtherSeed
            | Refusal::OtherRound
            | Refusal::OtherLots => Problem::plain(&problem::INTERNAL),
        }
    }
}

impl From<WalkFailure> for Problem {
    fn from(failure: WalkFailure) -> Problem {
        match failure {
            WalkFailure::Lottery(failure) => failure.into(),
            WalkFailure::Slice(failure) => failure.into(),
            WalkFailure::Store(error) => error.into(),
        }
    }
}
