//! The end of the day: closes lotteries whose closing instant has passed, in the order of their
//! days, and goes on with whatever was broken off.
//!
//! It looks at what is, not at what the clock just did: days that were missed are caught up with by
//! the first look after a start, each once. A draw that waits for the beacon keeps no other day
//! waiting for longer than a few seconds. What keeps a lottery is said once, and said again when it
//! is something else.

use crate::shared::Shared;
use actix_web::web::Data;
use actors::Time;
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
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

const AT_ONCE: usize = 100;

/// The list is read to its end, and a lottery that is open and not over is asked, once in so many
/// turns.
const SELDOM: u32 = 60;

/// Starts the loop on this thread. It ends when the process is told to stop.
pub fn start(shared: Data<Shared>) {
    actix_web::rt::spawn(async move {
        let interval = Duration::from_millis(u64::from(shared.config.job_interval_ms));
        let mut memory = Memory::default();
        while !shared.draining.load(Ordering::Acquire) {
            if shared.engine.node.is_settled()
                && let Err(error) =
                    look_at_all(&shared.engine, &shared.lotteries, &shared.closing, &mut memory)
                        .await
            {
                journal::warn("lotteries could not be listed", &[("error", Value::Text(&error))]);
            }
            actix_web::rt::time::sleep(interval).await;
        }
    });
}

/// What the last turn has seen.
#[derive(Default)]
struct Memory {
    turn: u32,
    /// Lotteries that were open, and when they close. Another may have closed one meanwhile, and
    /// died over it.
    open: BTreeMap<Day, Time>,
    /// Lotteries that have begun to close and are not at their end.
    closing: BTreeSet<Day>,
    /// What keeps a lottery from its end, as it was last said.
    said: BTreeMap<Day, String>,
}

impl Memory {
    /// Whether a lottery is as open as it was, as far as one must know in this turn.
    fn is_open(&self, day: Day, now: Time) -> bool {
        !self.turn.wrapping_add(day.0).is_multiple_of(SELDOM) && self.lies_ahead(day, now)
    }

    fn lies_ahead(&self, day: Day, now: Time) -> bool {
        self.open.get(&day).is_some_and(|closes_at| *closes_at > now)
    }

    /// All that were seen and not at their end, from `from` on.
    fn known(&self, from: Day) -> BTreeSet<Day> {
        let closing = self.closing.range(from..).copied();
        self.open.range(from..).map(|(day, _)| *day).chain(closing).collect()
    }
}

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
    before: &mut Memory,
) -> Result<(), StoreError> {
    let mut memory = Memory { turn: before.turn.wrapping_add(1), ..Memory::default() };
    let (mut counts, mut from) = (Counts::default(), Some(Day(0)));
    while let Some(day) = from {
        let days;
        (days, from) = next(lotteries, day, before).await?;
        let ours = |day: &&Day| engine.should_do(&partition_id::<Lottery>(day));
        for day in days.iter().filter(ours) {
            if before.is_open(*day, lotteries.now()) {
                counts.open += 1;
                memory.open.extend(before.open.get_key_value(day));
                continue;
            }
            match look_at(lotteries, closing, *day, &mut counts).await {
                Ok(Left::Nothing) => {}
                Ok(Left::ClosesAt(at)) => drop(memory.open.insert(*day, at)),
                Ok(Left::Waits) => drop(memory.closing.insert(*day)),
                Err(why) => {
                    if before.said.get(day) != Some(&why) {
                        journal::warn(
                            "a lottery is over and not at its end yet",
                            &[("lottery", Value::Text(day)), ("why", Value::Text(&why))],
                        );
                    }
                    memory.closing.insert(*day);
                    memory.said.insert(*day, why);
                }
            }
        }
    }
    *before = memory;
    for (phase, count) in
        [("open", counts.open), ("closing", counts.closing), ("closed", counts.closed)]
    {
        gauge!("stampede_lotteries", "phase" => phase).set(count);
    }
    gauge!("stampede_draws_waiting").set(counts.late);
    Ok(())
}

/// The next lotteries to look at, and the day from which on there may be more. The list is in the
/// order of the days, so where one lies ahead the later ones do, too, and what is known of them is
/// enough in most turns.
async fn next(
    lotteries: &Lotteries,
    from: Day,
    before: &Memory,
) -> Result<(Vec<Day>, Option<Day>), StoreError> {
    let mut days = lotteries.not_closed(from, AT_ONCE).await?;
    let Some(last) = days.last().filter(|_| days.len() == AT_ONCE).copied() else {
        return Ok((days, None));
    };
    let after = Day(last.0 + 1);
    if before.turn.is_multiple_of(SELDOM) || !before.lies_ahead(last, lotteries.now()) {
        return Ok((days, Some(after)));
    }
    days.extend(before.known(after));
    Ok((days, None))
}

/// What is left to do for a lottery.
enum Left {
    Nothing,
    ClosesAt(Time),
    Waits,
}

/// Brings one lottery as far as it can be brought. Says what is left of it, or what keeps it.
async fn look_at(
    lotteries: &Lotteries,
    closing: &Closing,
    day: Day,
    counts: &mut Counts,
) -> Result<Left, String> {
    let view = lotteries.view(day).await.map_err(|error| error.to_string())?;
    let Some(view) = view else { return Ok(Left::Nothing) };
    let end = match (view.phase, view.plan.closes_at <= lotteries.now()) {
        (Phase::Open, false) => {
            counts.open += 1;
            return Ok(Left::ClosesAt(view.plan.closes_at));
        }
        (Phase::Open, true) => closing.close(day, By::SYSTEM).await,
        _ => closing.go_on(day).await,
    };
    match end {
        Ok(End::Done) => {
            journal::info("a lottery is over", &[("lottery", Value::Text(&day))]);
            Ok(Left::Nothing)
        }
        Ok(End::Waits(missing)) => {
            counts.closed += 1;
            counts.late += u32::from(missing.is_late());
            if missing.is_late() { Err(missing.to_string()) } else { Ok(Left::Waits) }
        }
        Err(error) => {
            counts.closing += 1;
            Err(error.to_string())
        }
    }
}
