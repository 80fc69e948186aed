//! The cards that events of a range leave.

use super::words::Event;
use crate::cards::Card;
use crate::domain::coupons::cards::CouponSet;
use crate::domain::coupons::coupon::Slot;
use crate::id::Id;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// Which coupon was the answer to a source, and whose it became, as the source's card says.
#[derive(Serialize, Deserialize)]
pub(super) struct GivenTo {
    pub(super) slot: Slot,
    pub(super) member: Id,
}

/// The cards that an event writes among the coupons of that set.
pub(in crate::domain::coupons) fn cards_of(
    set: CouponSet,
    event: &Event,
    at: Time,
    cards: &mut Vec<Card>,
) {
    match event {
        Event::Opened(_)
        | Event::Paused
        | Event::Resumed
        | Event::Extended { .. }
        | Event::AllVoided(_)
        | Event::Frozen
        | Event::FrozenInTurn(_)
        | Event::Thawed
        | Event::Revised { .. }
        | Event::Withdrawn => {}
        Event::Assigned { slot, member, source, expires_at, only_one } => {
            cards.push(set.assigned(*slot, *member, at, *expires_at));
            if let Some(source) = source {
                let given = GivenTo { slot: *slot, member: *member };
                cards.push(Card::put(set.of_source(source), &given));
            }
            if *only_one {
                cards.push(Card::put(set.of_member(member), slot));
            }
        }
        Event::Redeemed(event) => set.redeemed(event, at, cards),
        Event::VoidedThose { coupons, .. } => {
            coupons.iter().for_each(|coupon| set.redeemed(&coupon.as_event(), at, cards));
        }
    }
}
