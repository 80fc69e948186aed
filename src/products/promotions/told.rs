//! What the outside hears of new campaigns and batches. A campaign's secret code is not told.

use crate::telling::said::{Says, Told};
use crate::telling::{id, time, topics};
use actors::domain::Only;
use actors::domain::coupons::campaign::Trigger;
use actors::domain::coupons::catalogue::{self, BatchKind, Catalogue, CatalogueEntry};
use serde_json::{Value, json};

impl Told for Catalogue {
    fn tell(_: &Only, event: &catalogue::Event, says: &mut Says) {
        // Of whatever is changed its own partitions tell.
        let Some((serial, entry, _)) = event.registered() else { return };
        match entry {
            CatalogueEntry::Campaign(plan) => {
                let trigger = match plan.trigger {
                    Trigger::FirstLogin => "first_login",
                    Trigger::Claim => "claim",
                    Trigger::Code(_) => "code",
                };
                let data = [
                    ("campaign", id(&serial)),
                    ("quota", json!(plan.quota)),
                    ("starts_at", time(plan.starts_at)),
                    ("ends_at", time(plan.ends_at)),
                    ("trigger", json!(trigger)),
                ];
                says.say(&topics::CAMPAIGN_CREATED, data);
            }
            CatalogueEntry::Batch(plan) => {
                let count = match plan.what {
                    BatchKind::Made { count, .. } => json!(count),
                    BatchKind::Imported { .. } => Value::Null,
                };
                says.say(
                    &topics::BATCH_CREATED,
                    [
                        ("batch", id(&serial)),
                        ("count", count),
                        ("expires_at", time(plan.expires_at)),
                    ],
                );
            }
        }
    }
}
