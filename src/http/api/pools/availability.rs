//! What is left of a pool: for those who wait, and who come as a crowd.

use crate::http::api::figures;
use crate::http::api::pool::{PoolInPath, find_lottery, find_plan};
use crate::http::caller::Perhaps;
use crate::http::flags::{self, Params};
use crate::http::left_of_pool::LeftOfPool;
use crate::http::origin::ClientOrigin;
use crate::http::problem::{self, Problem};
use crate::http::static_page::StaticPage;
use crate::http::telling::{self, EventSource, GREETING};
use crate::http::words;
use crate::shared::Shared;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, rt, web};
use actors::Time;
use actors::domain::FiguresFor;
use actors::domain::lottery::{LotteryPlan, Phase};
use actors::domain::pool::PoolName;
use actors::domain::tickets::{Label, LabelLedger, TicketLedger};
use base::calendar::wire_time;
use people::Signed;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use utoipa::ToSchema;

pub const SECOND: Duration = Duration::from_secs(1);
/// So often it is looked while little is left.
const SOON: Duration = Duration::from_millis(100);
const LITTLE: u64 = 100;

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Availability)]
pub struct AvailabilityBody {
    pub pool: String,
    /// `waiting` before the sale begins, `open`, `gone` while nothing that is released is free,
    /// `over` when the sale has ended or the pool is closed.
    #[schema(value_type = words::SaleStates)]
    pub sale: &'static str,
    pub stock: u64,
    pub free: u64,
    /// How many of the free ones are released, so that they may be held now. Null: there are no
    /// waves, so all are.
    pub released: Option<u64>,
    pub held: u64,
    pub sold: u64,
    /// In the order of the pool's labels. A ticket counts with each label that its number has.
    pub labels: Vec<LabelBody>,
    /// When the first of the live holds ends, unless it is extended or bought before: what is gone
    /// may then be free again. Null: nothing is held.
    pub next_hold_ends_at: Option<String>,
    /// When the sale begins, or the next wave is released. Null: nothing of the kind lies ahead.
    pub opens_at: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = LabelAvailability)]
pub struct LabelBody {
    pub name: String,
    pub stock: u64,
    pub free: u64,
    pub held: u64,
    pub sold: u64,
}

pub async fn show(
    shared: web::Data<Shared>,
    request: HttpRequest,
    Perhaps(signed): Perhaps,
    PoolInPath(pool): PoolInPath,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let figures = find_plan(&shared, pool).await?.figures;
    let told = async || Ok(told(&shared, pool, SECOND).await?.page);
    answer_for_a_second(figures, signed.as_ref(), &request, told).await
}

/// For those who are told the figures of the pool.
pub async fn answer_for_a_second(
    figures: FiguresFor,
    signed: Option<&Signed>,
    request: &HttpRequest,
    told: impl AsyncFnOnce() -> Result<Arc<StaticPage>, Problem>,
) -> Result<HttpResponse, Problem> {
    figures::tell(figures, signed)?;
    let mut answer = told().await?.answer(request).await;
    let for_a_second = match figures {
        FiguresFor::Public => HeaderValue::from_static("public, max-age=1"),
        FiguresFor::Members | FiguresFor::Staff => HeaderValue::from_static("private, max-age=1"),
    };
    answer.headers_mut().insert(CACHE_CONTROL, for_a_second);
    Ok(answer)
}

pub async fn follow(
    shared: web::Data<Shared>,
    request: HttpRequest,
    Perhaps(signed): Perhaps,
    PoolInPath(pool): PoolInPath,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    figures::tell(find_plan(&shared, pool).await?.figures, signed.as_ref())?;
    told(&shared, pool, SECOND).await?;
    let seat = shared.streams.availability.take_from(ClientOrigin::network(&request))?;
    let follower = Follower { shared, pool, last: None, greeted: false };
    Ok(telling::tell(follower, seat))
}

/// Somebody who follows what is left of a pool.
struct Follower {
    shared: web::Data<Shared>,
    pool: PoolName,
    last: Option<LeftOfPool>,
    greeted: bool,
}

impl EventSource for Follower {
    async fn next(&mut self) -> Option<String> {
        if !std::mem::replace(&mut self.greeted, true) {
            return Some(GREETING.into());
        }
        while !self.shared.draining.load(Ordering::Acquire) {
            let little = self.last.as_ref().is_some_and(|last| (1..=LITTLE).contains(&last.free));
            let age = if little { SOON } else { SECOND };
            let told = told(&self.shared, self.pool, age).await;
            if told.as_ref().is_err_and(|why| why.kind.name == problem::NOT_FOUND.name) {
                // It was withdrawn.
                return None;
            }
            // A node that cannot say it now says it later.
            if let Ok(now) = told
                && self.last.as_ref().is_none_or(|last| last.text != now.text)
            {
                let event = format!("event: availability\ndata: {}\n\n", now.text);
                self.last = Some(now);
                return Some(event);
            }
            rt::time::sleep(age).await;
        }
        None
    }
}

/// What was told so long ago at most.
async fn told(shared: &Shared, pool: PoolName, age: Duration) -> Result<LeftOfPool, Problem> {
    let make = async || {
        let body = look(shared, pool).await?;
        let text: Arc<str> = serde_json::to_string(&body).expect("it is plain data").into();
        let line = format!("{text}\n");
        let page = Arc::new(StaticPage::of("application/json", line.into()));
        Ok(LeftOfPool { page, text, free: body.released.unwrap_or(body.free) })
    };
    // Nothing is told of a pool that was withdrawn to those who ask for the next of its name.
    let edition = find_plan(shared, pool).await?.edition;
    shared.availability.answer(&(pool, edition), age, make).await
}

async fn look(shared: &Shared, pool: PoolName) -> Result<AvailabilityBody, Problem> {
    let view = find_lottery(shared, pool).await?;
    let plan = &view.plan;
    if plan.tickets.is_none() {
        return Err(Problem::plain(&problem::NO_TICKETS));
    }
    let now = shared.lotteries.now();
    let (ledger, released) = shared.tickets.ledger_and_released(pool, plan, now).await?;
    let TicketLedger { stock, free, held, sold, labels, next_end, .. } = ledger;
    let label = |(label, LabelLedger { stock, free, held, sold, .. }): (&Label, LabelLedger)| {
        LabelBody { name: label.name.clone(), stock, free, held, sold }
    };
    Ok(AvailabilityBody {
        pool: pool.to_string(),
        sale: sale(plan, view.phase, released.unwrap_or(free), now),
        stock,
        free,
        released,
        held,
        sold,
        labels: plan.labels.iter().zip(labels).map(label).collect(),
        next_hold_ends_at: next_end.map(wire_time),
        opens_at: opens_at(plan, now).map(wire_time),
    })
}

fn sale(plan: &LotteryPlan, phase: Phase, free: u64, now: Time) -> &'static str {
    let ends_at = plan.sale.ends_at.unwrap_or(plan.closes_at);
    match plan.sale.starts_at {
        _ if phase != Phase::Open || now >= ends_at => "over",
        Some(starts_at) if now < starts_at => "waiting",
        _ if free == 0 => "gone",
        _ => "open",
    }
}

fn opens_at(plan: &LotteryPlan, now: Time) -> Option<Time> {
    let waves = plan.sale.waves.iter().map(|wave| wave.at);
    plan.sale.starts_at.into_iter().chain(waves).filter(|at| *at > now).min()
}
