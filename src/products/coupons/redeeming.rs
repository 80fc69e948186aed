//! One coupon or voucher used, held for a payment, given back, or taken out of circulation.

use crate::coupons::batches::BatchPart;
use crate::coupons::{Coupons, part_of};
use crate::failure::{Error, Refusal, pick};
use crate::promotions::Promotion;
use actors::Time;
use actors::domain::coupons::catalogue::BatchPlan;
use actors::domain::coupons::coupon::Use;
use actors::domain::coupons::redeem::{self, Command, Event};
use actors::domain::coupons::{CouponHome, CouponState, SerialKind, campaign, range};
use actors::engine::{By, Done, Failure};

/// What a command about a coupon came to.
#[derive(Clone, Debug)]
pub struct Redeemed {
    /// The coupon's code, as it is printed.
    pub code: String,
    pub outcome: Redemption,
}

#[derive(Clone, Debug)]
pub enum Redemption {
    Used(Use),
    /// It comes back by itself at that instant, unless its use is confirmed before.
    Held {
        what: Use,
        until: Time,
    },
    /// What is given back after its time is over is given back expired; void, if its batch was
    /// voided meanwhile.
    GivenBack {
        what: Use,
        state: CouponState,
    },
    Voided,
}

impl Coupons {
    /// A member's or an administrator's command about the coupon that lives there.
    pub async fn redeem(
        &self,
        home: &CouponHome,
        command: Command,
        by: By,
    ) -> Result<Done<Redeemed>, Error> {
        let promotion = self.promotions.find(home.serial()).await?.ok_or_else(unknown)?;
        let done = self.command(&promotion, home, command, by).await?;
        let code = self.code(&promotion, home).await?;
        let state = match &done.event {
            Event::Cancelled { .. } => self.state_given_back(home, done.at).await?,
            _ => CouponState::Assigned,
        };
        pick(done, |event| {
            let outcome = match event {
                Event::Used { what, .. } => Redemption::Used(what),
                Event::Held { what, until, .. } => Redemption::Held { what, until },
                Event::Cancelled { what, .. } => Redemption::GivenBack { what, state },
                Event::Voided { .. } => Redemption::Voided,
                Event::Lapsed { .. } | Event::Expired { .. } | Event::Noticed { .. } => {
                    return None;
                }
            };
            Some(Redeemed { code, outcome })
        })
    }

    async fn command(
        &self,
        promotion: &Promotion,
        home: &CouponHome,
        command: Command,
        by: By,
    ) -> Result<Done<Event>, Error> {
        if home.serial().of() == SerialKind::Campaign {
            return self.redeem_voucher(promotion, command, by).await;
        }
        let (Some(plan), Some(part)) = (promotion.batch(), part_of(home)) else {
            return Err(unknown());
        };
        self.redeem_in(plan, part, command, by).await
    }

    /// What a coupon was that came back at that instant.
    async fn state_given_back(&self, home: &CouponHome, at: Time) -> Result<CouponState, Error> {
        let found = self.find(home.clone()).await?;
        Ok(match found.map(|found| found.view) {
            Some(view) if view.state == CouponState::Void => CouponState::Void,
            Some(view) if view.coupon.tenure.expires_at <= at => CouponState::Expired,
            _ => CouponState::Assigned,
        })
    }

    pub(crate) async fn redeem_voucher(
        &self,
        promotion: &Promotion,
        command: Command,
        by: By,
    ) -> Result<Done<Event>, Error> {
        let command = campaign::Command::Redeem(command);
        pick(self.campaigns.command(promotion, &command, by).await?, |event| match event {
            campaign::Event::Redeemed(event) => Some(event),
            _ => None,
        })
    }

    pub(crate) async fn redeem_in(
        &self,
        plan: &BatchPlan,
        part: BatchPart,
        command: Command,
        by: By,
    ) -> Result<Done<Event>, Error> {
        let command = range::Command::Redeem(command);
        let (_, done) = self.batches.command(plan, &[part], command, by).await?;
        pick(done, |event| match event {
            range::Event::Redeemed(event) => Some(event),
            _ => None,
        })
    }
}

fn unknown() -> Error {
    let unknown = range::Refusal::Coupon(redeem::Refusal::Unknown);
    Error(Failure::Refused(Refusal::Coupons(unknown)))
}
