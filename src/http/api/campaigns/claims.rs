//! Claims: get a voucher, list all that were claimed, and count them.

use crate::http::api::campaigns::bodies::{
    ClaimVoucher, ClaimedBody, EligibilityBody, EligibilityQuery, fold,
};
use crate::http::api::campaigns::finding::find_campaign;
use crate::http::api::coupon_bodies::{CouponBody, CouponLedgerBody, VoucherBody};
use crate::http::api::coupon_filter::CouponQuery;
use crate::http::api::figures;
use crate::http::api::guessing::CodeGuesser;
use crate::http::body::Body;
use crate::http::caller::{Perhaps, SignedIn, Viewer};
use crate::http::explain::Explain;
use crate::http::export::{self, FormQuery};
use crate::http::flags::{DryRun, IdempotencyKey, Params};
use crate::http::page::{Items, Paging, cursor};
use crate::http::problem::{self, Problem};
use crate::http::reply::{self, Success};
use crate::http::sheets::{LetIn, Sheet, SheetLine};
use crate::http::work::ShownWork;
use crate::shared::Shared;
use actix_web::{HttpRequest, HttpResponse, web};
use actors::domain::coupons::CouponHome;
use actors::domain::coupons::campaign::{Command, Refusal, Trigger};
use actors::engine::{By, Done, How};
use actors::plain::text_of;
use futures_util::future::join_all;
use people::Signed;
use ports::GuardedCall;
use products::campaigns::GrantedVoucher;
use products::coupons::wanted::WantedCoupons;
use products::promotions::Promotion;
use std::sync::Arc;

pub async fn claim(
    shared: web::Data<Shared>,
    guesser: CodeGuesser,
    key: IdempotencyKey,
    work: ShownWork,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(body): Body<ClaimVoucher>,
) -> Result<HttpResponse, Problem> {
    let known = find_campaign(&shared, &id).await?;
    let said = [id.as_bytes(), body.code.as_deref().unwrap_or_default().as_bytes()];
    work.spend_as(&shared, &guesser.signed, GuardedCall::Claim, &key, &said).await?;
    let asked = Asked { guesser, key, how: flags.how() };
    let (command, by) = asked.prepare(&shared, &known, &id, body).await?;
    let done = shared.campaigns.claim(&known, &command, by).await;
    asked.tell(&shared, &known, done).await.map(Success::alone)
}

pub async fn claim_sheet(
    shared: web::Data<Shared>,
    sheet: Sheet,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
) -> Result<HttpResponse, Problem> {
    let claims = async |lines| claim_together(&shared, &id, flags.how(), lines).await;
    sheet.answer_together(&shared, None, claims).await
}

/// All that can be claimed goes to the campaign at once.
async fn claim_together(
    shared: &Shared,
    id: &str,
    how: How,
    lines: LetIn<ClaimVoucher>,
) -> Vec<Result<Success<ClaimedBody>, Problem>> {
    let known = match find_campaign(shared, id).await {
        Ok(known) => known,
        Err(problem) => {
            let refused = |line: Result<_, Problem>| Err(line.err().unwrap_or(problem.clone()));
            return lines.into_iter().map(refused).collect();
        }
    };
    let prepare = async |line: Result<SheetLine<ClaimVoucher>, Problem>| {
        let line = line?;
        let (guesser, body) = (line.guesser()?, line.body.checked(Ok)?);
        let asked = Asked { guesser, key: line.key, how };
        let claim = asked.prepare(shared, &known, id, body).await?;
        Ok((asked, claim))
    };
    let (mut asked, mut claims) = (Vec::new(), Vec::new());
    for line in join_all(lines.into_iter().map(prepare)).await {
        asked.push(line.map(|(asked, claim)| {
            claims.push(claim);
            asked
        }));
    }
    let mut done = shared.campaigns.claim_together(&known, claims).await.into_iter();
    let tell = async |(asked, done): (Result<Asked, Problem>, Option<_>)| {
        let done = done.ok_or_else(|| Problem::plain(&problem::INTERNAL));
        asked?.tell(shared, &known, done?).await
    };
    let told = asked.into_iter().map(|asked| {
        let done = asked.is_ok().then(|| done.next()).flatten();
        (asked, done)
    });
    join_all(told.map(tell)).await
}

/// Who claims, under which key, and whether it is meant.
struct Asked {
    guesser: CodeGuesser,
    key: IdempotencyKey,
    how: How,
}

impl Asked {
    /// The command that the campaign is given.
    async fn prepare(
        &self,
        shared: &Shared,
        known: &Promotion,
        id: &str,
        body: ClaimVoucher,
    ) -> Result<(Command, By), Problem> {
        if known.campaign().is_some_and(|plan| matches!(plan.trigger, Trigger::Code(_))) {
            self.guesser.admit(shared).await?;
        }
        let caller = self.guesser.signed.caller;
        let code = body.code.as_deref().map(fold);
        let meaning = || {
            let code = code.clone().unwrap_or_default().into_bytes();
            let said = body.first_login.then(|| b"first login".to_vec());
            [b"claim".to_vec(), id.as_bytes().to_vec(), code].into_iter().chain(said).collect()
        };
        let by = self.key.by(caller, self.how, meaning);
        let command = match body.first_login {
            true => first_login(shared, &self.guesser.signed, known, "/first_login")?,
            false => Command::Claim { member: caller.id, code },
        };
        Ok((command, by))
    }

    /// What the caller hears of it.
    async fn tell(
        &self,
        shared: &Shared,
        known: &Promotion,
        done: Result<Done<GrantedVoucher>, products::Error>,
    ) -> Result<Success<ClaimedBody>, Problem> {
        let done = match done {
            Err(error) if is_wrong_code(&error) => {
                self.guesser.count(shared, Some(&known.serial.to_string())).await;
                return Err(Refusal::WrongCode.explain());
            }
            done => done?,
        };
        let mut voucher = VoucherBody::of(shared, &done.event);
        if self.how == How::DryRun && !done.replayed {
            // What nobody has yet is nobody's to use.
            voucher.code = None;
        }
        let body = ClaimedBody { campaign: text_of(&known.serial), rank: done.event.rank, voucher };
        Ok(Success::created_or_found(body, done.replayed))
    }
}

/// The claim of a member of a service, which says that it is a first login.
fn first_login(
    shared: &Shared,
    signed: &Signed,
    known: &Promotion,
    pointer: &str,
) -> Result<Command, Problem> {
    if !signed.is_of_a_service() {
        let why = "only a service says that its member logs in for the first time";
        return Err(Problem::new(&problem::FORBIDDEN, why));
    }
    match known.campaign().map(|plan| &plan.trigger) {
        Some(Trigger::FirstLogin) => {
            Ok(Command::ClaimFirstLogin { member: signed.caller.id, at: shared.promotions.now() })
        }
        _ => Err(Problem::invalid(pointer, "only where the trigger is `first_login`")),
    }
}

/// What the claim would come to. It is decided as the claim is, and nothing is changed.
pub async fn eligibility(
    shared: web::Data<Shared>,
    signer: SignedIn,
    id: web::Path<String>,
    Params(query): Params<EligibilityQuery>,
) -> Result<HttpResponse, Problem> {
    let signed = signer.member()?;
    let caller = signed.acting();
    let known = find_campaign(&shared, &id).await?;
    let command = match (query.first_login, known.campaign().map(|plan| &plan.trigger)) {
        (true, _) => first_login(&shared, &signed, &known, "?first_login")?,
        (false, Some(Trigger::Code(code))) => {
            Command::Claim { member: caller.id, code: Some(code.clone()) }
        }
        (false, _) => Command::Claim { member: caller.id, code: None },
    };
    let by = By { caller, key: None, how: How::dry_run_if(true) };
    let came = match shared.campaigns.claim(&known, &command, by).await {
        Ok(done) => Ok(done),
        Err(error) => match error.refusal() {
            Some(products::Refusal::Campaign(refusal)) => Err(refusal.explain()),
            _ => return Err(error.into()),
        },
    };
    Ok(reply::ok(&EligibilityBody::of(&known, came)))
}

fn is_wrong_code(error: &products::Error) -> bool {
    error.refusal() == Some(&products::Refusal::Campaign(Refusal::WrongCode))
}

pub async fn claims(
    shared: web::Data<Shared>,
    _: Viewer,
    request: HttpRequest,
    id: web::Path<String>,
    Params(query): Params<CouponQuery>,
) -> Result<HttpResponse, Problem> {
    let known = find_campaign(&shared, &id).await?;
    let (form, wanted) = query.read_within()?;
    let list = shared.clone();
    let page = async move |paging| page_of_claims(&list, &known, &wanted, &paging).await;
    export::answer(&shared, &request, form, page).await
}

async fn page_of_claims(
    shared: &Shared,
    known: &Arc<Promotion>,
    wanted: &WantedCoupons,
    paging: &Paging,
) -> Result<Items<CouponBody>, Problem> {
    let (limit, after) = (paging.limit()?, paging.after_name::<u64>()?);
    let from = after.map_or(0, |after| after.saturating_add(1));
    let found = shared.coupons.of_campaign(known, wanted, from, limit).await?;
    let (vouchers, next) = found.ok_or_else(|| Problem::no_such("campaign"))?;
    let known = shared.campaigns.as_it_is(known.clone()).await?;
    let owners = vouchers.iter().map(|(_, view)| view.coupon.owner);
    let names = shared.people.outsiders.names(owners).await?;
    let item = |(rank, view)| {
        let home = CouponHome::Campaign { campaign: known.serial, rank };
        let code = shared.coupons.voucher_code(&known, rank);
        CouponBody::of(&known, &home, code, &view, &names)
    };
    // A cursor names the rank before the next page, as it always has.
    let next_cursor = next.map(|next| cursor(next.saturating_sub(1).to_string().as_bytes()));
    Ok(Items { items: vouchers.into_iter().map(item).collect(), next_cursor })
}

pub async fn ledger(
    shared: web::Data<Shared>,
    Perhaps(signed): Perhaps,
    id: web::Path<String>,
    Params(FormQuery { format }): Params<FormQuery>,
) -> Result<HttpResponse, Problem> {
    let known = find_campaign(&shared, &id).await?;
    let overview = shared.campaigns.overview(&known).await?;
    let overview = overview.ok_or_else(|| Problem::no_such("campaign"))?;
    figures::tell(known.figures_now(&overview), signed.as_ref())?;
    let ledger = CouponLedgerBody::from(shared.campaigns.ledger(&known).await?);
    export::answer_one(format.as_deref(), ledger)
}
