//! How a refusal of a product becomes a problem: the part that all products share.
//!
//! Each product has an `explain` of its own with a row for every refusal.

use crate::http::problem::{self, Problem};

/// Says a domain's refusal in the API's words. A new refusal does not compile until it has its row.
pub trait Explain {
    fn explain(self) -> Problem;
}

/// A clock that has jumped seldom comes back at once.
const CLOCK_RETRY_S: u32 = 10;

impl<R: Explain> From<actors::engine::Failure<R>> for Problem {
    fn from(failure: actors::engine::Failure<R>) -> Problem {
        use actors::engine::Failure;
        match failure {
            Failure::Refused(refusal) => refusal.explain(),
            Failure::KeyReused => Problem::plain(&problem::KEY_REUSED),
            Failure::KeyForgotten => Problem::plain(&problem::KEY_FORGOTTEN),
            Failure::Busy => Problem::plain(&problem::BUSY),
            Failure::Unavailable(why) => Problem::new(&problem::UNAVAILABLE, why),
            Failure::Moved => Problem::plain(&problem::MOVED),
            Failure::Unknown => Problem::plain(&problem::OUTCOME_UNKNOWN),
            Failure::ClockMoved => Problem::plain(&problem::CLOCK_MOVED).retry_after(CLOCK_RETRY_S),
        }
    }
}

/// A product refuses with what its partitions say. Each has its rows in the folder of its calls.
impl Explain for products::Refusal {
    fn explain(self) -> Problem {
        match self {
            products::Refusal::Lottery(refusal) => refusal.explain(),
            products::Refusal::Tickets(refusal) => refusal.explain(),
            products::Refusal::Orders(refusal) => refusal.explain(),
            products::Refusal::Ballots(refusal) => refusal.explain(),
            products::Refusal::Promotions(refusal) => refusal.explain(),
            products::Refusal::Campaign(refusal) => refusal.explain(),
            products::Refusal::Coupons(refusal) => refusal.explain(),
            products::Refusal::Import(refusal) => refusal.explain(),
            products::Refusal::Voiding(refusal) => refusal.explain(),
            products::Refusal::Webhook(refusal) => refusal.explain(),
            products::Refusal::Acts(_) | products::Refusal::OtherFact => {
                Problem::plain(&problem::INTERNAL)
            }
        }
    }
}

impl From<products::Error> for Problem {
    fn from(products::Error(failure): products::Error) -> Problem {
        failure.into()
    }
}

impl From<actors::store::StoreError> for Problem {
    fn from(error: actors::store::StoreError) -> Problem {
        Problem::new(&problem::UNAVAILABLE, error.to_string())
    }
}
