//! Closes lotteries whose closing instant has passed, and goes on with a close that was broken off.

use crate::app::Shared;
use crate::log::{self, Value};
use actors::Caller;
use actors::domain::day::Day;
use actors::domain::lottery::{Lottery, Phase};
use actors::machine::partition_id;

const AT_ONCE: usize = 100;

pub async fn close_what_is_over(shared: &Shared) {
    let Ok(days) = shared.lotteries.not_closed(Day(0), AT_ONCE).await else { return };
    let ours = |day: &Day| shared.engine.should_do(&partition_id::<Lottery>(day));
    for day in days.into_iter().filter(ours) {
        if let Err(error) = close_if_over(shared, day).await {
            log::warn("a lottery could not be closed yet", &[("lottery", Value::Text(&day)), ("error", Value::Text(&error))]);
        }
    }
}

async fn close_if_over(shared: &Shared, day: Day) -> Result<(), String> {
    let plan = shared.lotteries.plan(day).await.map_err(|failure| format!("{failure:?}"))?;
    let Some(plan) = plan else { return Ok(()) };
    let over = plan.closes_at <= shared.lotteries.now();
    if over || shared.lotteries.phase(day).await.map_err(|failure| format!("{failure:?}"))? == Some(Phase::Closing) {
        shared.lotteries.close(day, &plan, Caller::SYSTEM, None).await.map_err(|failure| format!("{failure:?}"))?;
        log::info("closed a lottery", &[("lottery", Value::Text(&day))]);
    }
    Ok(())
}
