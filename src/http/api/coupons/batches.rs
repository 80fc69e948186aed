//! Batches of coupons: create up to ten billion in one call, look, count, and stream their codes.
//! `changing` has what is done to one as a whole.

use crate::http::api::coupon_bodies::{CouponBody, CouponLedgerBody, owners};
use crate::http::api::coupon_filter::CouponQuery;
use crate::http::api::coupons::bodies::{BatchBody, CodesQuery, CreateBatch, WithCodesBody};
use crate::http::api::figures::{self, parse_figures};
use crate::http::api::offers::Worth;
use crate::http::caller::{Operator, Perhaps, Viewer, stay};
use crate::http::export::{self, FormQuery, ListQuery};
use crate::http::fields::{parse_future, parse_name};
use crate::http::flags::{self, DryRun, IdempotencyKey, Params};
use crate::http::mistakes::Mistakes;
use crate::http::page::{Items, Paging};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::streams::download;
use crate::http::unchecked::Unchecked;
use crate::shared::Shared;
use actix_web::{HttpRequest, HttpResponse, web};
use actors::Time;
use actors::domain::FiguresFor;
use actors::domain::coupons::catalogue::{BatchKind, BatchPlan, CatalogueEntry};
use actors::domain::coupons::{Serial, SerialKind};
use actors::engine::{By, Done};
use base::export_form::ExportForm;
use futures_util::future::try_join_all;
use people::Signed;
use products::coupons::codes;
use products::coupons::wanted::WantedCoupons;
use products::promotions::Promotion;
use std::sync::Arc;

const MOST_COUPONS: u64 = 10_000_000_000;
const MOST_WITH_CODES: u64 = 1000;

pub async fn create_with_codes(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    Params(flags): Params<DryRun>,
    body: Unchecked<CreateBatch>,
) -> Result<HttpResponse, Problem> {
    let now = shared.promotions.now();
    let ((plan, figures), count) = body.checked(|body| {
        let count = body.count;
        parse_new(body, MOST_WITH_CODES, now).map(|new| (new, count))
    })?;
    let done = register(&shared, plan, figures, |meaning| {
        key.by(caller, flags.how(), || [vec![b"coupons".to_vec()], meaning].concat())
    })
    .await?;
    let codes =
        if flags.dry_run { Vec::new() } else { shared.coupons.codes(&done.event, count, 0, count) };
    let batch = BatchBody::of_new(&done.event).ok_or_else(|| Problem::no_such("batch"))?;
    Ok(reply::mark_replayed(reply::created(&WithCodesBody { batch, codes }), done.replayed))
}

pub async fn create(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    Params(flags): Params<DryRun>,
    body: Unchecked<CreateBatch>,
) -> Result<HttpResponse, Problem> {
    let now = shared.promotions.now();
    let (plan, figures) = body.checked(|body| parse_new(body, MOST_COUPONS, now))?;
    let done = register(&shared, plan, figures, |meaning| {
        key.by(caller, flags.how(), || [vec![b"batch".to_vec()], meaning].concat())
    })
    .await?;
    let batch = BatchBody::of_new(&done.event).ok_or_else(|| Problem::no_such("batch"))?;
    Ok(reply::mark_replayed(reply::created(&batch), done.replayed))
}

async fn register(
    shared: &Shared,
    plan: BatchPlan,
    figures: Option<FiguresFor>,
    by: impl FnOnce(Vec<Vec<u8>>) -> By,
) -> Result<Done<Promotion>, Problem> {
    let meaning = postcard::to_stdvec(&plan).expect("a plan is plain data");
    let told = figures.map(|to| figures::written(to).into());
    let by = by([meaning].into_iter().chain(told).collect());
    Ok(shared.promotions.register(CatalogueEntry::Batch(plan), figures, by).await?)
}

pub async fn list(
    shared: web::Data<Shared>,
    _: Viewer,
    request: HttpRequest,
    Params(query): Params<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let (form, list) = (query.read()?, shared.clone());
    let page = async move |paging| page_of(&list, &paging).await;
    export::answer(&shared, &request, form, page).await
}

async fn page_of(shared: &Shared, paging: &Paging) -> Result<Items<BatchBody>, Problem> {
    let limit = paging.limit()?;
    let found = shared.promotions.page(SerialKind::Batch, paging.after_name()?, limit + 1).await?;
    let page =
        Items::page(found, limit, |known: &Promotion| known.serial.to_string().into_bytes(), Some);
    let items = try_join_all(page.items.iter().map(|known| as_it_is(shared, known))).await?;
    let items = items.into_iter().filter(|batch| batch.state != "withdrawn").collect::<Vec<_>>();
    Ok(Items { items, next_cursor: page.next_cursor })
}

pub async fn show(
    shared: web::Data<Shared>,
    Perhaps(signed): Perhaps,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let (known, _) = shown_batch(&shared, signed.as_ref(), &id).await?;
    Ok(reply::ok(&as_it_is(&shared, &known).await?))
}

async fn as_it_is(shared: &Shared, known: &Promotion) -> Result<BatchBody, Problem> {
    let plan = known.batch().ok_or_else(|| Problem::no_such("batch"))?;
    let overview = shared.batches.overview(known.serial, plan).await?;
    Ok(BatchBody::of(known, &overview, shared.promotions.now()))
}

pub async fn ledger(
    shared: web::Data<Shared>,
    Perhaps(signed): Perhaps,
    id: web::Path<String>,
    Params(FormQuery { format }): Params<FormQuery>,
) -> Result<HttpResponse, Problem> {
    let (known, plan) = shown_batch(&shared, signed.as_ref(), &id).await?;
    let ledger = shared.batches.ledger(known.serial, &plan).await?;
    export::answer_one(format.as_deref(), CouponLedgerBody::from(ledger))
}

pub async fn coupons(
    shared: web::Data<Shared>,
    _: Viewer,
    request: HttpRequest,
    id: web::Path<String>,
    Params(query): Params<CouponQuery>,
) -> Result<HttpResponse, Problem> {
    let (known, _) = find_batch(&shared, &id).await?;
    let (form, wanted) = query.read_within()?;
    let list = shared.clone();
    let page = async move |paging| page_of_coupons(&list, &known, &wanted, &paging).await;
    export::answer(&shared, &request, form, page).await
}

async fn page_of_coupons(
    shared: &Shared,
    known: &Arc<Promotion>,
    wanted: &WantedCoupons,
    paging: &Paging,
) -> Result<Items<CouponBody>, Problem> {
    let limit = paging.limit()?;
    let (found, next) = match wanted.filter.owner {
        // Their own list has few lines, and the batch may have thousands of millions.
        Some(owner) => {
            let wanted = WantedCoupons { batch: Some(known.serial), ..wanted.clone() };
            shared.coupons.of_member(owner, &wanted, paging.after()?, limit).await?
        }
        None => {
            let from = paging.after_value()?.unwrap_or_default();
            let (found, next) = shared.coupons.of_batch(known, wanted, from, limit).await?;
            (found, next.map(|next| postcard::to_stdvec(&next).expect("plain data")))
        }
    };
    let names = shared.people.outsiders.names(owners(&found)).await?;
    Ok(CouponBody::page(&found, next, &names))
}

pub async fn stream(
    shared: web::Data<Shared>,
    _: Operator,
    request: HttpRequest,
    id: web::Path<String>,
    Params(query): Params<CodesQuery>,
) -> Result<HttpResponse, Problem> {
    let format = match query.format.as_deref() {
        None | Some("ndjson") => ExportForm::Ndjson,
        Some("csv") => ExportForm::Csv,
        Some(_) => return Err(Problem::invalid("?format", "`ndjson` or `csv`")),
    };
    let (known, _) = find_batch(&shared, &id).await?;
    let seat = shared.streams.codes.take(stay(&shared, &request)?)?;
    let lines = codes::stream(
        shared.coupons.clone(),
        known,
        format,
        query.from.unwrap_or(0),
        query.limit.unwrap_or(u64::MAX),
    );
    Ok(HttpResponse::Ok().content_type(format.content_type()).streaming(download(seat, lines)))
}

/// The batch in a path. A name that cannot be read names none.
pub async fn find_batch(shared: &Shared, id: &str) -> Result<(Arc<Promotion>, BatchPlan), Problem> {
    let serial: Serial = id.parse().map_err(|_| Problem::no_such("batch"))?;
    let known = match serial.of() {
        SerialKind::Batch => shared.promotions.find(serial).await?,
        SerialKind::Campaign => None,
    };
    let known = known.ok_or_else(|| Problem::no_such("batch"))?;
    let plan = known.batch().cloned().ok_or_else(|| Problem::no_such("batch"))?;
    Ok((known, plan))
}

/// A batch for this caller. One that is not there is answered like one that is for staff.
async fn shown_batch(
    shared: &Shared,
    signed: Option<&Signed>,
    id: &str,
) -> Result<(Arc<Promotion>, BatchPlan), Problem> {
    let found = find_batch(shared, id).await;
    let to = found.as_ref().map_or(FiguresFor::Staff, |(known, _)| known.figures);
    figures::tell(to, signed)?;
    found
}

fn parse_new(
    body: CreateBatch,
    most: u64,
    now: Time,
) -> Result<(BatchPlan, Option<FiguresFor>), Problem> {
    let mut mistakes = Mistakes::default();
    let figures = mistakes.check(body.figures.as_deref().map(parse_figures).transpose());
    let plan = mistakes.check(parse_plan(body, most, now));
    plan.zip(figures).ok_or_else(|| mistakes.into())
}

fn parse_plan(body: CreateBatch, most: u64, now: Time) -> Result<BatchPlan, Problem> {
    let mut mistakes = Mistakes::default();
    mistakes.expect((1..=most).contains(&body.count), "/count", format!("1 to {most}"));
    let worth = Worth {
        discount_percent: body.discount_percent,
        discount_amount: body.discount_amount,
        no_discount: body.no_discount,
        min_amount: body.min_amount,
        max_discount: body.max_discount,
        cancel_by: body.cancel_by,
    };
    let name = body.name.as_deref().map(|text| parse_name(text, "/name")).transpose();
    let name = mistakes.check(name);
    let offer = mistakes.check(worth.checked('/'));
    let expires_at = mistakes.check(parse_future(&body.expires_at, "/expires_at", now));
    let (Some(name), Some(offer), Some(expires_at)) = (name, offer, expires_at) else {
        return Err(mistakes.into());
    };
    mistakes.end()?;
    let what = BatchKind::Made { count: body.count, one_per_member: body.one_per_member };
    Ok(BatchPlan { name, offer, expires_at, what })
}
