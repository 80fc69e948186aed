//! Holds: take tickets by pattern or number, then confirm, extend or release them.

use super::lotteries::{known_day, plan_of};
use crate::http::body::Body;
use crate::http::caller::AsMember;
use crate::http::endpoint::{Endpoint, Who};
use crate::http::flags::{self, DryRun, IdempotencyKey, Params};
use crate::http::page::{Items, Paging};
use crate::http::problem::{self, Explain, Problem};
use crate::http::reply;
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use actors::Time;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{HoldId, HoldState, HoldView, Pattern, Refusal, SliceName, TicketId};
use base::calendar::wire_time;
use products::tickets::{HeldTickets, WantedTickets};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const MOST_AT_ONCE: u16 = 10;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateHold {
    /// Digits and stars, as many as the lottery's numbers have digits; a star matches any digit.
    /// Either this or `number`.
    #[schema(example = "****23")]
    pub pattern: Option<String>,
    /// Exactly this number.
    pub number: Option<String>,
    /// At most so many tickets, 1 to 10. They come from one slice of the numbers, so there may be
    /// fewer.
    #[serde(default = "one")]
    pub count: u16,
    /// Fewer than this are refused.
    #[serde(default = "one")]
    pub at_least: u16,
    /// Seconds until the hold ends by itself.
    pub ttl_s: Option<u32>,
}

fn one() -> u16 {
    1
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendHold {
    /// Seconds from now.
    pub ttl_s: u32,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Hold)]
pub struct HoldBody {
    pub id: String,
    pub lottery: String,
    /// `held`, `confirmed` or `released`.
    pub state: &'static str,
    pub tickets: Vec<TicketBody>,
    /// When it ends by itself. Null once it is confirmed or released.
    pub expires_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Ticket)]
pub struct TicketBody {
    pub id: String,
    pub number: String,
    pub copy: u16,
}

#[derive(Serialize, ToSchema)]
#[schema(as = HoldEnd)]
pub struct EndBody {
    pub id: String,
    pub state: &'static str,
    pub expires_at: Option<String>,
}

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/lotteries/{date}/holds", create)
            .summary("Hold tickets")
            .notes(
                "Random ones among the free that match, or an exact number. They are yours \
                alone until `expires_at`.",
            )
            .who(Who::Member)
            .body::<CreateHold>()
            .decides()
            .answer::<HoldBody>(201, "The hold.")
            .problems(&[
                &problem::NOT_FOUND,
                &problem::NO_TICKETS,
                &problem::LOTTERY_CLOSED,
                &problem::HOLD_LIMIT,
                &problem::NO_MATCH_LEFT,
            ]),
        Endpoint::get("/holds", list)
            .summary(
                "List my live \
            holds",
            )
            .who(Who::Member)
            .lists::<HoldBody>("By lottery and slice."),
        Endpoint::get("/holds/{id}", show)
            .summary("Look at a hold")
            .notes(
                "Somebody else's is answered like one that never was, here and wherever a hold \
                is named. Administrators see all.",
            )
            .who(Who::Member)
            .answer::<HoldBody>(200, "The hold.")
            .problems(&[&problem::NOT_FOUND]),
        Endpoint::post("/holds/{id}/confirm", confirm)
            .summary("Confirm a hold: buy its tickets")
            .notes("Can be repeated for ever: a confirmed hold answers the same again.")
            .who(Who::Member)
            .decides()
            .answer::<HoldBody>(200, "The confirmed hold.")
            .problems(ENDED),
        Endpoint::post("/holds/{id}/extend", extend)
            .summary("Extend a hold")
            .who(Who::Member)
            .body::<ExtendHold>()
            .decides()
            .answer::<EndBody>(200, "Until when it lives now.")
            .problems(ENDED)
            .problems(&[&problem::HOLD_EXTENDED_TO_THE_LIMIT, &problem::HOLD_CONFIRMED]),
        Endpoint::delete("/holds/{id}", release)
            .summary("Release a hold")
            .who(Who::Member)
            .decides()
            .answer::<EndBody>(200, "Its tickets are free again.")
            .problems(ENDED)
            .problems(&[&problem::HOLD_CONFIRMED]),
    ]
}

const ENDED: &[&problem::ProblemKind] = &[
    &problem::NOT_FOUND,
    &problem::HOLD_EXPIRED,
    &problem::HOLD_RELEASED,
    &problem::LOTTERY_CLOSED,
];

async fn create(
    shared: web::Data<Shared>,
    AsMember(caller): AsMember,
    key: IdempotencyKey,
    day: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(body): Body<CreateHold>,
) -> Result<HttpResponse, Problem> {
    let day = known_day(&day)?;
    let plan = plan_of(&shared, day).await?;
    let tickets = plan.tickets.ok_or_else(|| Problem::plain(&problem::NO_TICKETS))?;
    let wanted = wanted(&shared, &body, tickets.digits)?;
    let by = key.by(caller, flags.how(), || {
        vec![b"hold".to_vec(), day.0.to_be_bytes().to_vec(), wanted.meaning()]
    });
    let done = shared.tickets.hold(day, &plan, &wanted, by).await?;
    let HeldTickets { id, tickets, until } = &done.event;
    let body = HoldBody::of(id, tickets, HoldState::Held { until: *until });
    Ok(reply::replayed(reply::created(&body), done.replayed))
}

async fn list(
    shared: web::Data<Shared>,
    AsMember(caller): AsMember,
    Params(paging): Params<Paging>,
) -> Result<HttpResponse, Problem> {
    let limit = paging.limit()?;
    let found = shared.tickets.holds_of(caller.id, paging.after_name()?, limit + 1).await?;
    let item = |(id, view): (HoldId, HoldView)| Some(HoldBody::of(&id, &view.tickets, view.state));
    Ok(reply::ok(&Items::page(found, limit, |(id, _)| id.to_string().into_bytes(), item)))
}

async fn show(
    shared: web::Data<Shared>,
    AsMember(caller): AsMember,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let id = known(&id)?;
    let view = shared.tickets.look_at_hold(&id).await?;
    let view = view.ok_or_else(|| Refusal::UnknownHold.explain())?;
    if !caller.may_act_for(view.owner) {
        return Err(Refusal::NotYours.explain());
    }
    Ok(reply::ok(&HoldBody::of(&id, &view.tickets, view.state)))
}

async fn confirm(
    shared: web::Data<Shared>,
    AsMember(caller): AsMember,
    key: IdempotencyKey,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let id = known(&id)?;
    let by = key.by(caller, flags.how(), || vec![b"confirm".to_vec(), id.to_string().into_bytes()]);
    let done = shared.tickets.confirm(&id, by).await?;
    let body = HoldBody::of(&id, &done.event, HoldState::Confirmed);
    Ok(reply::replayed(reply::ok(&body), done.replayed))
}

async fn extend(
    shared: web::Data<Shared>,
    AsMember(caller): AsMember,
    key: IdempotencyKey,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(ExtendHold { ttl_s }): Body<ExtendHold>,
) -> Result<HttpResponse, Problem> {
    let id = known(&id)?;
    let ttl_s = checked_ttl(&shared, ttl_s)?;
    let by = key.by(caller, flags.how(), || {
        vec![b"extend".to_vec(), id.to_string().into_bytes(), ttl_s.to_be_bytes().to_vec()]
    });
    let done = shared.tickets.extend(&id, ttl_s, by).await?;
    Ok(ended(&id, "held", Some(done.event), done.replayed))
}

async fn release(
    shared: web::Data<Shared>,
    AsMember(caller): AsMember,
    key: IdempotencyKey,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
) -> Result<HttpResponse, Problem> {
    let id = known(&id)?;
    let by = key.by(caller, flags.how(), || vec![b"release".to_vec(), id.to_string().into_bytes()]);
    let done = shared.tickets.release(&id, by).await?;
    Ok(ended(&id, "released", None, done.replayed))
}

fn ended(id: &HoldId, state: &'static str, until: Option<Time>, replayed: bool) -> HttpResponse {
    let body = EndBody { id: id.to_string(), state, expires_at: until.map(wire_time) };
    reply::replayed(reply::ok(&body), replayed)
}

fn known(text: &str) -> Result<HoldId, Problem> {
    text.parse().map_err(|_| Refusal::UnknownHold.explain())
}

fn wanted(shared: &Shared, body: &CreateHold, digits: u8) -> Result<WantedTickets, Problem> {
    let pattern = match (&body.pattern, &body.number) {
        (Some(pattern), None) => parse_pattern(pattern, digits, "/pattern")?,
        (None, Some(number)) => {
            let pattern = parse_pattern(number, digits, "/number")?;
            pattern.number().ok_or_else(|| {
                Problem::invalid("/number", "a number has digits only; use `pattern` for stars")
            })?;
            pattern
        }
        _ => return Err(Problem::invalid("", "say either `pattern` or `number`")),
    };
    if !(1..=MOST_AT_ONCE).contains(&body.count) {
        return Err(Problem::invalid("/count", format!("1 to {MOST_AT_ONCE}")));
    }
    if !(1..=body.count).contains(&body.at_least) {
        return Err(Problem::invalid("/at_least", "1 to `count`"));
    }
    let ttl_s = checked_ttl(shared, body.ttl_s.unwrap_or(shared.config.hold_ttl_s))?;
    Ok(WantedTickets { pattern, count: body.count, at_least: body.at_least, ttl_s })
}

pub fn parse_pattern(text: &str, digits: u8, pointer: &str) -> Result<Pattern, Problem> {
    let pattern: Pattern =
        text.parse().map_err(|error: actors::domain::tickets::pattern::NotAPattern| {
            Problem::invalid(pointer, error.to_string())
        })?;
    if pattern.digits() != digits {
        return Err(Problem::invalid(
            pointer,
            format!("the numbers of this lottery have {digits} digits, not {}", pattern.digits()),
        ));
    }
    Ok(pattern)
}

fn checked_ttl(shared: &Shared, ttl_s: u32) -> Result<u32, Problem> {
    let most = shared.config.hold_max_s;
    if (1..=most).contains(&ttl_s) {
        Ok(ttl_s)
    } else {
        Err(Problem::invalid("/ttl_s", format!("1 to {most} seconds")))
    }
}

impl HoldBody {
    fn of(id: &HoldId, tickets: &[Ticket], state: HoldState) -> HoldBody {
        let (state, expires_at) = match state {
            HoldState::Held { until } => ("held", Some(wire_time(until))),
            HoldState::Confirmed => ("confirmed", None),
        };
        HoldBody {
            id: id.to_string(),
            lottery: id.slice.day.to_string(),
            state,
            tickets: tickets.iter().map(|ticket| TicketBody::of(&id.slice, ticket)).collect(),
            expires_at,
        }
    }
}

impl TicketBody {
    pub fn of(slice: &SliceName, ticket: &Ticket) -> TicketBody {
        let id = TicketId {
            day: slice.day,
            digits: slice.digits,
            number: ticket.number,
            copy: ticket.copy,
        };
        TicketBody { id: id.to_string(), number: id.printed_number(), copy: ticket.copy }
    }
}

impl Explain for Refusal {
    fn explain(self) -> Problem {
        match self {
            // A slice that nobody ever opened holds nothing. Holds are numbered, so that another's
            // is told from none would count them.
            Refusal::NotOpened | Refusal::UnknownHold | Refusal::NotYours => {
                Problem::new(&problem::NOT_FOUND, "there is no such hold, or it is somebody else's")
            }
            Refusal::Closed => Problem::plain(&problem::LOTTERY_CLOSED),
            Refusal::HoldExpired => Problem::plain(&problem::HOLD_EXPIRED),
            Refusal::HoldReleased => Problem::plain(&problem::HOLD_RELEASED),
            Refusal::AlreadyConfirmed => Problem::plain(&problem::HOLD_CONFIRMED),
            Refusal::UnknownTicket => Problem::new(&problem::NOT_FOUND, "there is no such ticket"),
            Refusal::NotSold => Problem::plain(&problem::NOT_SOLD),
            Refusal::NotAdmin => {
                Problem::new(&problem::FORBIDDEN, "only an administrator may do this")
            }
            Refusal::LimitReached { limit } => Problem::new(
                &problem::HOLD_LIMIT,
                format!("a member may hold {limit} tickets of a slice at a time"),
            ),
            Refusal::ExtendedToTheLimit { until } => Problem::new(
                &problem::HOLD_EXTENDED_TO_THE_LIMIT,
                format!("it ends at {} at the latest", wire_time(until)),
            ),
            Refusal::NoMatchLeft { left: 0 } => {
                Problem::new(&problem::NO_MATCH_LEFT, "no free ticket matches")
            }
            Refusal::NoMatchLeft { left } => Problem::new(
                &problem::NO_MATCH_LEFT,
                format!("only {left} free tickets match in one slice, fewer than `at_least`"),
            ),
        }
    }
}
