//! What is left of campaigns and batches, and what became of the rest.
//!
//! Only those that are awake are counted, the newest first, so that thousands of old ones make no
//! thousands of series.

use super::shown::{Pass, Thing};
use crate::shared::Shared;
use actors::domain::coupons::{CouponLedger, RangeName, Serial};
use metrics::gauge;
use products::Error;
use products::promotions::Promotion;
use std::sync::Arc;

const SHOWN: usize = 20;

pub async fn refresh(shared: &Shared, pass: &mut Pass<'_>) {
    let campaigns = shared.engine.campaigns.awake();
    gauge!("stampede_campaigns_awake").set(campaigns.len() as f64);
    show_newest(shared, campaigns, ("stampede_vouchers", "campaign"), pass).await;
    let batches =
        shared.engine.ranges.awake().into_iter().map(|range: RangeName| range.batch).collect();
    show_newest(shared, batches, ("stampede_coupons", "batch"), pass).await;
}

async fn show_newest(
    shared: &Shared,
    awake: Vec<Serial>,
    (metric, of): (&'static str, &str),
    pass: &mut Pass<'_>,
) {
    let (over, going_on): (Vec<Serial>, Vec<Serial>) =
        awake.into_iter().partition(|serial| pass.is_over(*serial));
    over.into_iter().for_each(|serial| pass.note_over(serial));
    for serial in newest(going_on) {
        match counted(shared, serial).await {
            Ok(Some((_, None))) => pass.note_over(serial),
            Ok(Some((known, Some(ledger)))) => {
                let labels =
                    [(of, &*serial.to_string()), ("name", known.name().unwrap_or_default())];
                pass.show(Thing::Promotion(serial), metric, &labels, &states(&ledger));
            }
            // One that cannot be asked now is asked again at the next turn.
            Ok(None) | Err(_) => pass.keep(Thing::Promotion(serial)),
        }
    }
}

fn newest(mut serials: Vec<Serial>) -> Vec<Serial> {
    serials.sort_unstable_by(|a, b| b.cmp(a));
    serials.dedup();
    serials.truncate(SHOWN);
    serials
}

/// Its books, or none if nothing in them can change any more.
async fn counted(
    shared: &Shared,
    serial: Serial,
) -> Result<Option<(Arc<Promotion>, Option<CouponLedger>)>, Error> {
    let Some(known) = shared.promotions.find(serial).await? else { return Ok(None) };
    let ledger = match known.batch() {
        Some(plan) => shared.batches.ledger(serial, plan).await?,
        None => shared.campaigns.ledger(&known).await?,
    };
    let none_is_good = ledger.available + ledger.held + ledger.assigned == 0;
    let over = none_is_good && has_ended(shared, &known).await?;
    Ok(Some((known, (!over).then_some(ledger))))
}

async fn has_ended(shared: &Shared, known: &Promotion) -> Result<bool, Error> {
    match known.batch() {
        Some(plan) => {
            let overview = shared.batches.overview(known.serial, plan).await?;
            Ok(overview.terms.expires_at <= shared.promotions.now())
        }
        None => Ok(shared.campaigns.overview(known).await?.is_some_and(|overview| overview.over)),
    }
}

fn states(ledger: &CouponLedger) -> [(&'static str, u64); 6] {
    let CouponLedger { available, held, assigned, used, expired, void, .. } = *ledger;
    [
        ("available", available),
        ("held", held),
        ("assigned", assigned),
        ("used", used),
        ("expired", expired),
        ("void", void),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_are_shown_and_each_once() {
        let awake = (0..50).flat_map(|n| [Serial(n), Serial(n)]).collect();
        let shown = newest(awake);
        assert_eq!(
            (shown.len(), shown.first(), shown.last()),
            (SHOWN, Some(&Serial(49)), Some(&Serial(30)))
        );
    }
}
