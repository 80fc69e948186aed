//! The pool that a path names: a lottery by its day, or any pool by its name. For all products that
//! a pool has.

use crate::http::endpoint::Endpoint;
use crate::http::problem::{self, Problem};
use crate::shared::Shared;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use actors::domain::day::Day;
use actors::domain::lottery::{ArrangedPlan, BallotSetup, LotteryPlan, LotteryView};
use actors::domain::pool::PoolName;
use std::future::{Ready, ready};
use std::sync::Arc;

/// The two ways to a pool. Each call about a pool has one path by each, and does the same by both.
#[derive(Clone, Copy)]
pub enum PoolPath {
    /// `/lotteries/{date}`: a day.
    ByDay,
    /// `/pools/{pool}`: a day, or a name of its own.
    ByName,
}

impl PoolPath {
    /// What a call is called by this way.
    pub fn pick(self, by_day: &'static str, by_name: &'static str) -> &'static str {
        match self {
            PoolPath::ByDay => by_day,
            PoolPath::ByName => by_name,
        }
    }

    /// Whether a hold may have tickets of several slices. It could not before pools had names.
    pub fn may_span(self) -> bool {
        matches!(self, PoolPath::ByName)
    }

    /// Calls by both ways.
    pub fn both(calls: impl Fn(PoolPath) -> Vec<Endpoint>) -> Vec<Endpoint> {
        [PoolPath::ByDay, PoolPath::ByName].into_iter().flat_map(calls).collect()
    }
}

/// The way by which a request came.
impl FromRequest for PoolPath {
    type Error = Problem;
    type Future = Ready<Result<PoolPath, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let is_by_name = request.match_info().get("pool").is_some();
        ready(Ok(if is_by_name { PoolPath::ByName } else { PoolPath::ByDay }))
    }
}

/// The path of a call about a pool: what comes after its name.
macro_rules! at {
    ($by:expr, $rest:literal) => {
        $by.pick(concat!("/lotteries/{date}", $rest), concat!("/pools/{pool}", $rest))
    };
}

pub(super) use at;

/// The pool that the path names. What cannot be read names none.
pub struct PoolInPath(pub PoolName);

impl FromRequest for PoolInPath {
    type Error = Problem;
    type Future = Ready<Result<PoolInPath, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let none = |why: String| Problem::new(&problem::NOT_FOUND, why);
        let path = request.match_info();
        let pool = match path.get("pool") {
            Some(name) => name.parse().map_err(|_| none("no pool has such a name".into())),
            None => {
                let day = path.get("date").unwrap_or_default().parse::<Day>();
                day.map(PoolName::Day).map_err(|error| none(format!("no lottery: {error}")))
            }
        };
        ready(pool.map(PoolInPath))
    }
}

/// What a pool is called that has a name of its own.
pub fn own_name(pool: PoolName) -> Option<String> {
    pool.day().is_none().then(|| pool.to_string())
}

/// The closing day in a query.
pub fn parse_day(text: &str, pointer: &str) -> Result<Day, Problem> {
    text.parse().map_err(|_| Problem::invalid(pointer, "a date like 2026-12-31"))
}

/// The pool in a query.
pub fn parse_pool(text: &str, pointer: &str) -> Result<PoolName, Problem> {
    let why = "a day like 2026-12-31, or the name of a pool";
    text.parse().map_err(|_| Problem::invalid(pointer, why))
}

pub async fn find_plan(shared: &Shared, pool: PoolName) -> Result<Arc<ArrangedPlan>, Problem> {
    shared.lotteries.plan(pool).await?.ok_or_else(|| no_pool(pool))
}

pub async fn find_lottery(shared: &Shared, pool: PoolName) -> Result<LotteryView, Problem> {
    shared.lotteries.view(pool).await?.ok_or_else(|| no_pool(pool))
}

pub fn no_pool(pool: PoolName) -> Problem {
    let why = match pool {
        PoolName::Day(day) => format!("there is no lottery that closes on {day}"),
        PoolName::Own(name) => format!("there is no pool {name}"),
    };
    Problem::new(&problem::NOT_FOUND, why)
}

/// What is drawn in a lottery, if anything is.
pub fn terms(plan: &LotteryPlan) -> Result<&BallotSetup, Problem> {
    plan.ballots.as_ref().ok_or_else(|| Problem::plain(&problem::NO_BALLOTS))
}
