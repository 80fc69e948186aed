//! What is said when a lottery refuses.

use crate::http::explain::Explain;
use crate::http::problem::{self, Problem};
use actors::domain::lottery::Refusal;

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
