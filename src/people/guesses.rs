//! Budgets for wrong codes: of coupons, which may have another owner or none, and of campaigns that
//! ask for a code.
//!
//! A wrong code costs its caller, and the address or the service it came through. So new accounts
//! of one address, or new members of one service, do not begin anew. An address has twice the
//! budget of a caller. A service has a budget of its own, because its customers mistype, too. When
//! a budget is used up, its owner waits, with right codes as with wrong ones. Successes are never
//! counted.
//!
//! A campaign has a budget as well, for guesses from many addresses at once. When it is used up, it
//! refuses no caller: otherwise one guesser could keep all members from claiming. If only wrong
//! codes were refused, the refusals would tell wrong from right and slow no guesser down. Instead,
//! one wrong code for that campaign then uses up the budgets of its caller and address. A member
//! who has not guessed wrong claims as ever. Guessing goes on at one code per address and pause. A
//! service keeps its budget even then: otherwise one stranger's guesses and one customer's slip
//! would pause a whole shop.

use super::budgets::Budgets;
use super::error::Error;
use super::failures::of_address;
use super::origin::RequestOrigin;
use super::signed::{Signed, Via};
use actors::Id;
use base::journal;
use base::journal::Value;
use futures_util::future::try_join;
use std::sync::Arc;

/// The caller who tries codes.
#[derive(Clone, Debug)]
pub struct Guesser {
    caller: Id,
    through: Through,
}

#[derive(Clone, Debug)]
enum Through {
    Address(String),
    Service(Arc<str>),
}

impl Guesser {
    pub fn of(signed: &Signed, origin: &RequestOrigin) -> Guesser {
        let through = match &signed.via {
            Via::Session { .. } => Through::Address(origin.address.clone()),
            Via::ServiceKey { service, .. } => Through::Service(service.clone()),
        };
        Guesser { caller: signed.caller.id, through }
    }

    /// Under which name its wrong codes are counted, which is no address.
    fn of_caller(&self) -> Id {
        of_address(&format!("codes of {}", self.caller))
    }

    fn of_through(&self) -> Id {
        of_address(&match &self.through {
            Through::Address(address) => format!("codes from {address}"),
            Through::Service(service) => format!("codes through {service}"),
        })
    }
}

pub struct Guesses {
    pub(crate) budgets: Arc<Budgets>,
    pub(crate) per_minute: u32,
    pub(crate) service_per_minute: u32,
    pub(crate) campaign_per_minute: u32,
}

impl Guesses {
    /// Whether they may try another code, or in how many seconds again.
    pub async fn admit(&self, guesser: &Guesser) -> Result<(), Error> {
        let caller = self.budgets.admit_record(guesser.of_caller());
        let through = self.budgets.admit_record(guesser.of_through());
        try_join(caller, through).await.map(drop)
    }

    /// They tried a code that is none, or that belongs to another member. `campaign` is named if it
    /// asked for the code.
    pub async fn count(&self, guesser: &Guesser, campaign: Option<&str>) {
        let is_guessed_at = match campaign {
            Some(campaign) => self.count_for_campaign(campaign).await,
            None => false,
        };
        let of_caller = if is_guessed_at { 1 } else { self.per_minute };
        let of_through = match &guesser.through {
            Through::Service(_) => self.service_per_minute,
            Through::Address(_) if is_guessed_at => 1,
            Through::Address(_) => of_caller.saturating_mul(2),
        };
        self.budgets.count_record(guesser.of_caller(), of_caller).await;
        self.budgets.count_record(guesser.of_through(), of_through).await;
    }

    /// Whether the campaign's budget was used up before this.
    async fn count_for_campaign(&self, campaign: &str) -> bool {
        let codes = of_address(&format!("codes for {campaign}"));
        let was_used_up = self.budgets.count_record(codes, self.campaign_per_minute).await > 0;
        if !was_used_up && self.budgets.is_paused_here(codes) {
            let fields = [("campaign", Value::Text(&campaign))];
            journal::warn(
                "many wrong codes are tried for a campaign; one more from an address now pauses it",
                &fields,
            );
        }
        was_used_up
    }
}
