//! The day in a path, and the lottery that closes on it: for all products that a lottery has.

use crate::http::problem::{self, Problem};
use crate::shared::Shared;
use actors::domain::day::Day;
use actors::domain::lottery::{BallotSetup, LotteryPlan, LotteryView};
use std::sync::Arc;

/// The day in a path. One that cannot be read names no lottery.
pub fn day_in_path(text: &str) -> Result<Day, Problem> {
    text.parse().map_err(|error| Problem::new(&problem::NOT_FOUND, format!("no lottery: {error}")))
}

pub async fn find_plan(shared: &Shared, day: Day) -> Result<Arc<LotteryPlan>, Problem> {
    shared.lotteries.plan(day).await?.ok_or_else(|| no_lottery(day))
}

pub async fn find_lottery(shared: &Shared, day: Day) -> Result<LotteryView, Problem> {
    shared.lotteries.view(day).await?.ok_or_else(|| no_lottery(day))
}

pub fn no_lottery(day: Day) -> Problem {
    Problem::new(&problem::NOT_FOUND, format!("there is no lottery that closes on {day}"))
}

/// What is drawn in a lottery, if anything is.
pub fn terms(plan: &LotteryPlan) -> Result<&BallotSetup, Problem> {
    plan.ballots.as_ref().ok_or_else(|| Problem::plain(&problem::NO_BALLOTS))
}
