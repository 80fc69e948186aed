//! Campaigns, and the list of all campaigns and batches. A campaign's secret code is not told.

use crate::coupons::told as coupons;
use crate::telling::said::{Says, Told};
use crate::telling::{id, member, time, topics};
use actors::domain::Only;
use actors::domain::coupons::campaign::{self, Campaign, Trigger};
use actors::domain::coupons::catalogue::{self, BatchKind, Catalogue, CatalogueEntry};
use actors::domain::coupons::{CouponHome, Serial};
use serde_json::{Value, json};

impl Told for Catalogue {
    fn tell(
        _: &Only,
        catalogue::Event::Registered { serial, entry, .. }: &catalogue::Event,
        says: &mut Says,
    ) {
        match entry {
            CatalogueEntry::Campaign(plan) => {
                let trigger = match plan.trigger {
                    Trigger::FirstLogin => "first_login",
                    Trigger::Claim => "claim",
                    Trigger::Code(_) => "code",
                };
                let data = [
                    ("campaign", id(serial)),
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
                        ("batch", id(serial)),
                        ("count", count),
                        ("expires_at", time(plan.expires_at)),
                    ],
                );
            }
        }
    }
}

impl Told for Campaign {
    fn tell(name: &Serial, event: &campaign::Event, says: &mut Says) {
        use campaign::Event;
        let campaign = ("campaign", id(name));
        match event {
            // The catalogue has told of it.
            Event::Opened(_) => {}
            Event::Changed { quota, ends_at } => {
                says.say(
                    &topics::CAMPAIGN_CHANGED,
                    [campaign, ("quota", json!(quota)), ("ends_at", time(*ends_at))],
                );
            }
            Event::Paused => says.say(&topics::CAMPAIGN_PAUSED, [campaign]),
            Event::Resumed => says.say(&topics::CAMPAIGN_RESUMED, [campaign]),
            Event::Ended => says.say(&topics::CAMPAIGN_ENDED, [campaign]),
            Event::Granted { rank, member: owner, expires_at } => {
                let home = CouponHome::Campaign { campaign: *name, rank: *rank };
                let data = [
                    campaign,
                    ("rank", json!(rank)),
                    ("member", member(*owner)),
                    ("expires_at", time(*expires_at)),
                ];
                says.say_of(home, &topics::CAMPAIGN_CLAIMED, data);
            }
            Event::Redeemed(event) => coupons::redeemed(
                event,
                |rank| CouponHome::Campaign { campaign: *name, rank },
                campaign,
                says,
            ),
        }
    }
}
