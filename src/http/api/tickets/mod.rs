//! Tickets: hold some and buy them, how many match a pattern, the ones I bought, and refunds.
//!
//! The endpoints, and the calls about tickets. `holds` has those about holds, `refunds` how whole
//! ones are taken back, `sold` the list of what was sold, `bodies` what is read and answered,
//! `explain` what is said when tickets are refused.

pub mod bodies;
pub mod explain;
mod holds;
mod refunds;
mod sold;

use crate::http::api::figures;
use crate::http::api::pool::{PoolInPath, PoolPath, at, find_plan, parse_pool};
use crate::http::api::tickets::bodies::{
    BoughtBody, BoughtQuery, CreateHold, EndBody, ExtendHold, HoldBody, MatchesBody, PatternQuery,
    RefundBody, SampleBody, SoldBody, parse_label, parse_pattern,
};
use crate::http::api::tickets::refunds::{HoldRefundBody, RefundHold};
use crate::http::api::whose::of_one_member;
use crate::http::body::Body;
use crate::http::caller::{AsMember, Operator, Perhaps};
use crate::http::endpoint::{Described, Endpoint, Who};
use crate::http::explain::Explain;
use crate::http::flags::{self, DryRun, IdempotencyKey, Params};
use crate::http::mistakes::Mistakes;
use crate::http::page::{Items, Paging};
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::http::sheets::{LinesOf, takes_a_sheet};
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use actors::domain::tickets::{Refusal, TicketId, ticket_of_row};
use actors::store::ListedRow;
use ports::scopes::Scope;

pub fn endpoints() -> Vec<Endpoint> {
    let mut all = PoolPath::both(of_pool);
    all.extend(of_holds_and_tickets());
    all
}

fn of_pool(by: PoolPath) -> Vec<Endpoint> {
    vec![
        Endpoint::post(at!(by, "/holds"), holds::create)
            .named(by.pick("holdTickets", "holdTicketsOfPool"))
            .summary("Hold tickets")
            .notes(
                "Random ones among the free that match, or an exact number; with `together`, \
                numbers that follow one another. They are yours alone until `expires_at`.",
            )
            .who(Who::Member)
            .scopes(&[Scope::Members, Scope::Tickets])
            .body::<CreateHold>()
            .decides()
            .answer::<HoldBody>(201, "The hold.")
            .problems(&[
                &problem::NOT_FOUND,
                &problem::NO_TICKETS,
                &problem::LOTTERY_CLOSED,
                &problem::NOT_YET_OPEN,
                &problem::SALE_OVER,
                &problem::HOLD_LIMIT,
                &problem::NOT_RELEASED_YET,
                &problem::NO_MATCH_LEFT,
                &problem::NONE_TOGETHER,
            ]),
        takes_a_sheet(
            Endpoint::post(at!(by, "/holds:batch"), holds::create_sheet)
                .named(by.pick("holdTicketsSheet", "holdTicketsSheetOfPool"))
                .summary("Hold tickets for many members")
                .notes("Each line is a hold of its own, as `holdTickets` alone."),
            LinesOf {
                name: "HoldLine",
                named: None,
                body: Some(Described::of::<CreateHold>()),
                answer: Described::of::<HoldBody>(),
            },
        )
        .scopes(&[Scope::Members, Scope::Tickets])
        .problems(&[&problem::NOT_FOUND]),
        Endpoint::get(at!(by, "/tickets"), search)
            .named(by.pick("findTickets", "findTicketsOfPool"))
            .summary("Look for tickets")
            .notes("Only looks: holds nothing, and the next moment may be different.")
            .who(Who::Optional)
            .query("pattern", "Digits and stars, like `****23`.")
            .required()
            .query("label", "Only numbers that have this label of the pool.")
            .answer::<MatchesBody>(200, "How many match, how many are free, and a sample of these.")
            .problems(&[&problem::NOT_FOUND, &problem::NO_TICKETS, &problem::INVALID]),
        of_one_member(
            Endpoint::get(at!(by, "/tickets/sold"), sold::list)
                .named(by.pick("listSoldTickets", "listSoldTicketsOfPool"))
                .summary("List the tickets of a lottery that were sold")
                .notes(
                    "What a member has is found at once. A page may have few lines, or none, and \
                    still have a next one.",
                )
                .who(Who::Viewer)
                .instant("from", "Only those that were bought then or later.")
                .instant("to", "Only those that were bought before.")
                .lists::<SoldBody>("By the beginning of the number, copy, and number.")
                .exported::<SoldBody>(),
        )
        .problems(&[&problem::NOT_FOUND, &problem::NO_TICKETS]),
    ]
}

fn of_holds_and_tickets() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/holds", holds::list)
            .named("listMyHolds")
            .summary(
                "List my live \
            holds",
            )
            .who(Who::Member)
            .scopes(&[Scope::Members, Scope::Tickets])
            .lists::<HoldBody>("By lottery and slice."),
        Endpoint::get("/holds/{id}", holds::show)
            .named("getHold")
            .summary("Look at a hold")
            .notes(
                "Somebody else's is answered like one that never was, here and wherever a hold \
                is named. Administrators see all.",
            )
            .who(Who::Member)
            .scopes(&[Scope::Members, Scope::Tickets])
            .answer::<HoldBody>(200, "The hold.")
            .problems(&[&problem::NOT_FOUND]),
        Endpoint::post("/holds/{id}/confirm", holds::confirm)
            .named("confirmHold")
            .summary("Confirm a hold: buy its tickets")
            .notes("Can be repeated for ever: a confirmed hold answers the same again.")
            .who(Who::Member)
            .scopes(&[Scope::Members, Scope::Tickets])
            .decides()
            .answer::<HoldBody>(200, "The confirmed hold.")
            .problems(ENDED),
        takes_a_sheet(
            Endpoint::post("/holds/confirm:batch", holds::confirm_sheet)
                .named("confirmHoldSheet")
                .summary("Confirm many holds: buy their tickets")
                .notes("Each line confirms a hold of its own, as `confirmHold` alone."),
            LinesOf {
                name: "ConfirmHoldLine",
                named: Some(("id", "The id of the hold.")),
                body: None,
                answer: Described::of::<HoldBody>(),
            },
        )
        .scopes(&[Scope::Members, Scope::Tickets]),
        Endpoint::post("/holds/{id}/extend", holds::extend)
            .named("extendHold")
            .summary("Extend a hold")
            .who(Who::Member)
            .scopes(&[Scope::Members, Scope::Tickets])
            .body::<ExtendHold>()
            .decides()
            .answer::<EndBody>(200, "Until when it lives now.")
            .problems(ENDED)
            .problems(&[&problem::HOLD_EXTENDED_TO_THE_LIMIT, &problem::HOLD_CONFIRMED]),
        Endpoint::delete("/holds/{id}", holds::release)
            .named("releaseHold")
            .summary("Release a hold")
            .who(Who::Member)
            .scopes(&[Scope::Members, Scope::Tickets])
            .decides()
            .answer::<EndBody>(200, "Its tickets are free again.")
            .problems(ENDED)
            .problems(&[&problem::HOLD_CONFIRMED]),
        Endpoint::post("/holds/{id}/refund", refunds::refund)
            .named("refundHold")
            .summary("Take a sold hold back")
            .notes(
                "All of its tickets, or those that are named, by one fact: they are free again, \
                 and may be bought again by whom a limit of the pool had stopped. Not once the \
                 lottery is closed. Can be repeated: what was taken back stays so.",
            )
            .who(Who::Operator)
            .body::<RefundHold>()
            .decides()
            .answer::<HoldRefundBody>(200, "What was taken back, and what is left.")
            .problems(&[&problem::NOT_FOUND, &problem::NOT_SOLD, &problem::LOTTERY_CLOSED]),
        Endpoint::get("/tickets", list)
            .named("listMyTickets")
            .summary("List my tickets")
            .who(Who::Member)
            .scopes(&[Scope::Members, Scope::Tickets])
            .query("lottery", "Only those of this lottery or pool: its day, or its name.")
            .lists::<BoughtBody>("By lottery and number."),
        Endpoint::post("/tickets/{id}/refund", refund)
            .named("refundTicket")
            .summary("Take a sold ticket back")
            .notes("It is free again. Not once the lottery is closed.")
            .who(Who::Operator)
            .decides()
            .answer::<RefundBody>(200, "The ticket is free again.")
            .problems(&[&problem::NOT_FOUND, &problem::NOT_SOLD, &problem::LOTTERY_CLOSED]),
    ]
}

const ENDED: &[&problem::ProblemKind] = &[
    &problem::NOT_FOUND,
    &problem::HOLD_EXPIRED,
    &problem::HOLD_RELEASED,
    &problem::LOTTERY_CLOSED,
];

const SAMPLE: u16 = 10;

async fn search(
    shared: web::Data<Shared>,
    Perhaps(signed): Perhaps,
    PoolInPath(pool): PoolInPath,
    Params(search): Params<PatternQuery>,
) -> Result<HttpResponse, Problem> {
    let plan = find_plan(&shared, pool).await?;
    let tickets = plan.tickets.ok_or_else(|| Problem::plain(&problem::NO_TICKETS))?;
    let pattern = parse_pattern(&search.pattern, tickets.digits, "?pattern")?;
    let label = search.label.as_deref().map(|label| parse_label(&plan, label, "?label"));
    let label = label.transpose()?;
    let found = shared.tickets.matching(pool, &plan, &pattern, label, SAMPLE).await?;
    let sample = found
        .sample
        .iter()
        .map(|id| SampleBody { number: id.printed_number(), copy: id.copy })
        .collect();
    Ok(reply::ok(&MatchesBody {
        pattern: pattern.to_string(),
        matching: found.matching,
        free: figures::are_told(plan.figures, signed.as_ref()).then_some(found.free),
        sample,
    }))
}

async fn list(
    shared: web::Data<Shared>,
    AsMember(caller): AsMember,
    Params(BoughtQuery { lottery, limit, cursor }): Params<BoughtQuery>,
) -> Result<HttpResponse, Problem> {
    let (paging, mut mistakes) = (Paging::of(limit, cursor), Mistakes::default());
    let lottery = lottery.as_deref().map(|text| parse_pool(text, "?lottery")).transpose();
    let (lottery, limit) = (mistakes.check(lottery), mistakes.check(paging.limit()));
    let (Some(lottery), Some(limit)) = (lottery, limit) else { return Err(mistakes.into()) };
    let found = shared.tickets.bought_by(caller.id, lottery, paging.after()?, limit + 1).await?;
    let item = |line: ListedRow| {
        ticket_of_row(&line.key, &line.body).map(|(id, bought)| BoughtBody::of(&id, &bought))
    };
    Ok(reply::ok(&Items::page(found, limit, |line: &ListedRow| line.key.clone(), item)))
}

async fn refund(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let id: TicketId = id.parse().map_err(|_| Refusal::UnknownTicket.explain())?;
    let by = key.by(caller, flags.how(), || vec![b"refund".to_vec(), id.to_string().into_bytes()]);
    let done = shared.orders.refund_ticket(&shared.tickets, &id, by).await?;
    Ok(reply::mark_replayed(
        reply::ok(&RefundBody { id: id.to_string(), state: "refunded" }),
        done.replayed,
    ))
}
