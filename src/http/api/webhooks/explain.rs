//! What is said when a webhook is refused.

use crate::http::explain::Explain;
use crate::http::problem::{self, Problem};
use actors::domain::webhooks::Refusal;
use products::webhooks::NotMade;

pub fn no_webhook() -> Problem {
    Problem::no_such("webhook")
}

impl Explain for Refusal {
    fn explain(self) -> Problem {
        match self {
            Refusal::NotAdmin => Problem::only_operators(),
            Refusal::Unknown => no_webhook(),
            Refusal::Exists => Problem::plain(&problem::KEY_REUSED),
            Refusal::Disabled => Problem::plain(&problem::WEBHOOK_DISABLED),
            Refusal::ReplayUnderWay => Problem::plain(&problem::REPLAY_UNDER_WAY),
            // Only its courier moves a replay on.
            Refusal::NoReplay => Problem::plain(&problem::INTERNAL),
        }
    }
}

impl From<NotMade> for Problem {
    fn from(not_made: NotMade) -> Problem {
        match not_made {
            NotMade::NotPublic => Problem::invalid(
                "/url",
                "a public address: this one, or what its name means, is private or special",
            ),
            NotMade::TooMany => Problem::plain(&problem::TOO_MANY_WEBHOOKS),
            // The key named a webhook that was deleted since.
            NotMade::Failed(error)
                if error.refusal() == Some(&products::Refusal::Webhook(Refusal::Unknown)) =>
            {
                Problem::plain(&problem::KEY_REUSED)
            }
            NotMade::Failed(error) => error.into(),
        }
    }
}
