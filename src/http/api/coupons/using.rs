//! One coupon or voucher at a time: look, use, hold for a payment, confirm, cancel, void; and the
//! list of mine.

use crate::http::api::coupon_bodies::{CouponBody, members_in, owners};
use crate::http::api::coupon_filter::CouponQuery;
use crate::http::api::coupons::bodies::{RedeemedBody, UseCoupon};
use crate::http::api::coupons::finding::{count_guess, find_home, find_theirs, is_a_guess};
use crate::http::api::guessing::CodeGuesser;
use crate::http::api::offers::MOST_MONEY;
use crate::http::body::Body;
use crate::http::caller::{Operator, SignedIn};
use crate::http::export;
use crate::http::fields::parse_reference;
use crate::http::flags::{self, DryRun, IdempotencyKey, Params};
use crate::http::mistakes::Mistakes;
use crate::http::page::{Items, Paging};
use crate::http::problem::Problem;
use crate::http::reply::{self, Success};
use crate::http::sheets::{Sheet, SheetLine};
use crate::http::unchecked::Unchecked;
use crate::shared::Shared;
use actix_web::{HttpRequest, HttpResponse, web};
use actors::domain::coupons::CancelBy;
use actors::domain::coupons::redeem::Command;
use actors::engine::{Failure, How};
use actors::{Id, Role};
use people::{Signed, Via};
use ports::directory::AccountRole;
use products::coupons::wanted::WantedCoupons;

const LONGEST_HOLD_S: u32 = 86_400;

/// Each line of a sheet names its coupon.
const BY_CODE: Option<&str> = Some("code");

pub async fn list(
    shared: web::Data<Shared>,
    signer: SignedIn,
    request: HttpRequest,
    Params(query): Params<CouponQuery>,
) -> Result<HttpResponse, Problem> {
    let signed = signer.member()?;
    let (form, wanted) = query.read()?;
    let is_staff = signed.role >= AccountRole::Viewer;
    let owner = match wanted.filter.owner {
        Some(owner) if owner == signed.caller.id || is_staff => Some(owner),
        Some(_) => return Err(Problem::needs(AccountRole::Viewer)),
        // Whoever has nothing but the number of an order.
        None if is_staff && wanted.filter.reference.is_some() => None,
        None => Some(signed.caller.id),
    };
    let list = shared.clone();
    let page = async move |paging| page_of(&list, &signed, owner, &wanted, &paging).await;
    export::answer(&shared, &request, form, page).await
}

async fn page_of(
    shared: &Shared,
    signed: &Signed,
    owner: Option<Id>,
    wanted: &WantedCoupons,
    paging: &Paging,
) -> Result<Items<CouponBody>, Problem> {
    let limit = paging.limit()?;
    let (found, next) = match owner {
        Some(owner) => shared.coupons.of_member(owner, wanted, paging.after()?, limit).await?,
        None => {
            let from = paging.after_value()?;
            let (found, next) = shared.coupons.of_anybody(wanted, from, limit).await?;
            (found, next.map(|next| postcard::to_stdvec(&next).expect("plain data")))
        }
    };
    let names = shared.people.outsiders.names_for(signed, owners(&found)).await?;
    Ok(CouponBody::page(&found, next, &names))
}

pub async fn show(
    shared: web::Data<Shared>,
    guesser: CodeGuesser,
    code: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let home = find_home(&shared, &guesser, &code).await?;
    let found = find_theirs(&shared, &guesser, &home).await?;
    let signed = &guesser.signed;
    let names = shared.people.outsiders.names_for(signed, members_in(&found.view)).await?;
    let body = match signed.caller.role {
        Role::Admin => CouponBody::with_history(&found, &names),
        _ => CouponBody::of_found(&found, &names),
    };
    Ok(reply::ok(&body))
}

pub async fn redeem(
    shared: web::Data<Shared>,
    guesser: CodeGuesser,
    key: IdempotencyKey,
    code: web::Path<String>,
    Params(flags): Params<DryRun>,
    body: Unchecked<UseCoupon>,
) -> Result<HttpResponse, Problem> {
    redeem_as(&shared, &guesser, &key, &code, flags.how(), body).await.map(Success::alone)
}

pub async fn redeem_sheet(
    shared: web::Data<Shared>,
    sheet: Sheet,
    Params(flags): Params<DryRun>,
) -> Result<HttpResponse, Problem> {
    let redeem = async |line: SheetLine<UseCoupon>| {
        let guesser = line.guesser()?;
        redeem_as(&shared, &guesser, &line.key, &line.named, flags.how(), line.body).await
    };
    sheet.answer(&shared, BY_CODE, redeem).await
}

async fn redeem_as(
    shared: &Shared,
    guesser: &CodeGuesser,
    key: &IdempotencyKey,
    code: &str,
    how: How,
    body: Unchecked<UseCoupon>,
) -> Result<Success<RedeemedBody>, Problem> {
    let (UseCoupon { amount, hold_s, .. }, reference) = body.checked(check_use)?;
    let command = |slot| Command::Use { slot, amount, reference, hold_s };
    command_coupon(shared, guesser, key, code, how, command).await
}

fn check_use(body: UseCoupon) -> Result<(UseCoupon, Option<Box<str>>), Problem> {
    let mut mistakes = Mistakes::default();
    let is_money = body.amount.is_none_or(|amount| amount <= MOST_MONEY);
    mistakes.expect(is_money, "/amount", format!("0 to {MOST_MONEY}"));
    let is_a_hold = body.hold_s.is_none_or(|hold_s| (1..=LONGEST_HOLD_S).contains(&hold_s));
    mistakes.expect(is_a_hold, "/hold_s", format!("1 to {LONGEST_HOLD_S} seconds"));
    let reference = body.reference.as_deref().map(|text| parse_reference(text, "/reference"));
    let reference = mistakes.check(reference.transpose()).flatten();
    mistakes.end().map(|()| (body, reference))
}

pub async fn confirm(
    shared: web::Data<Shared>,
    guesser: CodeGuesser,
    key: IdempotencyKey,
    code: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let command = |slot| Command::Confirm { slot };
    let done = command_coupon(&shared, &guesser, &key, &code, flags.how(), command).await;
    done.map(Success::alone)
}

pub async fn confirm_sheet(
    shared: web::Data<Shared>,
    sheet: Sheet,
    Params(flags): Params<DryRun>,
) -> Result<HttpResponse, Problem> {
    let confirm = async |line: SheetLine<flags::Nothing>| {
        let (guesser, flags::Nothing {}) = (line.guesser()?, line.body.checked(Ok)?);
        let command = |slot| Command::Confirm { slot };
        command_coupon(&shared, &guesser, &line.key, &line.named, flags.how(), command).await
    };
    sheet.answer(&shared, BY_CODE, confirm).await
}

pub async fn cancel(
    shared: web::Data<Shared>,
    guesser: CodeGuesser,
    key: IdempotencyKey,
    code: web::Path<String>,
    Params(flags): Params<DryRun>,
) -> Result<HttpResponse, Problem> {
    let by = match (guesser.signed.caller.role, &guesser.signed.via) {
        (Role::Member, Via::Session { .. }) => CancelBy::Member,
        (Role::Member, Via::ServiceKey { .. }) => CancelBy::Service,
        (Role::Admin | Role::System, _) => CancelBy::Admin,
    };
    let command = |slot| Command::Cancel { slot, by };
    let done = command_coupon(&shared, &guesser, &key, &code, flags.how(), command).await;
    done.map(Success::alone)
}

pub async fn void(
    shared: web::Data<Shared>,
    _: Operator,
    guesser: CodeGuesser,
    key: IdempotencyKey,
    code: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let command = |slot| Command::Void { slot };
    let done = command_coupon(&shared, &guesser, &key, &code, flags.how(), command).await;
    done.map(Success::alone)
}

pub async fn void_sheet(
    shared: web::Data<Shared>,
    sheet: Sheet,
    Params(flags): Params<DryRun>,
) -> Result<HttpResponse, Problem> {
    let void = async |line: SheetLine<flags::Nothing>| {
        line.operator()?;
        let (guesser, flags::Nothing {}) = (line.guesser()?, line.body.checked(Ok)?);
        let command = |slot| Command::Void { slot };
        command_coupon(&shared, &guesser, &line.key, &line.named, flags.how(), command).await
    };
    sheet.answer(&shared, BY_CODE, void).await
}

/// A command about the coupon of that code.
async fn command_coupon(
    shared: &Shared,
    guesser: &CodeGuesser,
    key: &IdempotencyKey,
    code: &str,
    how: How,
    command: impl FnOnce(u64) -> Command,
) -> Result<Success<RedeemedBody>, Problem> {
    let home = find_home(shared, guesser, code).await?;
    let command = command(home.slot());
    let meaning = || postcard::to_stdvec(&(&home, &command)).expect("a command is plain data");
    let by = key.by(guesser.signed.caller, how, || vec![b"coupon".to_vec(), meaning()]);
    match shared.coupons.redeem(&home, command, by).await {
        Ok(done) => Ok(Success::ok(RedeemedBody::of(done.event), done.replayed)),
        Err(error) if is_a_guess(&error) => Err(count_guess(shared, guesser).await),
        // Whether a coupon is there is not told by what its partition remembers of keys, either.
        Err(error) if error.0 == Failure::KeyReused => {
            find_theirs(shared, guesser, &home).await.and(Err(error.into()))
        }
        Err(error) => Err(error.into()),
    }
}
