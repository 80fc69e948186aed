//! What is left of campaigns and batches, and what became of the rest.
//!
//! Only those that are awake are counted, the newest first, so that thousands of old ones make no thousands of series.

use crate::app::Shared;
use crate::promotions::Known;
use actors::domain::coupons::{Ledger, RangeName, Serial};
use metrics::gauge;

const SHOWN: usize = 20;

pub async fn refresh(shared: &Shared) {
    let campaigns = shared.engine.campaigns.awake();
    gauge!("stampede_campaigns_awake").set(campaigns.len() as f64);
    for serial in newest(campaigns) {
        show(shared, serial, "stampede_vouchers", "campaign").await;
    }
    let batches = shared.engine.ranges.awake().into_iter().map(|range: RangeName| range.batch).collect();
    for serial in newest(batches) {
        show(shared, serial, "stampede_coupons", "batch").await;
    }
}

fn newest(mut serials: Vec<Serial>) -> Vec<Serial> {
    serials.sort_unstable_by(|a, b| b.cmp(a));
    serials.dedup();
    serials.truncate(SHOWN);
    serials
}

/// One that cannot be asked now is asked again at the next turn.
async fn show(shared: &Shared, serial: Serial, metric: &'static str, of: &'static str) {
    let Ok(Some(known)) = shared.promotions.known(serial).await else { return };
    let Ok(ledger) = shared.promotions.ledger(&known).await else { return };
    for (state, count) in states(&ledger) {
        gauge!(metric, of => serial.to_string(), "name" => named(&known), "state" => state).set(count as f64);
    }
}

fn named(known: &Known) -> String {
    known.name().unwrap_or_default().to_owned()
}

fn states(ledger: &Ledger) -> [(&'static str, u64); 6] {
    let Ledger { available, held, assigned, used, expired, void, .. } = *ledger;
    [("available", available), ("held", held), ("assigned", assigned), ("used", used), ("expired", expired), ("void", void)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_are_shown_and_each_once() {
        let awake = (0..50).flat_map(|n| [Serial(n), Serial(n)]).collect();
        let shown = newest(awake);
        assert_eq!((shown.len(), shown.first(), shown.last()), (SHOWN, Some(&Serial(49)), Some(&Serial(30))));
    }
}
