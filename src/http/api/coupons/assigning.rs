//! Who gets a coupon: the next free one of a batch, or the one of a given code.

use crate::http::api::coupon_bodies::CouponBody;
use crate::http::api::coupons::batches::find_batch;
use crate::http::api::coupons::bodies::{Assign, GiveCoupon};
use crate::http::api::coupons::finding::{count_guess, find_home, found_or_guess, is_a_guess};
use crate::http::api::guessing::CodeGuesser;
use crate::http::body::Body;
use crate::http::caller::SignedIn;
use crate::http::fields::parse_reference;
use crate::http::flags::{DryRun, IdempotencyKey, Params};
use crate::http::origin::ClientOrigin;
use crate::http::problem::{self, Problem};
use crate::http::reply::{self, Success};
use crate::http::sheets::{Sheet, SheetLine};
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use actors::domain::coupons::catalogue::{BatchKind, BatchPlan};
use actors::domain::coupons::coupon::{Coupon, CouponView};
use actors::domain::coupons::{CouponState, Serial, rack, range};
use actors::engine::{By, Failure, How, Key};
use actors::{Caller, Id, Role, Time};
use people::{Signed, Via};

pub async fn assign(
    shared: web::Data<Shared>,
    signer: SignedIn,
    key: IdempotencyKey,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(body): Body<Assign>,
) -> Result<HttpResponse, Problem> {
    assign_as(&shared, &signer.0, &key, &id, flags.how(), body).await.map(Success::alone)
}

pub async fn assign_sheet(
    shared: web::Data<Shared>,
    sheet: Sheet,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
) -> Result<HttpResponse, Problem> {
    let assign = async |line: SheetLine<Assign>| {
        let (signer, body) = (line.signer(), line.body.checked(Ok)?);
        assign_as(&shared, &signer.0, &line.key, &id, flags.how(), body).await
    };
    sheet.answer(&shared, None, assign).await
}

async fn assign_as(
    shared: &Shared,
    signed: &Signed,
    key: &IdempotencyKey,
    id: &str,
    how: How,
    body: Assign,
) -> Result<Success<CouponBody>, Problem> {
    let (caller, member) = find_giver_and_member(shared, signed, body.member_id.as_deref()).await?;
    let (known, plan) = find_batch(shared, id).await?;
    let source =
        body.source_id.as_deref().map(|text| parse_reference(text, "/source_id")).transpose()?;
    // Where each member has one, the name is all that a repeat needs; no single range would know
    // whom else a source stands for.
    let source =
        source.filter(|_| !is_one_per_member(&plan)).map(|text| rack::source(scope(signed), &text));
    let key = assignment_key(key, known.serial, caller, member, source);
    let by = By { caller, key, how };
    let outcome = shared.batches.assign(known.serial, &plan, member, source, by).await;
    let done = outcome.map_err(|error| explain_source(error, source))?;
    let home = &done.event;
    let (known, view) = match shared.coupons.find(home.clone()).await? {
        Some(found) if done.replayed || !by.is_dry_run() => (found.promotion, found.view),
        Some(found) => (found.promotion, assigned(found.view, member, done.at)),
        None => (known.clone(), assigned(unopened(&plan), member, done.at)),
    };
    // What nobody has yet is nobody's to use.
    let code = match done.replayed || !by.is_dry_run() {
        true => Some(shared.coupons.code(&known, home).await?),
        false => None,
    };
    let names = shared.people.outsiders.names_for(signed, [member]).await?;
    let body = CouponBody::of(&known, home, code, &view, &names);
    Ok(Success::created_or_found(body, done.replayed))
}

/// Whose names the sources are: a service's own, or those of all administrators.
fn scope(signed: &Signed) -> &str {
    match &signed.via {
        Via::ServiceKey { service, .. } => service,
        Via::Session { .. } => "",
    }
}

/// A source is a key of its own, so that its repeats find their way back to where they were
/// answered.
fn assignment_key(
    key: &IdempotencyKey,
    batch: Serial,
    caller: Caller,
    member: Id,
    source: Option<Id>,
) -> Option<Key> {
    let meaning = vec![b"assign".to_vec(), batch.0.to_be_bytes().to_vec(), member.0.to_vec()];
    match source {
        Some(source) => {
            let parts: Vec<&[u8]> = meaning.iter().map(Vec::as_slice).collect();
            Some(Key::new(source, &batch.0.to_be_bytes(), &parts))
        }
        None => key.of(caller.id, || meaning),
    }
}

fn is_one_per_member(plan: &BatchPlan) -> bool {
    matches!(plan.what, BatchKind::Made { one_per_member: true, .. })
}

/// A source is a key only so that its repeats find their way. A caller who reuses it hears the same
/// as when that key is long forgotten.
fn explain_source(error: products::Error, source: Option<Id>) -> products::Error {
    match (error.0, source) {
        (Failure::KeyReused, Some(_)) => {
            products::Error::from(Failure::Refused(range::Refusal::SourceReused))
        }
        (failure, _) => products::Error(failure),
    }
}

pub async fn give(
    shared: web::Data<Shared>,
    signer: SignedIn,
    ClientOrigin(origin): ClientOrigin,
    key: IdempotencyKey,
    code: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(body): Body<GiveCoupon>,
) -> Result<HttpResponse, Problem> {
    let (caller, member) =
        find_giver_and_member(&shared, &signer.0, body.member_id.as_deref()).await?;
    let guesser = CodeGuesser::of(&signer.0, &origin);
    let home = find_home(&shared, &guesser, &code).await?;
    let found = shared.promotions.find(home.serial()).await?;
    let promotion = found_or_guess(&shared, &guesser, found).await?;
    let plan = found_or_guess(&shared, &guesser, promotion.batch()).await?;
    let meaning = || postcard::to_stdvec(&(&home, member)).expect("plain data");
    let by = key.by(caller, flags.how(), || vec![b"give".to_vec(), meaning()]);
    let done = match shared.coupons.give(plan, &home, member, by).await {
        Err(error) if is_a_guess(&error) => return Err(count_guess(&shared, &guesser).await),
        done => found_or_guess(&shared, &guesser, done?).await?,
    };
    let found = shared.coupons.find(home.clone()).await?;
    let promotion = found.as_ref().map_or(promotion.clone(), |found| found.promotion.clone());
    let view = match found {
        Some(found) if done.replayed || !flags.dry_run => found.view,
        Some(found) => assigned(found.view, member, done.at),
        None => assigned(unopened(plan), member, done.at),
    };
    let code = shared.coupons.code(&promotion, &home).await?;
    let names = shared.people.outsiders.names_for(&signer.0, [member]).await?;
    Ok(reply::mark_replayed(
        reply::ok(&CouponBody::of(&promotion, &home, code, &view, &names)),
        done.replayed,
    ))
}

/// A coupon as it is right after it was assigned.
fn assigned(free: CouponView, member: Id, at: Time) -> CouponView {
    let coupon = Coupon::assigned(member, at, free.coupon.tenure.expires_at);
    CouponView { state: CouponState::Assigned, coupon, ..free }
}

/// A coupon of a part to which nothing has happened yet.
fn unopened(plan: &BatchPlan) -> CouponView {
    let coupon = Coupon::created(plan.expires_at);
    CouponView { state: CouponState::Created, coupon, own_offer: None }
}

/// Who hands out a coupon, and to whom: an administrator to the member they name, a service to the
/// one it acts for.
async fn find_giver_and_member(
    shared: &Shared,
    signed: &Signed,
    member_id: Option<&str>,
) -> Result<(Caller, Id), Problem> {
    match (&signed.via, signed.caller.role, member_id) {
        (Via::ServiceKey { on_behalf_of: Some(_), .. }, _, None) => {
            Ok((signed.caller, signed.caller.id))
        }
        (_, Role::Admin, Some(member_id)) => {
            let no_member = || Problem::invalid("/member_id", "no member has this id");
            let member: Id = member_id.parse().map_err(|_| no_member())?;
            shared.people.accounts.find(member).await?.ok_or_else(no_member)?;
            Ok((signed.caller, member))
        }
        (_, Role::Admin, None) => Err(Problem::invalid("/member_id", "who is to have it")),
        (Via::ServiceKey { .. }, _, _) => Err(Problem::new(
            &problem::FORBIDDEN,
            "a service names its member with the header On-Behalf-Of",
        )),
        _ => Err(Problem::new(
            &problem::FORBIDDEN,
            "coupons are assigned by administrators and services",
        )),
    }
}
