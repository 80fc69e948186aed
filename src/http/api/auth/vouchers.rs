//! What a login brings: the vouchers of campaigns for first logins.
//!
//! The claims are made at once, and a login waits for them no longer than a moment. They go on without it, and whatever is not
//! settled by them stays owed, for the next login or the job.

use crate::app::Shared;
use crate::http::api::campaigns::VoucherBody;
use crate::identity::{LoggedIn, Role};
use crate::promotions::first_logins::{self, Granted, Windows};
use actix_web::rt;
use actix_web::web::Data;
use actors::domain::coupons::Serial;
use actors::{Id, Time};
use std::time::Duration;

const MOMENT: Duration = Duration::from_millis(250);

pub async fn of_first_login(shared: &Data<Shared>, windows: &Windows, logged_in: &LoggedIn) -> Vec<VoucherBody> {
    let member = &logged_in.member;
    let Some(at) = member.first_login_at.filter(|_| member.role == Role::Member) else { return Vec::new() };
    let owed = logged_in.owed.clone();
    // Claims that were answered before are answered again: the answer of the first login may have been lost.
    let mut campaigns = windows.around(at);
    campaigns.extend(owed.as_deref().map_or(Vec::new(), first_logins::read));
    campaigns.sort_unstable();
    campaigns.dedup();
    if campaigns.is_empty() {
        return Vec::new();
    }
    let claims = rt::spawn(claim(shared.clone(), member.id, at, campaigns, owed));
    let granted = rt::time::timeout(MOMENT, claims).await;
    let granted = granted.ok().and_then(Result::ok).unwrap_or_default();
    granted.iter().map(|granted| VoucherBody::of(shared, &granted.known, granted.rank, granted.expires_at)).collect()
}

async fn claim(shared: Data<Shared>, member: Id, at: Time, campaigns: Vec<Serial>, owed: Option<Vec<u8>>) -> Vec<Granted> {
    let (granted, left) = shared.promotions.claim_first_login(member, at, &campaigns).await;
    settle(&shared, member, owed, &left).await;
    granted
}

/// What was settled is owed no more. If that cannot be written down now, it is claimed again, and answered the same.
pub async fn settle(shared: &Shared, member: Id, owed: Option<Vec<u8>>, left: &[Serial]) {
    let Some(owed) = owed else { return };
    let still = first_logins::kept(left);
    if still.as_ref() != Some(&owed)
        && let Err(error) = shared.identity.settle_owed(member, owed, still).await
    {
        crate::log::warn("a settled claim could not be crossed off yet", &[("error", crate::log::Value::Text(&error))]);
    }
}
