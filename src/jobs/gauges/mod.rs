//! Gauges that nobody but a look around can know: stock, queues, keys, members.
//!
//! Only what is awake is asked, because asking one that sleeps would only keep it awake; nothing of
//! it changes meanwhile. What has gone is shown no more: a lottery that was drawn, a campaign or
//! batch of which nothing can change, one that newer ones push out.

mod promotions;
mod shown;

pub use shown::Shown;

use crate::shared::Shared;
use actors::engine::Node;
use base::journal;
use base::journal::Value;
use base::meters::process;
use metrics::{counter, gauge};
use people::People;
use shown::{Pass, Thing};
use std::sync::atomic::Ordering;

const LOTTERIES_SHOWN: usize = 20;

/// What becomes of an order.
const ORDERS: [&str; 6] = ["placed", "given_up", "confirmed", "released", "expired", "refunded"];

/// So long before its end a service key is shown to need a successor.
const KEYS_EXPIRING_DAYS: u32 = 7;

/// What cannot happen often, and must be seen when it does for the first time: a counter that is
/// not there yet cannot be seen to rise.
pub fn begin() {
    counter!("stampede_draws_total").increment(0);
    counter!("stampede_notices_total").increment(0);
    counter!("stampede_registrations_total").increment(0);
    counter!("stampede_log_lines_dropped_total").increment(0);
    counter!("stampede_codes_refused_total").increment(0);
    counter!("stampede_connections_refused_total").increment(0);
    counter!("stampede_accept_failures_total").increment(0);
    for reason in ["slow", "crowded", "broken"] {
        counter!("stampede_tls_handshakes_failed_total", "reason" => reason).increment(0);
    }
    counter!("stampede_http2_turned_out_total").increment(0);
    counter!("stampede_orders_swept_total").increment(0);
    counter!("stampede_orders_untold_total").increment(0);
    for fate in ORDERS {
        counter!("stampede_orders_total", "fate" => fate).increment(0);
    }
}

/// What is different a second later.
pub fn of_this_moment(shared: &Shared) {
    let node = &shared.engine.node;
    process::measure();
    gauge!("stampede_http_requests_in_flight").set(shared.requests.load(Ordering::Acquire) as f64);
    gauge!("stampede_unfinished_body_bytes").set(shared.rooms.bodies.held() as f64);
    gauge!("stampede_unread_answer_bytes").set(shared.rooms.answers.held() as f64);
    gauge!("stampede_sheet_lines_in_flight").set(shared.rooms.lines.held() as f64);
    shared.streams.measure();
    if let Some(numbers) = shared.people.work_proofs.numbers() {
        gauge!("stampede_work_challenge_numbers").set(numbers as f64);
    }
    gauge!("stampede_card_bytes").set(node.cards.used() as f64);
    gauge!("stampede_in_flight").set(node.in_flight() as f64);
    gauge!("stampede_in_flight_limit").set(node.limits.node_in_flight as f64);
    gauge!("stampede_deepest_partition_queue").set(shared.engine.deepest() as f64);
    gauge!("stampede_partition_in_flight_limit").set(node.limits.partition_in_flight as f64);
}

/// Looks at everything that is shown a few seconds long, after what the look before has shown.
pub async fn refresh(shared: &Shared, before: Shown) -> Shown {
    let node = &shared.engine.node;
    sqlite::measure_files(&shared.config.data);
    gauge!("stampede_partitions_awake").set(shared.engine.awake() as f64);
    gauge!("stampede_idempotency_keys").set(node.window.kept() as f64);
    gauge!("stampede_idempotency_window_seconds").set(window_s(node, shared.config.idempotency_s));
    let expiring = shared.people.service_keys.count_expiring(KEYS_EXPIRING_DAYS);
    gauge!("stampede_service_keys_expiring").set(expiring as f64);
    let mut pass = Pass::after(before, &shared.series);
    for_each_lottery(shared, &mut pass).await;
    promotions::refresh(shared, &mut pass).await;
    pass.end()
}

/// How far back answers are remembered at this moment.
fn window_s(node: &Node, span_s: u32) -> f64 {
    let behind = node.now().0.saturating_sub(node.window.horizon().0) as f64 / 1000.0;
    behind.clamp(0.0, f64::from(span_s))
}

/// The stock of each lottery whose slices are awake. Of the others what was seen last is still so.
async fn for_each_lottery(shared: &Shared, pass: &mut Pass<'_>) {
    let Ok(pools) = shared.lotteries.not_over(None, LOTTERIES_SHOWN).await else {
        return pass.keep_lotteries();
    };
    for pool in pools {
        pass.keep(Thing::Lottery(pool));
        if !shared.engine.slices.awake().iter().any(|slice| slice.pool == pool) {
            continue;
        }
        let Ok(Some(plan)) = shared.lotteries.plan(pool).await else { continue };
        if let Ok(ledger) = shared.tickets.ledger(pool, &plan).await {
            let (thing, name) = (Thing::Lottery(pool), pool.to_string());
            let states = [("free", ledger.free), ("held", ledger.held), ("sold", ledger.sold)];
            pass.show(thing, "stampede_tickets", &[("lottery", &name)], &states);
            for (label, of) in plan.labels.iter().zip(&ledger.labels) {
                let states = [("free", of.free), ("held", of.held), ("sold", of.sold)];
                let labels = [("lottery", name.as_str()), ("label", &label.name)];
                pass.show_more(thing, "stampede_label_tickets", &labels, &states);
            }
        }
    }
}

pub async fn log_members(people: &People) {
    if let Ok(members) = people.accounts.count().await {
        gauge!("stampede_members").set(members as f64);
        journal::info("members", &[("count", Value::Whole(members as i64))]);
    }
}
