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
use actors::domain::lottery::{Lottery, Phase};
use actors::domain::pool::PoolName;
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
use std::ops::Bound;
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
    open: BTreeMap<PoolName, Time>,
    /// Lotteries that have begun to close and are not at their end.
    closing: BTreeSet<PoolName>,
    /// What keeps a lottery from its end, as it was last said.
    said: BTreeMap<PoolName, String>,
}

impl Memory {
    /// Whether a lottery is as open as it was, as far as one must know in this turn.
    fn is_open(&self, pool: PoolName, now: Time) -> bool {
        // Not all of them in the same turn.
        let offset: u32 = pool.row_key().into_iter().map(u32::from).sum();
        !self.turn.wrapping_add(offset).is_multiple_of(SELDOM) && self.lies_ahead(pool, now)
    }

    fn lies_ahead(&self, pool: PoolName, now: Time) -> bool {
        self.open.get(&pool).is_some_and(|closes_at| *closes_at > now)
    }

    /// All that were seen and not at their end, behind that one.
    fn known(&self, after: PoolName) -> BTreeSet<PoolName> {
        let behind = (Bound::Excluded(after), Bound::Unbounded);
        let closing = self.closing.range(behind).copied();
        self.open.range(behind).map(|(pool, _)| *pool).chain(closing).collect()
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
    let (mut counts, mut after, mut is_all) = (Counts::default(), None, false);
    while !is_all {
        let pools;
        (pools, is_all) = next(lotteries, after, before).await?;
        after = pools.last().copied();
        let ours = |pool: &&PoolName| engine.should_do(&partition_id::<Lottery>(pool));
        for pool in pools.iter().filter(ours) {
            if before.is_open(*pool, lotteries.now()) {
                counts.open += 1;
                memory.open.extend(before.open.get_key_value(pool));
                continue;
            }
            match look_at(lotteries, closing, *pool, &mut counts).await {
                Ok(Left::Nothing) => {}
                Ok(Left::ClosesAt(at)) => drop(memory.open.insert(*pool, at)),
                Ok(Left::Waits) => drop(memory.closing.insert(*pool)),
                Err(why) => {
                    if before.said.get(pool) != Some(&why) {
                        journal::warn(
                            "a lottery is over and not at its end yet",
                            &[("lottery", Value::Text(pool)), ("why", Value::Text(&why))],
                        );
                    }
                    memory.closing.insert(*pool);
                    memory.said.insert(*pool, why);
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

/// The next lotteries to look at, and whether these are all. The list is in the
/// order of the days, so where one lies ahead the later ones do, too, and what is known of them is
/// enough in most turns.
async fn next(
    lotteries: &Lotteries,
    after: Option<PoolName>,
    before: &Memory,
) -> Result<(Vec<PoolName>, bool), StoreError> {
    let mut pools = lotteries.not_over(after, AT_ONCE).await?;
    let Some(last) = pools.last().filter(|_| pools.len() == AT_ONCE).copied() else {
        return Ok((pools, true));
    };
    if before.turn.is_multiple_of(SELDOM) || !before.lies_ahead(last, lotteries.now()) {
        return Ok((pools, false));
    }
    pools.extend(before.known(last));
    Ok((pools, true))
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
    pool: PoolName,
    counts: &mut Counts,
) -> Result<Left, String> {
    let view = lotteries.view(pool).await.map_err(|error| error.to_string())?;
    let Some(view) = view else { return Ok(Left::Nothing) };
    let end = match (view.phase, view.plan.closes_at <= lotteries.now()) {
        (Phase::Open, false) => {
            counts.open += 1;
            return Ok(Left::ClosesAt(view.plan.closes_at));
        }
        (Phase::Open, true) => closing.close(pool, By::SYSTEM).await,
        _ => closing.go_on(pool).await,
    };
    match end {
        Ok(End::Done) => {
            journal::info("a lottery is over", &[("lottery", Value::Text(&pool))]);
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
