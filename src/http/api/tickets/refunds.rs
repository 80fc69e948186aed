//! Taking a sold hold back, as a whole or in part.

use crate::http::api::pool::own_name;
use crate::http::api::tickets::bodies::TicketBody;
use crate::http::api::tickets::holds::{digits_of, parse_hold_id};
use crate::http::caller::Operator;
use crate::http::flags::{DryRun, IdempotencyKey, Params};
use crate::http::mistakes::Mistakes;
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::unchecked::Unchecked;
use crate::http::words;
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use actors::domain::tickets::TicketId;
use actors::domain::tickets::stock::Ticket;
use products::holds::HeldId;
use products::tickets::RefundedTickets;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// As many as a hold may have.
const MOST_NAMED: usize = 10;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundHold {
    /// The ids of 1 to 10 of its tickets. All of them, if absent.
    pub tickets: Option<Vec<String>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = HoldRefund)]
pub struct HoldRefundBody {
    pub id: String,
    /// The pool: the day of a lottery, or a name.
    pub lottery: String,
    /// The pool, if it has a name of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pool: Option<String>,
    #[schema(value_type = words::TicketStates)]
    pub state: &'static str,
    /// What was taken back; of a repeat, what had been.
    pub tickets: Vec<TicketBody>,
    /// What the hold still has.
    pub left: Vec<TicketBody>,
}

pub async fn refund(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
    body: Unchecked<RefundHold>,
) -> Result<HttpResponse, Problem> {
    let id = parse_hold_id(&id);
    let (id, tickets) = body.checked(|body| {
        let id = id?;
        let tickets = body.tickets.map(|named| parse_named(&id, &named)).transpose()?;
        Ok((id, tickets.unwrap_or_default()))
    })?;
    let by = key.by(caller, flags.how(), || {
        let named = tickets.iter().flat_map(|ticket| {
            [ticket.number.to_be_bytes().to_vec(), ticket.copy.to_be_bytes().to_vec()]
        });
        let whole = [b"refund hold".to_vec(), id.to_string().into_bytes()];
        whole.into_iter().chain(named).collect()
    });
    let done = shared.holds.refund(&id, tickets, by).await?;
    let digits = digits_of(&shared, &id).await?;
    let RefundedTickets { tickets, left } = &done.event;
    let printed = |tickets: &[Ticket]| {
        tickets.iter().map(|ticket| TicketBody::of(id.pool(), digits, ticket)).collect()
    };
    let body = HoldRefundBody {
        id: id.to_string(),
        lottery: id.pool().to_string(),
        pool: own_name(id.pool()),
        state: "refunded",
        tickets: printed(tickets),
        left: printed(left),
    };
    Ok(reply::mark_replayed(reply::ok(&body), done.replayed))
}

/// In their order, each once, so that the same ones are the same request.
fn parse_named(id: &HeldId, named: &[String]) -> Result<Vec<Ticket>, Problem> {
    let mut mistakes = Mistakes::default();
    let are_some = (1..=MOST_NAMED).contains(&named.len());
    mistakes.expect(are_some, "/tickets", format!("1 to {MOST_NAMED}; leave it out for all"));
    let mut tickets = BTreeSet::new();
    for (place, text) in named.iter().enumerate().take(MOST_NAMED) {
        let pointer = format!("/tickets/{place}");
        match text.parse::<TicketId>() {
            Ok(ticket) if ticket.pool == id.pool() => {
                tickets.insert(Ticket { number: ticket.number, copy: ticket.copy });
            }
            _ => mistakes.expect(false, &pointer, "the id of a ticket of this pool"),
        }
    }
    mistakes.end().map(|()| tickets.into_iter().collect())
}
