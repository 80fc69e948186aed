//! What a login brings: the vouchers of campaigns for first logins. Here people and products meet.
//!
//! The claims are made at once, and a login waits for them no longer than a moment. They go on
//! without it, and whatever is not settled by them stays owed, for the next login or the job.

use crate::shared::Shared;
use actix_web::rt;
use actix_web::web::Data;
use actors::{Id, Time};
use people::{LoggedIn, People};
use ports::directory::AccountRole;
use products::campaigns::GrantedVoucher;
use products::campaigns::first_logins::FirstLogins;
use std::time::Duration;

const MOMENT: Duration = Duration::from_millis(250);

/// What a login is judged by is known after this, or the login goes on without.
pub async fn get_ready(shared: &Shared) {
    // It is kept with the member that something is owed, and not what.
    let _ = rt::time::timeout(MOMENT, shared.first_logins.read_windows()).await;
}

pub async fn of_first_login(shared: &Data<Shared>, logged_in: &LoggedIn) -> Vec<GrantedVoucher> {
    let member = &logged_in.member;
    let Some(at) = member.first_login_at.filter(|_| member.role == AccountRole::Member) else {
        return Vec::new();
    };
    if logged_in.owed.is_none() && !shared.first_logins.may_have_granted(at) {
        return Vec::new();
    }
    let claims = rt::spawn(claim(shared.clone(), member.id, at, logged_in.owed.clone()));
    let granted = rt::time::timeout(MOMENT, claims).await;
    granted.ok().and_then(Result::ok).unwrap_or_default()
}

async fn claim(
    shared: Data<Shared>,
    member: Id,
    at: Time,
    owed: Option<Vec<u8>>,
) -> Vec<GrantedVoucher> {
    let mut granted = match owed {
        Some(owed) => make_good(&shared.people, &shared.first_logins, member, at, owed).await,
        None => Vec::new(),
    };
    // What was granted before is said again: the answer of the first login may have been lost.
    granted.extend(shared.first_logins.granted_before(member, at, &granted).await);
    granted.sort_by_key(|granted| granted.promotion.serial);
    granted
}

/// Claims what a member is owed since their first login. If it cannot be written down now that it
/// is settled, it is claimed again, and answered the same.
pub async fn make_good(
    people: &People,
    first_logins: &FirstLogins,
    member: Id,
    at: Time,
    owed: Vec<u8>,
) -> Vec<GrantedVoucher> {
    let (granted, still) = first_logins.claim_owed(member, at, &owed).await;
    if still.as_ref() != Some(&owed)
        && let Err(error) = people.accounts.settle_owed(member, owed, still).await
    {
        base::journal::warn(
            "a settled claim could not be crossed off yet",
            &[("error", base::journal::Value::Text(&error))],
        );
    }
    granted
}
