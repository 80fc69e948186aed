//! What is said when a ballot is refused.

use crate::http::api::lottery::explain::being_withdrawn;
use crate::http::explain::Explain;
use crate::http::problem::{self, Problem};
use actors::domain::ballots::Refusal;

pub fn no_ballot() -> Problem {
    Problem::no_such("ballot")
}

impl Explain for Refusal {
    fn explain(self) -> Problem {
        match self {
            // A box that nobody ever opened holds nothing.
            Refusal::NotOpened => no_ballot(),
            Refusal::Withdrawn => being_withdrawn(),
            Refusal::Touched => Problem::plain(&problem::IN_USE),
            Refusal::NotForAdmins => Problem::new(
                &problem::FORBIDDEN,
                "an administrator can close a lottery, so they take no part in it",
            ),
            Refusal::Closed => {
                Problem::new(&problem::LOTTERY_CLOSED, "no ballots are taken any more")
            }
            Refusal::Full => Problem::plain(&problem::BALLOTS_FULL),
        }
    }
}
