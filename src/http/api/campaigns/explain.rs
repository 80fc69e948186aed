//! What is said when a campaign refuses.

use crate::http::explain::Explain;
use crate::http::problem::{self, Problem};
use actors::domain::coupons::campaign::Refusal;
use base::calendar::wire_time;

impl Explain for Refusal {
    fn explain(self) -> Problem {
        match self {
            // The shell opens it, or takes a turn, and asks again.
            Refusal::NotOpened | Refusal::NotItsTurn => Problem::plain(&problem::NOT_FOUND),
            Refusal::NotAdmin => Problem::only_operators(),
            Refusal::AdminsDoNotClaim => {
                Problem::new(&problem::FORBIDDEN, "administrators never claim")
            }
            Refusal::ByFirstLoginOnly => Problem::plain(&problem::BY_FIRST_LOGIN),
            Refusal::WrongCode => Problem::plain(&problem::WRONG_CODE),
            Refusal::NotYetOpen { starts_at } => Problem::new(
                &problem::NOT_YET_OPEN,
                format!("it begins at {}", wire_time(starts_at)),
            ),
            Refusal::Ended => Problem::plain(&problem::ENDED),
            Refusal::Paused => Problem::plain(&problem::PAUSED),
            Refusal::OnlyMore => Problem::plain(&problem::ONLY_MORE),
            Refusal::SoldOut => Problem::plain(&problem::SOLD_OUT),
            Refusal::Coupon(refusal) => refusal.explain(),
            Refusal::Claimed => Problem::plain(&problem::IN_USE),
            Refusal::NoTimeLeft => {
                Problem::invalid("/ends_at", "later than `starts_at`, and ahead")
            }
        }
    }
}
