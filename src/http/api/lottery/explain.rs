//! What is said when a lottery refuses.

use crate::http::explain::Explain;
use crate::http::problem::{self, Problem};
use actors::domain::lottery::Refusal;

/// Whoever asks again hears what it came to, or finds what was arranged since.
pub fn being_withdrawn() -> Problem {
    let why = "it is being withdrawn, or was arranged anew, at this moment; ask again";
    Problem::new(&problem::BUSY, why)
}

impl Explain for Refusal {
    fn explain(self) -> Problem {
        match self {
            Refusal::Unknown => Problem::plain(&problem::NOT_FOUND),
            Refusal::Exists => Problem::plain(&problem::LOTTERY_EXISTS),
            Refusal::Over => Problem::plain(&problem::LOTTERY_CLOSED),
            Refusal::BeingWithdrawn => being_withdrawn(),
            Refusal::Touched => Problem::new(
                &problem::IN_USE,
                "somebody has held, bought, ordered or submitted something",
            ),
            Refusal::NotWithdrawing => Problem::plain(&problem::NOT_FOUND),
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
