//! One coupon or voucher at a time: look, use, hold for a payment, confirm, cancel, void, give; and
//! the list of mine.

mod bodies;
mod explain;

pub use bodies::{CouponBody, CouponLedgerBody};

use super::auth::origin::RequestOrigin;
use super::guessing::CodeGuesser;
use super::offers::MOST_MONEY;
use crate::http::body::Body;
use crate::http::caller::{Admin, AsMember, SignedIn};
use crate::http::endpoint::{Endpoint, Who};
use crate::http::flags::{self, DryRun, IdempotencyKey, Params};
use crate::http::page::{Items, Paging};
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use actors::domain::coupons::coupon::{Coupon, CouponView};
use actors::domain::coupons::redeem::{Command, Event, Refusal};
use actors::domain::coupons::{CouponHome, CouponState, campaign, catalogue, range};
use actors::engine::{Failure, How};
use actors::{Caller, Id, Role, Time};
use bodies::{GiveCoupon, RedeemedBody, UseCoupon};
use futures_util::future::try_join_all;
use people::{Signed, Via};
use products::coupons::FoundCoupon;

const LONGEST_REFERENCE: usize = 64;
const LONGEST_HOLD_S: u32 = 86_400;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/coupons", list)
            .summary("List my coupons and vouchers")
            .who(Who::Member)
            .lists::<CouponBody>("In the order in which they were assigned, as they are now."),
        Endpoint::get("/coupons/{code}", show)
            .summary("Look at a coupon")
            .notes(
                "Its owner sees it, and administrators, with its history. To all others it does \
                not exist.",
            )
            .who(Who::Member)
            .answer::<CouponBody>(200, "The coupon.")
            .problems(GUESSED),
        Endpoint::post("/coupons/{code}/use", redeem)
            .summary("Use a coupon")
            .notes(
                "With `hold_s` it is only held: take the payment, then confirm. If nobody \
                confirms, it comes back by itself.",
            )
            .who(Who::Member)
            .body::<UseCoupon>()
            .decides()
            .answer::<RedeemedBody>(200, "What it was worth.")
            .problems(GUESSED)
            .problems(&[
                &problem::COUPON_VOID,
                &problem::COUPON_EXPIRED,
                &problem::COUPON_HELD,
                &problem::COUPON_USED,
                &problem::BELOW_MINIMUM,
            ]),
        Endpoint::post("/coupons/{code}/use/confirm", confirm)
            .summary("Confirm a use that was held")
            .who(Who::Member)
            .decides()
            .answer::<RedeemedBody>(200, "What it was worth.")
            .problems(GUESSED)
            .problems(&[
                &problem::COUPON_VOID,
                &problem::COUPON_EXPIRED,
                &problem::COUPON_USED,
                &problem::COUPON_NOT_HELD,
            ]),
        Endpoint::delete("/coupons/{code}/use", cancel)
            .summary("Cancel a use, or the hold for one")
            .notes("Gives back what that use took. What has expired stays expired.")
            .who(Who::Member)
            .decides()
            .answer::<RedeemedBody>(200, "What was given back.")
            .problems(GUESSED)
            .problems(&[
                &problem::COUPON_VOID,
                &problem::COUPON_EXPIRED,
                &problem::COUPON_NOT_USED,
            ]),
        Endpoint::post("/coupons/{code}/void", void)
            .summary("Take a coupon out of circulation")
            .who(Who::Admin)
            .decides()
            .answer::<RedeemedBody>(200, "It is void.")
            .problems(&[
                &problem::UNKNOWN_COUPON,
                &problem::COUPON_EXPIRED,
                &problem::COUPON_HELD,
                &problem::COUPON_USED,
            ]),
        Endpoint::put("/coupons/{code}/assign", give)
            .summary("Assign this coupon")
            .notes(
                "An administrator names the member; a service acts for its own. Repeating it \
                for the same member changes nothing.",
            )
            .who(Who::Member)
            .body::<GiveCoupon>()
            .decides()
            .answer::<CouponBody>(200, "The coupon.")
            .problems(GUESSED)
            .problems(&[
                &problem::FORBIDDEN,
                &problem::COUPON_VOID,
                &problem::COUPON_EXPIRED,
                &problem::COUPON_ASSIGNED,
                &problem::ONE_PER_MEMBER,
            ]),
    ]
}

/// What a guess at a code comes to.
const GUESSED: &[&problem::ProblemKind] = &[&problem::UNKNOWN_COUPON, &problem::TOO_MANY];

async fn list(
    shared: web::Data<Shared>,
    AsMember(caller): AsMember,
    Params(paging): Params<Paging>,
) -> Result<HttpResponse, Problem> {
    let limit = paging.limit()?;
    let found = shared.coupons.homes_of(caller.id, paging.after()?, limit + 1).await?;
    let page = Items::page(found, limit, |(key, ..)| key.clone(), |(_, home, _)| Some(home));
    let coupons =
        try_join_all(page.items.into_iter().map(|home| shared.coupons.find(home))).await?;
    // A coupon that was void and given again is on the lists of all who had it; it belongs to the
    // one whose it is now.
    let mine = coupons.into_iter().flatten().filter(|found| found.view.coupon.owner == caller.id);
    Ok(reply::ok(&Items {
        items: mine.map(|found| CouponBody::of_found(&found, false)).collect::<Vec<_>>(),
        next_cursor: page.next_cursor,
    }))
}

async fn show(
    shared: web::Data<Shared>,
    guesser: CodeGuesser,
    code: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let home = known_home(&shared, &guesser, &code).await?;
    let found = seen(&shared, &guesser, &home).await?;
    Ok(reply::ok(&CouponBody::of_found(&found, guesser.caller.role == Role::Admin)))
}

async fn redeem(
    shared: web::Data<Shared>,
    guesser: CodeGuesser,
    key: IdempotencyKey,
    code: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(body): Body<UseCoupon>,
) -> Result<HttpResponse, Problem> {
    if body.amount.is_some_and(|amount| amount > MOST_MONEY) {
        return Err(Problem::invalid("/amount", format!("0 to {MOST_MONEY}")));
    }
    if body.hold_s.is_some_and(|hold_s| !(1..=LONGEST_HOLD_S).contains(&hold_s)) {
        return Err(Problem::invalid("/hold_s", format!("1 to {LONGEST_HOLD_S} seconds")));
    }
    let reference =
        body.reference.as_deref().map(|text| reference(text, "/reference")).transpose()?;
    let UseCoupon { amount, hold_s, .. } = body;
    let command = |slot| Command::Use { slot, amount, reference, hold_s };
    command_coupon(&shared, &guesser, &key, &code, flags.how(), command).await
}

async fn confirm(
    shared: web::Data<Shared>,
    guesser: CodeGuesser,
    key: IdempotencyKey,
    code: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let command = |slot| Command::Confirm { slot };
    command_coupon(&shared, &guesser, &key, &code, flags.how(), command).await
}

async fn cancel(
    shared: web::Data<Shared>,
    guesser: CodeGuesser,
    key: IdempotencyKey,
    code: web::Path<String>,
    Params(flags): Params<DryRun>,
) -> Result<HttpResponse, Problem> {
    let command = |slot| Command::Cancel { slot };
    command_coupon(&shared, &guesser, &key, &code, flags.how(), command).await
}

async fn void(
    shared: web::Data<Shared>,
    _: Admin,
    guesser: CodeGuesser,
    key: IdempotencyKey,
    code: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let command = |slot| Command::Void { slot };
    command_coupon(&shared, &guesser, &key, &code, flags.how(), command).await
}

/// A command about the coupon of that code.
async fn command_coupon(
    shared: &Shared,
    guesser: &CodeGuesser,
    key: &IdempotencyKey,
    code: &str,
    how: How,
    command: impl FnOnce(u64) -> Command,
) -> Result<HttpResponse, Problem> {
    let home = known_home(shared, guesser, code).await?;
    let command = command(home.slot());
    let meaning = || postcard::to_stdvec(&(&home, &command)).expect("a command is plain data");
    let by = key.by(guesser.caller, how, || vec![b"coupon".to_vec(), meaning()]);
    match shared.coupons.redeem(&home, command, by).await {
        Ok(done) => {
            let promotion = shared.promotions.find(home.serial()).await?;
            let promotion = promotion.ok_or_else(|| Problem::plain(&problem::INTERNAL))?;
            let code = shared.coupons.code(&promotion, &home).await?;
            let came_late = matches!(done.event, Event::Cancelled { .. })
                && is_over(shared, home, done.at).await?;
            RedeemedBody::answer(code, &done, came_late)
        }
        Err(error) if is_a_guess(&error) => Err(guessed(shared, guesser).await),
        // Whether a coupon is there is not told by what its partition remembers of keys, either.
        Err(error) if error.0 == Failure::KeyReused => {
            seen(shared, guesser, &home).await.and(Err(error.into()))
        }
        Err(error) => Err(error.into()),
    }
}

async fn give(
    shared: web::Data<Shared>,
    signer: SignedIn,
    RequestOrigin(origin): RequestOrigin,
    key: IdempotencyKey,
    code: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(body): Body<GiveCoupon>,
) -> Result<HttpResponse, Problem> {
    let (caller, member) = giver(&shared, &signer.0, body.member_id.as_deref()).await?;
    let guesser = CodeGuesser::of(&signer.0, &origin);
    let home = known_home(&shared, &guesser, &code).await?;
    let found = shared.promotions.find(home.serial()).await?;
    let promotion = or_guessed(&shared, &guesser, found).await?;
    let plan = or_guessed(&shared, &guesser, promotion.batch()).await?;
    let meaning = || postcard::to_stdvec(&(&home, member)).expect("plain data");
    let by = key.by(caller, flags.how(), || vec![b"give".to_vec(), meaning()]);
    let done = match shared.coupons.give(plan, &home, member, by).await {
        Err(error) if is_a_guess(&error) => return Err(guessed(&shared, &guesser).await),
        done => or_guessed(&shared, &guesser, done?).await?,
    };
    let view = match shared.coupons.find(home.clone()).await? {
        Some(found) if done.replayed || !flags.dry_run => found.view,
        _ => assigned(member, done.at, plan),
    };
    let code = shared.coupons.code(&promotion, &home).await?;
    Ok(reply::replayed(reply::ok(&CouponBody::of(&promotion, &home, code, &view)), done.replayed))
}

/// A coupon as it is right after it was assigned.
pub fn assigned(member: Id, at: Time, plan: &catalogue::Plan) -> CouponView {
    let coupon = Coupon::assigned(member, at, plan.expires_at);
    CouponView { state: CouponState::Assigned, coupon }
}

/// Who hands out a coupon, and to whom: an administrator to the member they name, a service to the
/// one it acts for.
pub async fn giver(
    shared: &Shared,
    signed: &Signed,
    member_id: Option<&str>,
) -> Result<(Caller, Id), Problem> {
    match (&signed.via, signed.caller.role, member_id) {
        (Via::ServiceKey { on_behalf_of: Some(_), .. }, _, None) => {
            Ok((signed.caller, signed.caller.id))
        }
        (Via::ServiceKey { .. }, _, _) => Err(Problem::new(
            &problem::FORBIDDEN,
            "a service names its member with the header On-Behalf-Of",
        )),
        (_, Role::Admin, Some(member_id)) => {
            let no_member = || Problem::invalid("/member_id", "no member has this id");
            let member: Id = member_id.parse().map_err(|_| no_member())?;
            shared.people.accounts.find(member).await?.ok_or_else(no_member)?;
            Ok((signed.caller, member))
        }
        (_, Role::Admin, None) => Err(Problem::invalid("/member_id", "who is to have it")),
        _ => Err(Problem::new(
            &problem::FORBIDDEN,
            "coupons are assigned by administrators and services",
        )),
    }
}

/// Where the coupon of that code lives. A wrong one is counted, and whoever tried too many has to
/// wait.
async fn known_home(
    shared: &Shared,
    guesser: &CodeGuesser,
    code: &str,
) -> Result<CouponHome, Problem> {
    guesser.admit(shared).await?;
    or_guessed(shared, guesser, shared.coupons.find_home(code).await?).await
}

/// Whether the coupon's time was over at that instant.
async fn is_over(shared: &Shared, home: CouponHome, at: Time) -> Result<bool, Problem> {
    let found = shared.coupons.find(home).await?;
    Ok(found.is_some_and(|found| found.view.coupon.expires_at <= at))
}

/// The coupon, if the caller may see it.
async fn seen(
    shared: &Shared,
    guesser: &CodeGuesser,
    home: &CouponHome,
) -> Result<FoundCoupon, Problem> {
    let is_theirs = |found: &FoundCoupon| guesser.caller.may_act_for(found.view.coupon.owner);
    let found = shared.coupons.find(home.clone()).await?.filter(is_theirs);
    or_guessed(shared, guesser, found).await
}

fn is_a_guess(error: &products::Error) -> bool {
    let refusal = match error.refusal() {
        Some(products::Refusal::Coupons(range::Refusal::Coupon(refusal))) => refusal,
        Some(products::Refusal::Campaign(campaign::Refusal::Coupon(refusal))) => refusal,
        _ => return false,
    };
    matches!(refusal, Refusal::Unknown | Refusal::NotYours)
}

async fn or_guessed<T>(
    shared: &Shared,
    guesser: &CodeGuesser,
    found: Option<T>,
) -> Result<T, Problem> {
    match found {
        Some(found) => Ok(found),
        None => Err(guessed(shared, guesser).await),
    }
}

async fn guessed(shared: &Shared, guesser: &CodeGuesser) -> Problem {
    guesser.count(shared, None).await;
    Problem::plain(&problem::UNKNOWN_COUPON)
}

/// The caller's own name for something: 1 to 64 printable characters.
pub fn reference(text: &str, pointer: &str) -> Result<Box<str>, Problem> {
    if text.is_empty()
        || text.chars().count() > LONGEST_REFERENCE
        || text.chars().any(char::is_control)
    {
        return Err(Problem::invalid(
            pointer,
            format!("1 to {LONGEST_REFERENCE} printable characters"),
        ));
    }
    Ok(text.into())
}

pub fn no_such(what: &str) -> Problem {
    Problem::new(&problem::NOT_FOUND, format!("there is no such {what}"))
}
