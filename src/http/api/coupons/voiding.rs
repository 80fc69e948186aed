//! Voidings: those coupons of a batch that a filter means are voided, by a job.

use crate::http::api::coupon_filter::parse_state;
use crate::http::api::coupons::batches::find_batch;
use crate::http::api::whose::parse_whose;
use crate::http::caller::{Operator, Viewer};
use crate::http::endpoint::{Endpoint, Who};
use crate::http::fields::{parse_between, parse_reference};
use crate::http::flags::{self, DryRun, IdempotencyKey, Params};
use crate::http::mistakes::Mistakes;
use crate::http::page::{Items, Paging};
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::http::unchecked::Unchecked;
use crate::http::words;
use crate::shared::Shared;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, LOCATION};
use actix_web::{HttpResponse, web};
use actors::Id;
use actors::domain::coupons::CouponFilter;
use actors::domain::coupons::voiding::{VoidingPlan, VoidingState, VoidingView, voiding_of_row};
use actors::engine::How;
use base::calendar::wire_time;
use futures_util::future::try_join_all;
use products::coupons::batches::parts;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which coupons: those for which all of it is so.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoidCoupons {
    /// Only those in this state.
    #[schema(value_type = Option<words::VoidableStates>)]
    pub state: Option<String>,
    /// Only those of the member with this id.
    pub member: Option<String>,
    /// Only those of a member of this service, whom `their_id` names.
    pub service: Option<String>,
    /// What the service calls the member.
    pub their_id: Option<String>,
    /// Only those with a use of this reference that was cancelled.
    pub reference: Option<String>,
    /// Only those that were given then or later.
    #[schema(format = DateTime)]
    pub from: Option<String>,
    /// Only those that were given before.
    #[schema(format = DateTime)]
    pub to: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CouponVoiding)]
pub struct VoidingBody {
    pub id: String,
    pub batch: String,
    #[schema(value_type = words::VoidingStates)]
    pub state: &'static str,
    /// `true`: it counts, and voids nothing.
    pub dry_run: bool,
    pub filter: VoidingFilterBody,
    pub progress: VoidingProgressBody,
    pub voided: VoidedBody,
    pub created_at: String,
    pub ended_at: Option<String>,
}

/// Null where it does not matter.
#[derive(Serialize, ToSchema)]
#[schema(as = CouponVoidingFilter)]
pub struct VoidingFilterBody {
    #[schema(value_type = Option<words::VoidableStates>)]
    pub state: Option<&'static str>,
    pub member: Option<String>,
    pub reference: Option<String>,
    #[schema(format = DateTime)]
    pub from: Option<String>,
    #[schema(format = DateTime)]
    pub to: Option<String>,
}

/// Parts of the batch that it has gone through.
#[derive(Serialize, ToSchema)]
#[schema(as = CouponVoidingProgress)]
pub struct VoidingProgressBody {
    pub parts: u64,
    pub of_parts: u64,
}

/// So far. In a dry run: how many would be.
#[derive(Serialize, ToSchema)]
#[schema(as = CouponVoidingCounts)]
pub struct VoidedBody {
    /// Those that nobody had.
    pub free: u64,
    pub assigned: u64,
}

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/coupon-batches/{id}/voidings", create)
            .named("voidCouponsOfBatch")
            .summary("Void those coupons of a batch that a filter means")
            .notes(
                "By a job, which goes on after a crash and can be cancelled; what it has voided \
                 stays so. Each coupon is judged when the job comes to it, in one step with its \
                 end: nobody uses it in between. What is held or used stays. A dry run is a job, \
                 too, and counts. At least one field is to be said; a whole batch is voided at \
                 once with `voidCouponBatch`.",
            )
            .who(Who::Operator)
            .body::<VoidCoupons>()
            .repeatable()
            .flag("dry_run", "`true`: count what would be voided, void nothing.")
            .answer::<VoidingBody>(202, "The job.")
            .problems(&[&problem::NOT_FOUND]),
        Endpoint::get("/coupon-batches/{id}/voidings", list)
            .named("listVoidings")
            .summary("List the voidings of a batch")
            .who(Who::Viewer)
            .lists::<VoidingBody>("The newest first.")
            .problems(&[&problem::NOT_FOUND]),
        Endpoint::get("/voidings/{id}", show)
            .named("getVoiding")
            .summary("Look at a voiding")
            .who(Who::Viewer)
            .answer::<VoidingBody>(200, "The job.")
            .problems(&[&problem::NOT_FOUND]),
        Endpoint::delete("/voidings/{id}", cancel)
            .named("cancelVoiding")
            .summary("Cancel a voiding")
            .notes("What it has voided stays so.")
            .who(Who::Operator)
            .repeatable()
            .answer::<VoidingBody>(200, "The job, which is `cancelling` or `cancelled`.")
            .problems(&[&problem::NOT_FOUND, &problem::JOB_ENDED]),
    ]
}

async fn create(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    id: web::Path<String>,
    Params(DryRun { dry_run }): Params<DryRun>,
    body: Unchecked<VoidCoupons>,
) -> Result<HttpResponse, Problem> {
    let filter = body.checked(parse_filter)?;
    let (known, _) = find_batch(&shared, &id).await?;
    let plan = VoidingPlan { batch: known.serial, filter, dry_run };
    let meaning = || postcard::to_stdvec(&plan).expect("a plan is plain data");
    let by = key.by(caller, How::ForGood, || vec![b"voiding".to_vec(), meaning()]);
    let job = shared.voidings.name(caller.id, key.text());
    let done = shared.voidings.create(job, plan, by).await?;
    let body = body_of(&shared, job).await?;
    let mut answer = reply::json(StatusCode::ACCEPTED, &body);
    let path = HeaderValue::from_str(&format!("/api/v1/voidings/{job}"));
    answer.headers_mut().insert(LOCATION, path.expect("an id is visible"));
    Ok(reply::mark_replayed(answer, done.replayed))
}

async fn list(
    shared: web::Data<Shared>,
    _: Viewer,
    id: web::Path<String>,
    Params(paging): Params<Paging>,
) -> Result<HttpResponse, Problem> {
    let limit = paging.limit()?;
    let (known, _) = find_batch(&shared, &id).await?;
    let found = shared.voidings.of_batch(known.serial, paging.after()?, limit + 1).await?;
    let keys = Items::page(found, limit, Clone::clone, |key| voiding_of_row(&key));
    let items = try_join_all(keys.items.iter().map(|job| body_of(&shared, *job))).await?;
    Ok(reply::ok(&Items::<VoidingBody> { items, next_cursor: keys.next_cursor }))
}

async fn show(
    shared: web::Data<Shared>,
    _: Viewer,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    Ok(reply::ok(&body_of(&shared, job_in_path(&id)?).await?))
}

async fn cancel(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let job = job_in_path(&id)?;
    let by = key.by(caller, How::ForGood, || vec![b"cancel voiding".to_vec(), job.0.to_vec()]);
    let done = shared.voidings.cancel(job, by).await?;
    let body = body_of(&shared, job).await?;
    Ok(reply::mark_replayed(reply::ok(&body), done.replayed))
}

fn job_in_path(text: &str) -> Result<Id, Problem> {
    text.parse().map_err(|_| no_voiding())
}

pub fn no_voiding() -> Problem {
    Problem::no_such("voiding")
}

async fn body_of(shared: &Shared, job: Id) -> Result<VoidingBody, Problem> {
    let view = shared.voidings.view(job).await?.ok_or_else(no_voiding)?;
    let promotion = shared.promotions.find(view.plan.batch).await?;
    let batch = promotion.as_ref().and_then(|promotion| promotion.batch());
    let of_parts = batch.map_or(0, |batch| parts(view.plan.batch, batch).len() as u64);
    Ok(VoidingBody::of(job, &view, of_parts))
}

fn parse_filter(body: VoidCoupons) -> Result<CouponFilter, Problem> {
    let VoidCoupons { state, member, service, their_id, reference, from, to } = body;
    let mut mistakes = Mistakes::default();
    let state = mistakes.check(state.as_deref().map(parse_voidable).transpose());
    let owner = parse_whose(member.as_deref(), service.as_deref(), their_id.as_deref());
    let owner = mistakes.check(owner.map_err(in_body));
    let reference = reference.as_deref().map(|text| parse_reference(text, "/reference"));
    let reference = mistakes.check(reference.transpose());
    let given = parse_between((from.as_deref(), "/from"), (to.as_deref(), "/to"));
    let given = mistakes.check(given);
    let (Some(state), Some(owner), Some(reference), Some(given)) = (state, owner, reference, given)
    else {
        return Err(mistakes.into());
    };
    let filter = CouponFilter { state, owner, reference, given, ..CouponFilter::default() };
    let why = "say at least one field; a whole batch is voided with `/void`";
    mistakes.expect(filter != CouponFilter::default(), "/state", why);
    mistakes.end().map(|()| filter)
}

fn parse_voidable(text: &str) -> Result<actors::domain::coupons::CouponState, Problem> {
    let why = "`created` or `assigned`: what is held, used, expired or void stays so";
    match words::VoidableStates::ALL.contains(&text) {
        true => parse_state(text),
        false => Err(Problem::invalid("/state", why)),
    }
}

/// The same mistakes, where they stand in the body.
fn in_body(mut problem: Problem) -> Problem {
    for error in &mut problem.errors {
        if let Some(name) = error.pointer.strip_prefix('?') {
            error.pointer = format!("/{name}");
        }
    }
    problem
}

impl VoidingBody {
    fn of(job: Id, view: &VoidingView, of_parts: u64) -> VoidingBody {
        let VoidingView { plan, state, progress, created_at, ended_at } = view;
        let (filter, voided) = (&plan.filter, progress.voided());
        VoidingBody {
            id: job.to_string(),
            batch: plan.batch.to_string(),
            state: match state {
                VoidingState::Running => "running",
                VoidingState::Cancelling => "cancelling",
                VoidingState::Finished => "finished",
                VoidingState::Cancelled => "cancelled",
            },
            dry_run: plan.dry_run,
            filter: VoidingFilterBody {
                state: filter.state.map(|state| state.name()),
                member: filter.owner.map(|owner| owner.to_string()),
                reference: filter.reference.as_deref().map(Into::into),
                from: filter.given.from.map(wire_time),
                to: filter.given.to.map(wire_time),
            },
            progress: VoidingProgressBody { parts: u64::from(progress.part), of_parts },
            voided: VoidedBody { free: voided.free, assigned: voided.assigned },
            created_at: wire_time(*created_at),
            ended_at: ended_at.map(wire_time),
        }
    }
}
