//! Closes lotteries whose closing instant has passed, in the order of these instants, and goes on
//! with whatever was broken off.
//!
//! It looks at what is, not at what the clock just did: what was missed is caught up with by the
//! first look after a start, each once. Two lists say what is to be done, so a turn in which
//! nothing is costs the same however many lotteries are open. A draw that waits for the beacon
//! keeps no other lottery waiting for longer than a few seconds. What keeps one is said once, and
//! said again when it is something else.

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
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How many lines of the list of all are read at a time.
const AT_ONCE: usize = 1000;

/// A list of all that is no longer than this is read in every turn.
const SHORT: usize = 100;

/// A longer one is read once in so many turns.
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

/// What turns before have seen.
#[derive(Default)]
struct Memory {
    turn: u32,
    all: All,
    /// What keeps a lottery from its end, as it was last said.
    said: BTreeMap<PoolName, String>,
}

/// What the list of all showed when it was read last.
#[derive(Default)]
struct All {
    lines: usize,
    ours: u32,
    /// Open lotteries of a day, and when they close. Those that were created by an older version
    /// are in no other list, so they must be known from here.
    days: BTreeMap<PoolName, Time>,
    /// Those that had begun to close under an older version.
    begun: BTreeSet<PoolName>,
}

/// How many lotteries that are closing are in which phase, and how many draws could have been by
/// now.
#[derive(Default)]
struct Counts {
    closing: u32,
    closed: u32,
    late: u32,
}

async fn look_at_all(
    engine: &Engine,
    lotteries: &Lotteries,
    closing: &Closing,
    memory: &mut Memory,
) -> Result<(), StoreError> {
    if memory.all.lines <= SHORT || memory.turn.is_multiple_of(SELDOM) {
        memory.all = read_all(engine, lotteries, &memory.all).await?;
    }
    memory.turn = memory.turn.wrapping_add(1);
    let (mut counts, mut said) = (Counts::default(), BTreeMap::new());
    for pool in waiting(lotteries, &memory.all).await? {
        if !is_ours(engine, pool) {
            continue;
        }
        match look_at(lotteries, closing, pool, &mut counts).await {
            Ok(Left::Nothing) => memory.all.forget(pool),
            Ok(Left::Waits) => {}
            Err(why) => {
                if memory.said.get(&pool) != Some(&why) {
                    journal::warn(
                        "a lottery is over and not at its end yet",
                        &[("lottery", Value::Text(&pool)), ("why", Value::Text(&why))],
                    );
                }
                said.insert(pool, why);
            }
        }
    }
    memory.said = said;
    let open = memory.all.ours.saturating_sub(counts.closing + counts.closed);
    for (phase, count) in [("open", open), ("closing", counts.closing), ("closed", counts.closed)] {
        gauge!("stampede_lotteries", "phase" => phase).set(count);
    }
    gauge!("stampede_draws_waiting").set(counts.late);
    Ok(())
}

fn is_ours(engine: &Engine, pool: PoolName) -> bool {
    engine.should_do(&partition_id::<Lottery>(&pool))
}

/// Those about which something is to be done now, in the order of their closing instants, and then
/// those that have begun to close.
async fn waiting(lotteries: &Lotteries, all: &All) -> Result<Vec<PoolName>, StoreError> {
    let now = lotteries.now();
    let of_days = all.days.iter().filter(|(_, at)| **at <= now).map(|(pool, at)| (*at, *pool));
    let mut due: BTreeSet<(Time, PoolName)> = of_days.collect();
    due.extend(lotteries.due(now).await?);
    let mut waiting: Vec<PoolName> = due.into_iter().map(|(_, pool)| pool).collect();
    let is_due: BTreeSet<PoolName> = waiting.iter().copied().collect();
    let ending: BTreeSet<PoolName> = lotteries.ending().await?.into_iter().collect();
    let begun = all.begun.union(&ending).copied();
    waiting.extend(begun.filter(|pool| !is_due.contains(pool)));
    Ok(waiting)
}

/// Reads the list of all. A lottery of a day that was not known before is asked.
async fn read_all(engine: &Engine, lotteries: &Lotteries, before: &All) -> Result<All, StoreError> {
    let (mut all, mut after) = (All::default(), None);
    loop {
        let pools = lotteries.not_over(after, AT_ONCE).await?;
        all.lines += pools.len();
        for pool in pools.iter().filter(|pool| is_ours(engine, **pool)) {
            all.ours += 1;
            if pool.day().is_some() {
                all.learn(*pool, lotteries, before).await;
            }
        }
        match pools.last() {
            Some(last) if pools.len() == AT_ONCE => after = Some(*last),
            _ => return Ok(all),
        }
    }
}

impl All {
    async fn learn(&mut self, pool: PoolName, lotteries: &Lotteries, before: &All) {
        if let Some(at) = before.days.get(&pool) {
            self.days.insert(pool, *at);
        } else if before.begun.contains(&pool) {
            self.begun.insert(pool);
        } else if let Ok(Some(view)) = lotteries.view(pool).await {
            match view.phase {
                Phase::Open => self.days.extend([(pool, view.plan.closes_at)]),
                Phase::Withdrawing => {}
                _ => self.begun.extend([pool]),
            }
        }
    }

    fn forget(&mut self, pool: PoolName) {
        self.days.remove(&pool);
        self.begun.remove(&pool);
    }
}

/// What is left to do for a lottery.
enum Left {
    Nothing,
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
        // The clock was set back.
        (Phase::Open, false) => return Ok(Left::Waits),
        (Phase::Open, true) => closing.close(pool, By::SYSTEM).await,
        _ => closing.go_on(pool).await,
    };
    match end {
        Ok(End::Done) => {
            journal::info("a lottery is over", &[("lottery", Value::Text(&pool))]);
            Ok(Left::Nothing)
        }
        Ok(End::Withdrawn) => {
            journal::info("a lottery was withdrawn", &[("lottery", Value::Text(&pool))]);
            Ok(Left::Nothing)
        }
        Ok(End::Kept) => {
            journal::info(
                "a lottery was not withdrawn, because somebody has touched it",
                &[("lottery", Value::Text(&pool))],
            );
            Ok(Left::Waits)
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
