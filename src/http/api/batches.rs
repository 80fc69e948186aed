//! Batches of coupons: create up to ten billion in one call, assign, count, and stream their codes.

use super::coupons::{CouponBody, CouponLedgerBody, assigned, giver, no_such, reference};
use super::offers::{Worth, future, name};
use crate::http::body::Body;
use crate::http::caller::{Admin, SignedIn, stay};
use crate::http::endpoint::{Endpoint, Who};
use crate::http::flags::{self, DryRun, IdempotencyKey, Params};
use crate::http::page::{Items, Paging};
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::http::streams::download;
use crate::shared::Shared;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use actors::domain::coupons::SerialKind;
use actors::domain::coupons::catalogue::{BatchKind, CatalogueEntry, Plan};
use actors::domain::coupons::{Serial, rack, range};
use actors::engine::{By, Done, Failure, Key};
use actors::{Caller, Id, Time};
use base::calendar::wire_time;
use people::{Signed, Via};
use products::coupons::codes;
use products::promotions::Promotion;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

const MOST_COUPONS: u64 = 10_000_000_000;
const MOST_WITH_CODES: u64 = 1000;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateBatch {
    /// How many coupons: 1 to 10,000,000,000, or to 1000 where the codes are in the answer.
    pub count: u64,
    pub name: Option<String>,
    /// Of the amount, 1 to 100. Either this or `discount_amount`.
    pub discount_percent: Option<u8>,
    /// In minor units.
    pub discount_amount: Option<u64>,
    /// Less than this cannot be paid with a coupon.
    pub min_amount: Option<u64>,
    /// The discount is never more than this.
    pub max_discount: Option<u64>,
    #[schema(example = "2026-12-31T23:59:59Z")]
    pub expires_at: String,
    /// Each member gets at most one, exactly. Then a given code is not assignable.
    #[serde(default)]
    pub one_per_member: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assign {
    /// Whose it becomes. A service names them with `On-Behalf-Of` instead.
    pub member_id: Option<String>,
    /// Your own name for what it is given for, such as an order's number. The same one gets the
    /// same coupon, for ever. Where each member gets at most one, it is not needed: they get their
    /// one again.
    pub source_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodesQuery {
    format: Option<String>,
    from: Option<u64>,
    limit: Option<u64>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CouponBatch)]
pub struct BatchBody {
    pub id: String,
    pub name: Option<String>,
    /// Null for an imported batch: its ledger counts.
    pub count: Option<u64>,
    pub one_per_member: bool,
    /// The import that brought its codes.
    pub imported_by: Option<String>,
    pub discount_percent: Option<u8>,
    pub discount_amount: Option<u64>,
    pub min_amount: Option<u64>,
    pub max_discount: Option<u64>,
    pub expires_at: String,
    pub created_at: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CouponsWithCodes)]
pub struct WithCodesBody {
    pub batch: BatchBody,
    pub codes: Vec<String>,
}

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/coupons", create_with_codes)
            .summary("Create some coupons, and see their codes")
            .who(Who::Admin)
            .body::<CreateBatch>()
            .decides()
            .answer::<WithCodesBody>(201, "The batch and its codes. A dry run has none."),
        Endpoint::post("/coupon-batches", create)
            .summary("Create a batch of coupons")
            .notes(
                "Costs the same for one and for ten billion: an untouched coupon takes neither \
                memory nor disk.",
            )
            .who(Who::Admin)
            .body::<CreateBatch>()
            .decides()
            .answer::<BatchBody>(201, "The batch."),
        Endpoint::get("/coupon-batches", list)
            .summary("List the batches")
            .who(Who::Admin)
            .lists::<BatchBody>("In the order of their creation."),
        Endpoint::get("/coupon-batches/{id}", show)
            .summary("Look at a batch")
            .who(Who::Admin)
            .answer::<BatchBody>(200, "The batch.")
            .problems(&[&problem::NOT_FOUND]),
        Endpoint::get("/coupon-batches/{id}/ledger", ledger)
            .summary("Count a batch's coupons")
            .who(Who::Admin)
            .answer::<CouponLedgerBody>(200, "The books, which balance.")
            .problems(&[&problem::NOT_FOUND]),
        Endpoint::get("/coupon-batches/{id}/codes", stream)
            .summary("Stream the codes of a batch")
            .notes(
                "As NDJSON (`{\"index\":0,\"code\":\"…\"}`), or as CSV with `format=csv`. Begins \
                 at `from`, ends after `limit`. It breaks off, \
                 without the end of a whole answer, when the token expires or its session ends; go \
                 on with `from` and a new token. \
                 In CSV a code that a spreadsheet would run (it begins with `=`, `+`, `-` or `@`) \
                 has an apostrophe in front, \
                 which an import takes away again; NDJSON has codes as they are.",
            )
            .who(Who::Admin)
            .query("format", "`ndjson` (the default) or `csv`.")
            .query("from", "The index of the first code.")
            .query("limit", "How many; all, if absent.")
            .answer_text(
                200,
                "application/x-ndjson",
                "The codes, one a line, for as long as \
                somebody reads.",
            )
            .problems(&[&problem::NOT_FOUND, &problem::INVALID, &problem::BUSY]),
        Endpoint::post("/coupon-batches/{id}/assign", assign)
            .summary("Assign the next free coupon")
            .notes("An administrator names the member; a service acts for its own.")
            .who(Who::Member)
            .body::<Assign>()
            .decides()
            .answer::<CouponBody>(201, "The coupon.")
            .answer::<CouponBody>(
                200,
                "The coupon that this source, or this member, had got \
                before.",
            )
            .problems(&[
                &problem::NOT_FOUND,
                &problem::FORBIDDEN,
                &problem::SOLD_OUT,
                &problem::COUPON_EXPIRED,
                &problem::SOURCE_REUSED,
                &problem::KEY_FORGOTTEN,
            ]),
    ]
}

async fn create_with_codes(
    shared: web::Data<Shared>,
    Admin(caller): Admin,
    key: IdempotencyKey,
    Params(flags): Params<DryRun>,
    Body(body): Body<CreateBatch>,
) -> Result<HttpResponse, Problem> {
    let count = body.count;
    let plan = plan(body, MOST_WITH_CODES, shared.promotions.now())?;
    let done = register(&shared, plan, |meaning| {
        key.by(caller, flags.how(), || vec![b"coupons".to_vec(), meaning])
    })
    .await?;
    let batch = &done.event;
    let codes =
        if flags.dry_run { Vec::new() } else { shared.coupons.codes(batch, count, 0, count) };
    Ok(reply::replayed(
        reply::created(&WithCodesBody { batch: BatchBody::of(batch), codes }),
        done.replayed,
    ))
}

async fn create(
    shared: web::Data<Shared>,
    Admin(caller): Admin,
    key: IdempotencyKey,
    Params(flags): Params<DryRun>,
    Body(body): Body<CreateBatch>,
) -> Result<HttpResponse, Problem> {
    let plan = plan(body, MOST_COUPONS, shared.promotions.now())?;
    let done = register(&shared, plan, |meaning| {
        key.by(caller, flags.how(), || vec![b"batch".to_vec(), meaning])
    })
    .await?;
    Ok(reply::replayed(reply::created(&BatchBody::of(&done.event)), done.replayed))
}

async fn register(
    shared: &Shared,
    plan: Plan,
    by: impl FnOnce(Vec<u8>) -> By,
) -> Result<Done<Promotion>, Problem> {
    let by = by(postcard::to_stdvec(&plan).expect("a plan is plain data"));
    Ok(shared.promotions.register(CatalogueEntry::Batch(plan), by).await?)
}

async fn list(
    shared: web::Data<Shared>,
    _: Admin,
    Params(paging): Params<Paging>,
) -> Result<HttpResponse, Problem> {
    let limit = paging.limit()?;
    let found = shared.promotions.page(SerialKind::Batch, paging.after_name()?, limit + 1).await?;
    Ok(reply::ok(&Items::page(
        found,
        limit,
        |known: &Promotion| known.serial.to_string().into_bytes(),
        |known| Some(BatchBody::of(&known)),
    )))
}

async fn show(
    shared: web::Data<Shared>,
    _: Admin,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let (known, _) = known_batch(&shared, &id).await?;
    Ok(reply::ok(&BatchBody::of(&known)))
}

async fn ledger(
    shared: web::Data<Shared>,
    _: Admin,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let (known, plan) = known_batch(&shared, &id).await?;
    let ledger = shared.batches.ledger(known.serial, &plan).await?;
    Ok(reply::ok(&CouponLedgerBody::from(ledger)))
}

async fn stream(
    shared: web::Data<Shared>,
    _: Admin,
    request: HttpRequest,
    id: web::Path<String>,
    Params(query): Params<CodesQuery>,
) -> Result<HttpResponse, Problem> {
    let format = match query.format.as_deref() {
        None | Some("ndjson") => codes::CodesFormat::Ndjson,
        Some("csv") => codes::CodesFormat::Csv,
        Some(_) => return Err(Problem::invalid("?format", "`ndjson` or `csv`")),
    };
    let (known, _) = known_batch(&shared, &id).await?;
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

async fn assign(
    shared: web::Data<Shared>,
    signer: SignedIn,
    key: IdempotencyKey,
    id: web::Path<String>,
    Params(flags): Params<DryRun>,
    Body(body): Body<Assign>,
) -> Result<HttpResponse, Problem> {
    let (caller, member) = giver(&shared, &signer.0, body.member_id.as_deref()).await?;
    let (known, plan) = known_batch(&shared, &id).await?;
    let source = body.source_id.as_deref().map(|text| reference(text, "/source_id")).transpose()?;
    // Where each member has one, the name is all that a repeat needs; no single range would know
    // whom else a source stands for.
    let source = source
        .filter(|_| !is_one_per_member(&plan))
        .map(|text| rack::source(scope(&signer.0), &text));
    let key = assignment_key(&key, known.serial, caller, member, source);
    let by = By { caller, key, how: flags.how() };
    let outcome = shared.batches.assign(known.serial, &plan, member, source, by).await;
    let done = outcome.map_err(|error| same_source(error, source))?;
    let home = &done.event;
    let view = match shared.coupons.find(home.clone()).await? {
        Some(found) if done.replayed || !flags.dry_run => found.view,
        _ => assigned(member, done.at, &plan),
    };
    let code = shared.coupons.code(&known, home).await?;
    let status = if done.replayed { StatusCode::OK } else { StatusCode::CREATED };
    Ok(reply::replayed(
        reply::json(status, &CouponBody::of(&known, home, code, &view)),
        done.replayed,
    ))
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

fn is_one_per_member(plan: &Plan) -> bool {
    matches!(plan.what, BatchKind::Made { one_per_member: true, .. })
}

/// A source is a key only so that its repeats find their way; whoever reuses it hears the same as
/// when that key is long forgotten.
fn same_source(error: products::Error, source: Option<Id>) -> products::Error {
    match (error.0, source) {
        (Failure::KeyReused, Some(_)) => {
            products::Error::from(Failure::Refused(range::Refusal::SourceReused))
        }
        (failure, _) => products::Error(failure),
    }
}

/// The batch in a path. A name that cannot be read names none.
async fn known_batch(shared: &Shared, id: &str) -> Result<(Arc<Promotion>, Plan), Problem> {
    let serial: Serial = id.parse().map_err(|_| no_such("batch"))?;
    let known = match serial.of() {
        SerialKind::Batch => shared.promotions.find(serial).await?,
        SerialKind::Campaign => None,
    };
    let known = known.ok_or_else(|| no_such("batch"))?;
    let plan = known.batch().cloned().ok_or_else(|| no_such("batch"))?;
    Ok((known, plan))
}

fn plan(body: CreateBatch, most: u64, now: Time) -> Result<Plan, Problem> {
    if !(1..=most).contains(&body.count) {
        return Err(Problem::invalid("/count", format!("1 to {most}")));
    }
    let worth = Worth {
        discount_percent: body.discount_percent,
        discount_amount: body.discount_amount,
        min_amount: body.min_amount,
        max_discount: body.max_discount,
    };
    Ok(Plan {
        name: body.name.as_deref().map(|text| name(text, "/name")).transpose()?,
        offer: worth.checked('/')?,
        expires_at: future(&body.expires_at, "/expires_at", now)?,
        what: BatchKind::Made { count: body.count, one_per_member: body.one_per_member },
    })
}

impl BatchBody {
    pub fn of(known: &Promotion) -> BatchBody {
        let worth = Worth::from(known.offer());
        let plan = known.batch();
        let (count, one_per_member, job) = match plan.map(|plan| plan.what) {
            Some(BatchKind::Made { count, one_per_member }) => (Some(count), one_per_member, None),
            Some(BatchKind::Imported { job }) => (None, false, Some(job.to_string())),
            None => (None, false, None),
        };
        BatchBody {
            id: known.serial.to_string(),
            name: known.name().map(str::to_owned),
            count,
            one_per_member,
            imported_by: job,
            discount_percent: worth.discount_percent,
            discount_amount: worth.discount_amount,
            min_amount: worth.min_amount,
            max_discount: worth.max_discount,
            expires_at: wire_time(plan.map_or(Time::default(), |plan| plan.expires_at)),
            created_at: wire_time(known.created_at),
        }
    }
}
