//! Gauges that nobody but a look around can know: stock, queues, keys, members.

use crate::app::Shared;
use crate::log::{self, Value};
use actors::domain::day::Day;
use metrics::gauge;

const LOTTERIES_SHOWN: usize = 20;

pub async fn refresh(shared: &Shared) {
    let node = &shared.engine.node;
    gauge!("stampede_in_flight").set(node.in_flight() as f64);
    gauge!("stampede_deepest_partition_queue").set(shared.engine.deepest() as f64);
    gauge!("stampede_partitions_awake").set(shared.engine.awake() as f64);
    gauge!("stampede_idempotency_keys").set(node.window.kept() as f64);
    gauge!("stampede_idempotency_window_seconds").set(window_s(shared));
    for_each_lottery(shared).await;
}

/// How far back answers are remembered at this moment.
fn window_s(shared: &Shared) -> f64 {
    let node = &shared.engine.node;
    let span = f64::from(shared.config.idempotency_s);
    let behind = node.now().0.saturating_sub(node.window.horizon().0) as f64 / 1000.0;
    behind.clamp(0.0, span)
}

/// The stock of each lottery whose slices are awake; asking one that sleeps would only keep it awake.
async fn for_each_lottery(shared: &Shared) {
    let Ok(days) = shared.lotteries.not_closed(Day(0), LOTTERIES_SHOWN).await else { return };
    for day in days {
        let awake = shared.engine.slices.awake().into_iter().any(|slice| slice.day == day);
        let Ok(Some(plan)) = shared.lotteries.plan(day).await else { continue };
        if let (true, Ok(ledger)) = (awake, shared.lotteries.ledger(day, &plan).await) {
            for (state, tickets) in [("free", ledger.free), ("held", ledger.held), ("sold", ledger.sold)] {
                gauge!("stampede_tickets", "lottery" => day.to_string(), "state" => state).set(tickets as f64);
            }
        }
    }
}

pub async fn log_members(shared: &Shared) {
    if let Ok(members) = shared.identity.count_members().await {
        gauge!("stampede_members").set(members as f64);
        log::info("members", &[("count", Value::Whole(members as i64))]);
    }
}
