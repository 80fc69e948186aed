//! The pool that a path names, by a day or by a name of its own: for all products that a pool has.

use crate::http::problem::{self, Problem};
use crate::shared::Shared;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use actors::domain::day::Day;
use actors::domain::lottery::{BallotSetup, LotteryPlan, LotteryView};
use actors::domain::pool::PoolName;
use std::future::{Ready, ready};
use std::sync::Arc;

/// The pool that the path names: `{date}`, a day. What cannot be read names none.
pub struct PoolInPath(pub PoolName);

impl FromRequest for PoolInPath {
    type Error = Problem;
    type Future = Ready<Result<PoolInPath, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let day = request.match_info().get("date").unwrap_or_default().parse::<Day>();
        let no_day = |error| Problem::new(&problem::NOT_FOUND, format!("no lottery: {error}"));
        ready(day.map(|day| PoolInPath(day.into())).map_err(no_day))
    }
}

/// The closing day in a query.
pub fn parse_day(text: &str, pointer: &str) -> Result<Day, Problem> {
    text.parse().map_err(|_| Problem::invalid(pointer, "a date like 2026-12-31"))
}

/// The lottery in a query.
pub fn parse_pool(text: &str, pointer: &str) -> Result<PoolName, Problem> {
    parse_day(text, pointer).map(PoolName::Day)
}

pub async fn find_plan(shared: &Shared, pool: PoolName) -> Result<Arc<LotteryPlan>, Problem> {
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
