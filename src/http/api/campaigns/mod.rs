//! Campaigns: create, look, change, pause, end, withdraw; claims and the ledger.
//!
//! The endpoints, and the calls about a campaign as a whole. `claims` has those about its vouchers,
//! `bodies` what is read and answered, `explain` what is said when a campaign refuses.

pub mod bodies;
mod claims;
pub mod explain;
mod finding;

use crate::http::api::campaigns::bodies::{
    CampaignBody, ChangeCampaign, ClaimVoucher, ClaimedBody, CreateCampaign, EligibilityBody,
    TellFigures, parse_changes, parse_new,
};
use crate::http::api::campaigns::finding::find_campaign;
use crate::http::api::coupon_bodies::{CouponBody, CouponLedgerBody};
use crate::http::api::coupon_filter::filters_coupons;
use crate::http::api::figures::{self, parse_figures};
use crate::http::body::Body;
use crate::http::caller::{Operator, Perhaps};
use crate::http::endpoint::{Described, Endpoint, Who};
use crate::http::export::{self, ListQuery};
use crate::http::flags::{self, DryRun, IdempotencyKey, Params};
use crate::http::page::{Items, Paging};
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::http::sheets::{LinesOf, takes_a_sheet};
use crate::http::unchecked::Unchecked;
use crate::shared::Shared;
use actix_web::{HttpRequest, HttpResponse, web};
use actors::domain::coupons::SerialKind;
use actors::domain::coupons::campaign::{CampaignChanges, CampaignPlan, Command};
use actors::engine::How;
use actors::{Caller, Time};
use futures_util::future::try_join_all;
use people::Signed;
use ports::scopes::Scope;
use products::campaigns::NewCampaign;
use products::promotions::Promotion;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/campaigns", create)
            .named("createCampaign")
            .summary("Create a campaign")
            .notes(
                "The first so many get a voucher, exactly. Costs the same for a hundred and for \
                a hundred million.",
            )
            .who(Who::Operator)
            .body::<CreateCampaign>()
            .decides()
            .answer::<CampaignBody>(201, "The campaign.")
            .problems(&[&problem::NAME_TAKEN]),
        Endpoint::get("/campaigns", list)
            .named("listCampaigns")
            .summary(
                "List the \
            campaigns",
            )
            .notes("As a table, or as lines of JSON, it is for whoever shows a token or a key.")
            .who(Who::Optional)
            .lists::<CampaignBody>("In the order of their creation, but for those withdrawn.")
            .exported::<CampaignBody>(),
        Endpoint::get("/campaigns/{id}", show)
            .named("getCampaign")
            .summary("Look at a campaign")
            .notes("`figures` says who is told how many were granted, and how many are left.")
            .who(Who::Optional)
            .answer::<CampaignBody>(200, "The campaign.")
            .problems(&[&problem::NOT_FOUND]),
        Endpoint::patch("/campaigns/{id}", change)
            .named("changeCampaign")
            .summary("Change a campaign")
            .notes(
                "Until the first claim anything but the trigger, to more or to less; from then on \
                 only the quota and the end, and only to more.",
            )
            .who(Who::Operator)
            .body::<ChangeCampaign>()
            .decides()
            .answer::<CampaignBody>(200, "The campaign.")
            .problems(&[
                &problem::NOT_FOUND,
                &problem::NAME_TAKEN,
                &problem::ENDED,
                &problem::ONLY_MORE,
                &problem::IN_USE,
            ]),
        Endpoint::delete("/campaigns/{id}", withdraw)
            .named("withdrawCampaign")
            .summary("Withdraw a campaign that nobody has claimed")
            .notes(
                "Its name is free again, and it is on no list. A claim in the same instant is \
                 either first, and this is refused, or is refused itself.",
            )
            .who(Who::Operator)
            .decides()
            .answer::<CampaignBody>(200, "The campaign, as it was.")
            .problems(&[&problem::NOT_FOUND, &problem::IN_USE]),
        Endpoint::put("/campaigns/{id}/figures", tell_figures)
            .named("tellFigures")
            .summary("Say to whom a campaign's figures are told")
            .notes("At any time. The rank of a voucher is always told to its owner.")
            .who(Who::Operator)
            .body::<TellFigures>()
            .decides()
            .answer::<CampaignBody>(200, "The campaign.")
            .problems(&[&problem::NOT_FOUND]),
        switch("/campaigns/{id}/pause", pause)
            .named("pauseCampaign")
            .summary("Pause a campaign")
            .notes(
                "Claims are \
            refused until it goes on. Vouchers can be used.",
            ),
        switch("/campaigns/{id}/resume", resume)
            .named("resumeCampaign")
            .summary("Let a paused campaign go on"),
        switch("/campaigns/{id}/end", end)
            .named("endCampaign")
            .summary("End a campaign now")
            .notes(
                "For good. Vouchers \
            that were granted stay good.",
            ),
        Endpoint::post("/campaigns/{id}/claims", claims::claim)
            .named("claimVoucher")
            .summary("Claim a voucher")
            .notes(
                "The rank is the place in the engine's own order: 1 to the quota, no gap, no \
                repeat, one per member. The same member again gets the same rank and voucher, for \
                ever. Where vouchers are granted with first logins, a service claims for a member \
                of its own with `first_login`.",
            )
            .who(Who::Member)
            .scopes(&[Scope::Members, Scope::Claim])
            .body::<ClaimVoucher>()
            .decides()
            .guarded()
            .answer::<ClaimedBody>(201, "The voucher.")
            .answer::<ClaimedBody>(200, "The voucher that the member had got before.")
            .problems(&[
                &problem::NOT_FOUND,
                &problem::FORBIDDEN,
                &problem::TOO_MANY,
                &problem::SOLD_OUT,
                &problem::NOT_YET_OPEN,
                &problem::ENDED,
                &problem::PAUSED,
                &problem::WRONG_CODE,
                &problem::BY_FIRST_LOGIN,
            ]),
        takes_a_sheet(
            Endpoint::post("/campaigns/{id}/claims:batch", claims::claim_sheet)
                .named("claimVoucherSheet")
                .summary("Claim vouchers for many members")
                .notes(
                    "Each line is a claim of its own, as `claimVoucher` alone, and answered in its \
                     place. No line stops another.",
                ),
            LinesOf {
                name: "ClaimLine",
                named: None,
                body: Some(Described::of::<ClaimVoucher>()),
                answer: Described::of::<ClaimedBody>(),
            },
        )
        .scopes(&[Scope::Members, Scope::Claim]),
        Endpoint::get("/campaigns/{id}/eligibility", claims::eligibility)
            .named("getEligibility")
            .summary("Ask whether a claim would succeed")
            .notes(
                "Decided as the claim is, and nothing is changed or kept for anybody: the last \
                 voucher may be gone when the claim comes.",
            )
            .who(Who::Member)
            .flag(
                "first_login",
                "`true`: for a member of a service who would log in for the first time.",
            )
            .answer::<EligibilityBody>(200, "Whether, and if not, why.")
            .problems(&[&problem::NOT_FOUND, &problem::FORBIDDEN, &problem::INVALID]),
        filters_coupons(
            Endpoint::get("/campaigns/{id}/claims", claims::claims)
                .named("listClaims")
                .summary("List the claims of a campaign")
                .notes(
                    "`from` and a member's voucher are found at once. Other filters look at so \
                    many vouchers a page; a page may have few lines, or none, and still have a \
                    next one.",
                )
                .who(Who::Viewer)
                .lists::<CouponBody>("By rank.")
                .exported::<CouponBody>(),
        )
        .problems(&[&problem::NOT_FOUND]),
        Endpoint::get("/campaigns/{id}/ledger", claims::ledger)
            .named("getCampaignLedger")
            .summary("Count a campaign's vouchers")
            .notes("For whoever is told its figures.")
            .who(Who::Optional)
            .answer::<CouponLedgerBody>(200, "The books, which balance.")
            .exported::<CouponLedgerBody>()
            .problems(&[&problem::NOT_FOUND]),
    ]
}

fn switch<F, Args>(path: &'static str, handler: F) -> Endpoint
where
    F: actix_web::Handler<Args> + 'static,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    Endpoint::post(path, handler)
        .who(Who::Operator)
        .decides()
        .answer::<CampaignBody>(200, "The campaign.")
        .problems(&[&problem::NOT_FOUND, &problem::ENDED])
}

async fn create(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    Params(flags): Params<DryRun>,
    body: Unchecked<CreateCampaign>,
) -> Result<HttpResponse, Problem> {
    // Without a start it begins now, and a repeat says so again; so the meaning of the key is what
    // was said.
    let now = shared.promotions.now();
    let (plan, figures, is_started) = body.checked(|body| {
        let is_started = body.starts_at.is_some();
        parse_new(body, now).map(|(plan, figures)| (plan, figures, is_started))
    })?;
    let spelled = || postcard::to_stdvec(&(&plan, is_started)).expect("a plan is plain data");
    let unstarted = || {
        postcard::to_stdvec(&CampaignPlan { starts_at: Time::default(), ..plan.clone() })
            .expect("a plan is plain data")
    };
    let by = key.by(caller, flags.how(), || {
        let plan = if is_started { spelled() } else { unstarted() };
        let figures = figures.map(|to| figures::written(to).into());
        [b"campaign".to_vec(), plan].into_iter().chain(figures).collect()
    });
    let done = shared.campaigns.create(plan, figures, by).await?;
    // As it was then: a repeat is answered alike, and a campaign that is busy already does not make
    // this answer a refusal.
    let NewCampaign { promotion, overview } = &done.event;
    Ok(reply::mark_replayed(
        reply::created(&CampaignBody::of(promotion, overview, done.at)),
        done.replayed,
    ))
}

async fn list(
    shared: web::Data<Shared>,
    Perhaps(signed): Perhaps,
    request: HttpRequest,
    Params(query): Params<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let (form, list) = (query.read()?, shared.clone());
    let page = async move |paging| page_of(&list, signed.as_ref(), &paging).await;
    export::answer(&shared, &request, form, page).await
}

async fn page_of(
    shared: &Shared,
    signed: Option<&Signed>,
    paging: &Paging,
) -> Result<Items<CampaignBody>, Problem> {
    let limit = paging.limit()?;
    let found =
        shared.promotions.page(SerialKind::Campaign, paging.after_name()?, limit + 1).await?;
    let page =
        Items::page(found, limit, |known: &Promotion| known.serial.to_string().into_bytes(), Some);
    let overviews =
        try_join_all(page.items.iter().map(|known| shared.campaigns.overview(known))).await?;
    let now = shared.promotions.now();
    let items = page
        .items
        .iter()
        .zip(overviews)
        .filter_map(|(known, overview)| Some((known, overview?)))
        .filter(|(_, overview)| !overview.withdrawn)
        .map(|(known, overview)| CampaignBody::told_to(signed, known, &overview, now))
        .collect();
    Ok(Items { items, next_cursor: page.next_cursor })
}

async fn show(
    shared: web::Data<Shared>,
    Perhaps(signed): Perhaps,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let known = find_campaign(&shared, &id).await?;
    let overview = shared.campaigns.overview(&known).await?;
    let overview = overview.ok_or_else(|| Problem::no_such("campaign"))?;
    let now = shared.promotions.now();
    Ok(reply::ok(&CampaignBody::told_to(signed.as_ref(), &known, &overview, now)))
}

async fn change(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
    body: Unchecked<ChangeCampaign>,
) -> Result<HttpResponse, Problem> {
    let changes = body.checked(parse_changes)?;
    let CampaignChanges { quota, ends_at, .. } = changes;
    let promised = CampaignChanges { quota, ends_at, ..CampaignChanges::default() };
    let change = match changes == promised {
        true => Command::Change { quota, ends_at },
        false => Command::Revise(changes),
    };
    command_and_show(&shared, (caller, flags.how(), &key), &id, change).await
}

async fn withdraw(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
) -> Result<HttpResponse, Problem> {
    command_and_show(&shared, (caller, flags.how(), &key), &id, Command::Withdraw).await
}

async fn tell_figures(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(TellFigures { figures }): Body<TellFigures>,
) -> Result<HttpResponse, Problem> {
    let tell = Command::TellFigures(parse_figures(&figures)?);
    command_and_show(&shared, (caller, flags.how(), &key), &id, tell).await
}

async fn pause(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    command_and_show(&shared, (caller, flags.how(), &key), &id, Command::Pause).await
}

async fn resume(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    command_and_show(&shared, (caller, flags.how(), &key), &id, Command::Resume).await
}

async fn end(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    command_and_show(&shared, (caller, flags.how(), &key), &id, Command::End).await
}

/// A change of the campaign as a whole, answered by how it is after that.
async fn command_and_show(
    shared: &Shared,
    (caller, how, key): (Caller, How, &IdempotencyKey),
    id: &str,
    command: Command,
) -> Result<HttpResponse, Problem> {
    let known = find_campaign(shared, id).await?;
    let meaning = || postcard::to_stdvec(&command).expect("a command is plain data");
    let by = key
        .by(caller, how, || vec![b"change campaign".to_vec(), id.as_bytes().to_vec(), meaning()]);
    let done = match command {
        Command::Revise(changes) => shared.campaigns.revise(&known, changes, by).await?,
        Command::Withdraw => shared.campaigns.withdraw(&known, by).await?,
        command => shared.campaigns.change(&known, &command, by).await?,
    };
    let body = CampaignBody::of(&known, &done.event, shared.promotions.now());
    Ok(reply::mark_replayed(reply::ok(&body), done.replayed && !by.is_dry_run()))
}
