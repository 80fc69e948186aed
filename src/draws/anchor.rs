//! What a draw is bound to before the first ballot comes in. Receipts sign it.

use actors::domain::draw::Hash;
use actors::domain::lottery;

/// What is fixed about a draw before the first ballot comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    pub commitment: Hash,
    /// None: no beacon.
    pub round: Option<u64>,
    pub winners: u16,
    pub reserves: u16,
}

impl From<&lottery::BallotSetup> for Anchor {
    fn from(plan: &lottery::BallotSetup) -> Anchor {
        Anchor {
            commitment: plan.commitment,
            round: plan.round,
            winners: plan.winners,
            reserves: plan.reserves,
        }
    }
}
