//! The end of the day: closes lotteries whose closing instant has passed, in the order of their
//! days, and goes on with whatever was broken off.
//!
//! It looks at what is, not at what the clock just did: days that were missed are caught up with by
//! the first look after a start, each once. A draw that waits for the beacon keeps no other day
//! waiting for longer than a few seconds. What keeps a lottery is said once, and said again when it
//! is something else.

use crate::shared::Shared;
use actix_web::web::Data;
use actors::domain::day::Day;
use actors::domain::lottery::{Lottery, Phase};
use actors::engine::By;
use actors::machine::partition_id;
use actors::store::StoreError;
use base::journal;
use base::journal::Value;
use metrics::gauge;
use products::Engine;
use products::lottery::Lotteries;
use products::lottery::closing::{Closing, End};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

const AT_ONCE: usize = 100;

/// Starts the loop on this thread. It ends when the process is told to stop.
pub fn start(shared: Data<Shared>) {
    actix_web::rt::spawn(async move {
        let interval = Duration::from_millis(u64::from(shared.config.job_interval_ms));
        let mut said = Said::default();
        while !shared.draining.load(Ordering::Acquire) {
            if shared.engine.node.is_settled()
                && let Err(error) =
                    look_at_all(&shared.engine, &shared.lotteries, &shared.closing, &mut said).await
            {
                journal::warn("lotteries could not be listed", &[("error", Value::Text(&error))]);
            }
            actix_web::rt::time::sleep(interval).await;
        }
    });
}

/// What keeps a lottery from its end, as it was last said.
type Said = BTreeMap<Day, String>;

/// How many lotteries that are not over are in which phase, and how many draws could have been by
/// now.
#[derive(Default)]
struct Counts {
    open: u32,
    closing: u32,
    closed: u32,
    late: u32,
}

async fn look_at_all(
    engine: &Engine,
    lotteries: &Lotteries,
    closing: &Closing,
    said: &mut Said,
) -> Result<(), StoreError> {
    let (mut counts, mut from, mut still) = (Counts::default(), Day(0), Said::new());
    loop {
        let days = lotteries.not_closed(from, AT_ONCE).await?;
        let ours = |day: &&Day| engine.should_do(&partition_id::<Lottery>(day));
        for day in days.iter().filter(ours) {
            let what = look_at(lotteries, closing, *day, &mut counts).await;
            if let Err(why) = what {
                if said.get(day) != Some(&why) {
                    journal::warn(
                        "a lottery is over and not at its end yet",
                        &[("lottery", Value::Text(day)), ("why", Value::Text(&why))],
                    );
                }
                still.insert(*day, why);
            }
        }
        match days.last() {
            Some(last) if days.len() == AT_ONCE => from = Day(last.0 + 1),
            _ => break,
        }
    }
    *said = still;
    for (phase, count) in
        [("open", counts.open), ("closing", counts.closing), ("closed", counts.closed)]
    {
        gauge!("stampede_lotteries", "phase" => phase).set(count);
    }
    gauge!("stampede_draws_waiting").set(counts.late);
    Ok(())
}

/// Brings one lottery as far as it can be brought. Says what keeps it.
async fn look_at(
    lotteries: &Lotteries,
    closing: &Closing,
    day: Day,
    counts: &mut Counts,
) -> Result<(), String> {
    let view = lotteries.view(day).await.map_err(|error| error.to_string())?;
    let Some(view) = view else { return Ok(()) };
    let end = match (view.phase, view.plan.closes_at <= lotteries.now()) {
        (Phase::Open, false) => {
            counts.open += 1;
            return Ok(());
        }
        (Phase::Open, true) => closing.close(day, By::SYSTEM).await,
        _ => closing.go_on(day).await,
    };
    match end {
        Ok(End::Done) => {
            journal::info("a lottery is over", &[("lottery", Value::Text(&day))]);
            Ok(())
        }
        Ok(End::Waits(missing)) => {
            counts.closed += 1;
            counts.late += u32::from(missing.is_late());
            if missing.is_late() { Err(missing.to_string()) } else { Ok(()) }
        }
        Err(error) => {
            counts.closing += 1;
            Err(error.to_string())
        }
    }
}
