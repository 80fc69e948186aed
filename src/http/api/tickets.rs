//! Tickets: how many match a pattern, the ones I bought, and refunds.

use super::holds::parse_pattern;
use super::lotteries::{known_day, plan_of};
use crate::http::body::Body;
use crate::http::caller::{Admin, AsMember};
use crate::http::endpoint::{Endpoint, Who};
use crate::http::flags::{self, DryRun, IdempotencyKey, Params};
use crate::http::page::{Items, Paging};
use crate::http::problem::{self, Explain, Problem};
use crate::http::reply;
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use actors::domain::tickets::{Bought, ticket_of_row};
use actors::domain::tickets::{HoldId, Refusal, TicketId};
use actors::store::ListedRow;
use base::calendar::wire_time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const SAMPLE: u16 = 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatternQuery {
    pattern: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Matches)]
pub struct MatchesBody {
    pub pattern: String,
    /// Tickets that match, sold or not.
    pub matching: u64,
    pub free: u64,
    /// Some of the free ones. Nobody holds them for you.
    pub sample: Vec<SampleBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SampleTicket)]
pub struct SampleBody {
    pub number: String,
    pub copy: u16,
}

#[derive(Serialize, ToSchema)]
#[schema(as = BoughtTicket)]
pub struct BoughtBody {
    pub id: String,
    pub lottery: String,
    pub number: String,
    pub copy: u16,
    /// The hold it was bought by.
    pub hold: String,
    pub bought_at: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Refund)]
pub struct RefundBody {
    pub id: String,
    pub state: &'static str,
}

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/lotteries/{date}/tickets", search)
            .summary("Look for tickets")
            .notes("Only looks: holds nothing, and the next moment may be different.")
            .query("pattern", "Digits and stars, like `****23`.")
            .answer::<MatchesBody>(200, "How many match, how many are free, and a sample of these.")
            .problems(&[&problem::NOT_FOUND, &problem::NO_TICKETS, &problem::INVALID]),
        Endpoint::get("/tickets", list)
            .summary("List my tickets")
            .who(Who::Member)
            .lists::<BoughtBody>("By lottery and number."),
        Endpoint::post("/tickets/{id}/refund", refund)
            .summary("Take a sold ticket back")
            .notes("It is free again. Not once the lottery is closed.")
            .who(Who::Admin)
            .decides()
            .answer::<RefundBody>(200, "The ticket is free again.")
            .problems(&[&problem::NOT_FOUND, &problem::NOT_SOLD, &problem::LOTTERY_CLOSED]),
    ]
}

async fn search(
    shared: web::Data<Shared>,
    day: web::Path<String>,
    Params(search): Params<PatternQuery>,
) -> Result<HttpResponse, Problem> {
    let day = known_day(&day)?;
    let plan = plan_of(&shared, day).await?;
    let tickets = plan.tickets.ok_or_else(|| Problem::plain(&problem::NO_TICKETS))?;
    let pattern = parse_pattern(&search.pattern, tickets.digits, "?pattern")?;
    let found = shared.tickets.matching(day, &plan, &pattern, SAMPLE).await?;
    let sample = found
        .sample
        .iter()
        .map(|id| SampleBody { number: id.printed_number(), copy: id.copy })
        .collect();
    Ok(reply::ok(&MatchesBody {
        pattern: pattern.to_string(),
        matching: found.matching,
        free: found.free,
        sample,
    }))
}

async fn list(
    shared: web::Data<Shared>,
    AsMember(caller): AsMember,
    Params(paging): Params<Paging>,
) -> Result<HttpResponse, Problem> {
    let (limit, after) = (paging.limit()?, paging.after()?);
    let found = shared.tickets.bought_by(caller.id, after, limit + 1).await?;
    let item = |line: ListedRow| {
        ticket_of_row(&line.key, &line.body).map(|(id, bought)| BoughtBody::of(&id, &bought))
    };
    Ok(reply::ok(&Items::page(found, limit, |line: &ListedRow| line.key.clone(), item)))
}

async fn refund(
    shared: web::Data<Shared>,
    Admin(caller): Admin,
    key: IdempotencyKey,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let id: TicketId = id.parse().map_err(|_| Refusal::UnknownTicket.explain())?;
    let by = key.by(caller, flags.how(), || vec![b"refund".to_vec(), id.to_string().into_bytes()]);
    let done = shared.tickets.refund(&id, by).await?;
    Ok(reply::replayed(
        reply::ok(&RefundBody { id: id.to_string(), state: "refunded" }),
        done.replayed,
    ))
}

impl BoughtBody {
    fn of(id: &TicketId, bought: &Bought) -> BoughtBody {
        BoughtBody {
            id: id.to_string(),
            lottery: id.day.to_string(),
            number: id.printed_number(),
            copy: id.copy,
            hold: HoldId { slice: id.slice(), number: bought.hold }.to_string(),
            bought_at: wire_time(bought.at),
        }
    }
}
