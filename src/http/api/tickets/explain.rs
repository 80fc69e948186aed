//! What is said when tickets or holds are refused.

use crate::http::api::lottery::explain::being_withdrawn;
use crate::http::explain::Explain;
use crate::http::problem::{self, Problem};
use actors::domain::tickets::Refusal;
use actors::domain::till::{self, AllowanceSide};
use base::calendar::wire_time;
use products::Error;
use products::tickets::WantedTickets;

impl Explain for Refusal {
    fn explain(self) -> Problem {
        match self {
            // A slice that nobody ever opened holds nothing. Holds are numbered, so that another's
            // is told from none would count them.
            Refusal::NotOpened | Refusal::UnknownHold | Refusal::NotYours => {
                Problem::new(&problem::NOT_FOUND, "there is no such hold, or it is somebody else's")
            }
            Refusal::Withdrawn => being_withdrawn(),
            Refusal::Touched => Problem::plain(&problem::IN_USE),
            Refusal::Closed => Problem::plain(&problem::LOTTERY_CLOSED),
            Refusal::NotYetOpen { opens_at } => Problem::new(
                &problem::NOT_YET_OPEN,
                format!("the sale begins at {}", wire_time(opens_at)),
            ),
            Refusal::SaleOver => Problem::plain(&problem::SALE_OVER),
            Refusal::NotReleasedYet { next_at } => Problem::new(
                &problem::NOT_RELEASED_YET,
                format!("the next tickets are let out at {}", wire_time(next_at)),
            ),
            Refusal::HoldExpired => Problem::plain(&problem::HOLD_EXPIRED),
            Refusal::HoldReleased => Problem::plain(&problem::HOLD_RELEASED),
            Refusal::AlreadyConfirmed => Problem::plain(&problem::HOLD_CONFIRMED),
            Refusal::UnknownTicket => Problem::no_such("ticket"),
            Refusal::NotSold => Problem::plain(&problem::NOT_SOLD),
            Refusal::NotAdmin => Problem::only_operators(),
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
            // Tills hear these, and members what the till says.
            Refusal::OrderOver | Refusal::NoPart => Problem::plain(&problem::HOLD_EXPIRED),
            Refusal::PartsLive { .. } => Problem::plain(&problem::LOTTERY_CLOSED),
        }
    }
}

/// Why a hold was refused. Of numbers that have to follow one another, only who asked knows it.
pub fn explain_hold(error: Error, wanted: &WantedTickets) -> Problem {
    match error.refusal() {
        Some(products::Refusal::Tickets(Refusal::NoMatchLeft { left })) if wanted.together => {
            let why = format!(
                "no {} numbers that follow one another are free and match; the most are {left}",
                wanted.at_least
            );
            Problem::new(&problem::NONE_TOGETHER, why)
        }
        _ => error.into(),
    }
}

/// To those who ask, an order is a hold.
impl Explain for till::Refusal {
    fn explain(self) -> Problem {
        match self {
            till::Refusal::NotOpened
            | till::Refusal::UnknownOrder
            | till::Refusal::NotYours
            | till::Refusal::NotPlaced => Refusal::UnknownHold.explain(),
            till::Refusal::Withdrawn => Refusal::Withdrawn.explain(),
            till::Refusal::Touched => Refusal::Touched.explain(),
            till::Refusal::Closed => Refusal::Closed.explain(),
            till::Refusal::OrderOver | till::Refusal::OrderExpired => {
                Refusal::HoldExpired.explain()
            }
            till::Refusal::OrderReleased => Refusal::HoldReleased.explain(),
            till::Refusal::AlreadyBought => Refusal::AlreadyConfirmed.explain(),
            till::Refusal::NotSold | till::Refusal::OtherTickets => Refusal::NotSold.explain(),
            till::Refusal::NotAdmin => Refusal::NotAdmin.explain(),
            till::Refusal::LimitReached { side, limit, left } => {
                let what = match side {
                    AllowanceSide::Held => "hold",
                    AllowanceSide::Bought => "buy",
                };
                Problem::new(
                    &problem::HOLD_LIMIT,
                    format!("one may {what} {limit} tickets in all; {left} are left"),
                )
            }
            till::Refusal::ExtendedToTheLimit { until } => {
                Refusal::ExtendedToTheLimit { until }.explain()
            }
            // Only whoever closes the lottery hears it, and asks again.
            till::Refusal::Unsettled { .. } => Problem::plain(&problem::BUSY),
        }
    }
}
