//! What the outside hears of campaigns.

use crate::coupons::told as coupons;
use crate::telling::said::{Says, Told};
use crate::telling::{id, member, time, topics};
use actors::domain::coupons::campaign::{self, Campaign};
use actors::domain::coupons::{CouponHome, Serial};
use serde_json::json;

impl Told for Campaign {
    fn tell(name: &Serial, event: &campaign::Event, says: &mut Says) {
        use campaign::Event;
        let campaign = ("campaign", id(name));
        match event {
            // The catalogue has told of it.
            Event::Opened(_) => {}
            // Whoever hears events is told figures anyway.
            Event::FiguresTold(_) => {}
            Event::Changed { quota, ends_at } => {
                says.say(
                    &topics::CAMPAIGN_CHANGED,
                    [campaign, ("quota", json!(quota)), ("ends_at", time(*ends_at))],
                );
            }
            // Only which of its names are its own hangs on it.
            Event::TurnPassed(_) => {}
            Event::Revised(plan) | Event::RevisedInTurn { plan, .. } => {
                let data = [
                    campaign,
                    ("name", json!(plan.name)),
                    ("quota", json!(plan.quota)),
                    ("starts_at", time(plan.starts_at)),
                    ("ends_at", time(plan.ends_at)),
                ];
                says.say(&topics::CAMPAIGN_CHANGED, data);
            }
            Event::Withdrawn => says.say(&topics::CAMPAIGN_WITHDRAWN, [campaign]),
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
