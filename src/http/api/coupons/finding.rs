//! The coupon of a code, for those who may know that it is there. A wrong code is counted.

use crate::http::api::guessing::CodeGuesser;
use crate::http::problem::{self, Problem};
use crate::shared::Shared;
use actors::domain::coupons::redeem::Refusal;
use actors::domain::coupons::{CouponHome, campaign, range};
use products::coupons::FoundCoupon;

/// Where the coupon of that code lives. A wrong one is counted; after too many the caller has to
/// wait.
pub async fn find_home(
    shared: &Shared,
    guesser: &CodeGuesser,
    code: &str,
) -> Result<CouponHome, Problem> {
    guesser.admit(shared).await?;
    found_or_guess(shared, guesser, shared.coupons.find_home(code).await?).await
}

/// The coupon, if the caller may see it.
pub async fn find_theirs(
    shared: &Shared,
    guesser: &CodeGuesser,
    home: &CouponHome,
) -> Result<FoundCoupon, Problem> {
    let is_theirs =
        |found: &FoundCoupon| guesser.signed.caller.may_act_for(found.view.coupon.owner);
    let found = shared.coupons.find(home.clone()).await?.filter(is_theirs);
    found_or_guess(shared, guesser, found).await
}

pub fn is_a_guess(error: &products::Error) -> bool {
    let refusal = match error.refusal() {
        Some(products::Refusal::Coupons(range::Refusal::Coupon(refusal))) => refusal,
        Some(products::Refusal::Campaign(campaign::Refusal::Coupon(refusal))) => refusal,
        _ => return false,
    };
    matches!(refusal, Refusal::Unknown | Refusal::NotYours)
}

pub async fn found_or_guess<T>(
    shared: &Shared,
    guesser: &CodeGuesser,
    found: Option<T>,
) -> Result<T, Problem> {
    match found {
        Some(found) => Ok(found),
        None => Err(count_guess(shared, guesser).await),
    }
}

pub async fn count_guess(shared: &Shared, guesser: &CodeGuesser) -> Problem {
    guesser.count(shared, None).await;
    Problem::plain(&problem::UNKNOWN_COUPON)
}
