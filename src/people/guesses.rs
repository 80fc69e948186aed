//! Budgets for wrong codes: of coupons, which are somebody else's or nobody's, and of campaigns
//! that ask for one.
//!
//! A wrong code costs its caller, and the address or the service it came through: so new accounts
//! of one address, or new members of one service, do not begin anew. An address has twice the
//! budget of a caller. A service has one of its own, because its customers mistype, too. Whose
//! budget is used up waits, with right codes as with wrong ones; successes are never counted.
//!
//! A campaign has a budget as well, for guesses from many addresses at once. Used up, it refuses
//! nobody: if it did, whoever guesses at a campaign could keep everybody from claiming; and if only
//! wrong codes were refused, the refusals would tell wrong from right and slow nobody down. Instead
//! one wrong code for that campaign then uses up the budgets of its caller and address. Whoever has
//! not guessed wrong claims as ever, and guessing goes on at one code per address and pause. A
//! service keeps its budget even then, or one stranger's guesses and one customer's slip would
//! pause a whole shop.

use super::failures::of_address;
use super::{Error, Identity, Origin, Signed, Via};
use actors::Id;
use base::journal;
use base::journal::Value;
use futures_util::future::try_join;
use std::sync::Arc;

/// Who tries codes.
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
    pub fn of(signed: &Signed, origin: &Origin) -> Guesser {
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

impl Identity {
    /// Whether they may try another code, or in how many seconds again.
    pub async fn admit_guess(&self, guesser: &Guesser) -> Result<(), Error> {
        try_join(self.admit_record(guesser.of_caller()), self.admit_record(guesser.of_through()))
            .await
            .map(drop)
    }

    /// They tried a code that is none, or somebody else's; `campaign` is named if it asked for one.
    pub async fn count_guess(&self, guesser: &Guesser, campaign: Option<&str>) {
        let is_guessed_at = match campaign {
            Some(campaign) => self.count_for_campaign(campaign).await,
            None => false,
        };
        let of_caller = if is_guessed_at { 1 } else { self.settings.failures_per_minute };
        let of_through = match &guesser.through {
            Through::Service(_) => self.settings.service_guesses_per_minute,
            Through::Address(_) if is_guessed_at => 1,
            Through::Address(_) => of_caller.saturating_mul(2),
        };
        self.count_record(guesser.of_caller(), of_caller).await;
        self.count_record(guesser.of_through(), of_through).await;
    }

    /// Whether the campaign's budget was used up before this.
    async fn count_for_campaign(&self, campaign: &str) -> bool {
        let codes = of_address(&format!("codes for {campaign}"));
        let was_used_up =
            self.count_record(codes, self.settings.campaign_guesses_per_minute).await > 0;
        if !was_used_up && self.failures.pause_s(codes, self.now()).is_some() {
            let fields = [("campaign", Value::Text(&campaign))];
            journal::warn(
                "many wrong codes are tried for a campaign; one more from an address now pauses it",
                &fields,
            );
        }
        was_used_up
    }
}
