//! What is said when a coupon, a batch or the catalogue refuses.

use crate::http::api::coupons::voiding::no_voiding;
use crate::http::explain::Explain;
use crate::http::problem::{self, Problem};
use actors::domain::coupons::redeem::Refusal;
use actors::domain::coupons::{CancelBy, catalogue, offer, range, voiding};

impl Explain for Refusal {
    fn explain(self) -> Problem {
        match self {
            // Alike, so that nobody learns which codes are good.
            Refusal::Unknown | Refusal::NotYours => Problem::plain(&problem::UNKNOWN_COUPON),
            Refusal::NotAdmin => Problem::only_operators(),
            Refusal::Void => Problem::plain(&problem::COUPON_VOID),
            Refusal::Expired => Problem::plain(&problem::COUPON_EXPIRED),
            Refusal::Held => Problem::plain(&problem::COUPON_HELD),
            Refusal::AlreadyUsed => Problem::plain(&problem::COUPON_USED),
            Refusal::NotHeld => Problem::plain(&problem::COUPON_NOT_HELD),
            Refusal::NotUsed => Problem::plain(&problem::COUPON_NOT_USED),
            Refusal::CancelledBy(by) => Problem::new(
                &problem::FORBIDDEN,
                match by {
                    CancelBy::Service => "only the service or an administrator takes back its use",
                    CancelBy::Member | CancelBy::Admin => "only administrators take back its use",
                },
            ),
            Refusal::Offer(offer::Refusal::AmountNeeded) => {
                Problem::invalid("/amount", "this coupon has a minimum, so the amount is needed")
            }
            Refusal::Offer(offer::Refusal::BelowMinimum { min_amount }) => Problem::new(
                &problem::BELOW_MINIMUM,
                format!("it can be used from {min_amount} on"),
            ),
            // Only the job that gives notices hears this.
            Refusal::NobodyToTell { .. } => Problem::plain(&problem::INTERNAL),
        }
    }
}

impl Explain for voiding::Refusal {
    fn explain(self) -> Problem {
        match self {
            voiding::Refusal::Unknown => no_voiding(),
            voiding::Refusal::Ended => Problem::plain(&problem::JOB_ENDED),
            // Only the worker gives commands that must follow from where the job is.
            voiding::Refusal::OutOfStep => Problem::plain(&problem::INTERNAL),
        }
    }
}

impl Explain for range::Refusal {
    fn explain(self) -> Problem {
        match self {
            range::Refusal::NotOpened => Problem::plain(&problem::UNKNOWN_COUPON),
            range::Refusal::NotAdmin => Problem::only_operators(),
            range::Refusal::SourceReused => Problem::plain(&problem::SOURCE_REUSED),
            range::Refusal::OnePerMember => Problem::plain(&problem::ONE_PER_MEMBER),
            range::Refusal::Expired => Problem::plain(&problem::COUPON_EXPIRED),
            range::Refusal::AlreadyAssigned => Problem::plain(&problem::COUPON_ASSIGNED),
            range::Refusal::Exhausted => Problem::plain(&problem::SOLD_OUT),
            range::Refusal::Coupon(refusal) => refusal.explain(),
            range::Refusal::AllVoid => Problem::new(&problem::COUPON_VOID, "the whole batch is"),
            range::Refusal::Paused => Problem::plain(&problem::PAUSED),
            range::Refusal::InUse => Problem::plain(&problem::IN_USE),
            range::Refusal::NotFrozen => {
                Problem::new(&problem::PAUSED, "another change of the batch is under way")
            }
            range::Refusal::OnlyLater => Problem::plain(&problem::ONLY_MORE),
            // Only the job that voids hears this.
            range::Refusal::NoneHere { .. } => Problem::plain(&problem::INTERNAL),
        }
    }
}

impl Explain for catalogue::Refusal {
    fn explain(self) -> Problem {
        match self {
            catalogue::Refusal::NameTaken { by } => {
                Problem::new(&problem::NAME_TAKEN, format!("{by} has that name"))
            }
            catalogue::Refusal::NoBatch => Problem::no_such("batch"),
            catalogue::Refusal::NoCampaign => Problem::no_such("campaign"),
            catalogue::Refusal::Full => Problem::new(
                &problem::SOLD_OUT,
                "there are as many campaigns or batches as can have a number",
            ),
        }
    }
}
