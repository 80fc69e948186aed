//! What the outside hears of coupons and vouchers, wherever they live: one life cycle, one set of
//! events.

use crate::telling::said::{Says, Told};
use crate::telling::{id, member, time, topics};
use actors::Id;
use actors::domain::Only;
use actors::domain::coupons::Slot;
use actors::domain::coupons::coupon::Use;
use actors::domain::coupons::range::VoidedCounts;
use actors::domain::coupons::redeem::{Event, LapsedHold};
use actors::domain::coupons::{CouponHome, Rack, RackName, Range, RangeName, Serial, rack, range};
use actors::domain::notices::{self, Notices};
use serde_json::{Value, json};

impl Told for Range {
    fn tell(name: &RangeName, event: &range::Event, says: &mut Says) {
        let is_first = name.range == 0;
        in_range(event, name.batch, is_first, |slot| CouponHome::Range { name: *name, slot }, says);
    }
}

impl Told for Rack {
    fn tell(name: &RackName, event: &rack::Event, says: &mut Says) {
        match event {
            rack::Event::Imported { .. }
            | rack::Event::ImportedLoosely { .. }
            | rack::Event::ImportedWithTerms { .. } => {
                let Some((batch, rows)) = event.imported() else { return };
                says.say(
                    &topics::COUPONS_IMPORTED,
                    [("batch", id(&batch)), ("count", json!(rows.len()))],
                );
            }
            rack::Event::In { batch, event } => {
                in_range(
                    event,
                    *batch,
                    name.0 == 0,
                    |slot| CouponHome::Rack { name: *name, batch: *batch, slot },
                    says,
                );
            }
            rack::Event::Opened { .. } => {}
        }
    }
}

/// What concerns the whole batch is told by the first of its parts, which hears of it last.
fn in_range(
    event: &range::Event,
    batch: Serial,
    is_first: bool,
    home: impl Fn(Slot) -> CouponHome,
    says: &mut Says,
) {
    match event {
        // The catalogue has told of the batch.
        range::Event::Opened(_) => {}
        range::Event::Assigned { slot, member: owner, .. } => {
            says.say_of(home(*slot), &topics::COUPON_ASSIGNED, [("member", member(*owner))]);
        }
        range::Event::Redeemed(event) => redeemed(event, home, ("batch", id(&batch)), says),
        range::Event::VoidedThose { coupons, .. } => {
            for coupon in coupons {
                redeemed(&coupon.as_event(), &home, ("batch", id(&batch)), says);
            }
        }
        range::Event::AllVoided(VoidedCounts { free, assigned }) => says.say(
            &topics::COUPONS_VOIDED,
            [("batch", id(&batch)), ("free", json!(free)), ("assigned", json!(assigned))],
        ),
        _ if !is_first => {}
        range::Event::Paused => says.say(&topics::BATCH_PAUSED, [("batch", id(&batch))]),
        range::Event::Resumed => says.say(&topics::BATCH_RESUMED, [("batch", id(&batch))]),
        range::Event::Withdrawn => says.say(&topics::BATCH_WITHDRAWN, [("batch", id(&batch))]),
        range::Event::Revised { expires_at, .. } => says.say(
            &topics::BATCH_CHANGED,
            [("batch", id(&batch)), ("expires_at", time(*expires_at))],
        ),
        range::Event::Frozen | range::Event::FrozenInTurn(_) | range::Event::Thawed => {}
        range::Event::Extended { expires_at } => says.say(
            &topics::BATCH_EXTENDED,
            [("batch", id(&batch)), ("expires_at", time(*expires_at))],
        ),
    }
}

/// `of`: the campaign or batch, for what concerns all its coupons.
pub fn redeemed(
    event: &Event,
    home: impl Fn(Slot) -> CouponHome,
    of: (&'static str, Value),
    says: &mut Says,
) {
    match event {
        Event::Held { slot, owner, what, until, .. } => {
            let [by, amount, discount, payable, reference] = used(what, *owner);
            let data = [
                ("member", member(*owner)),
                ("until", time(*until)),
                by,
                amount,
                discount,
                payable,
                reference,
            ];
            says.say_of(home(*slot), &topics::COUPON_HELD, data);
        }
        Event::Used { slot, owner, what, .. } => {
            let [by, amount, discount, payable, reference] = used(what, *owner);
            says.say_of(
                home(*slot),
                &topics::COUPON_USED,
                [("member", member(*owner)), by, amount, discount, payable, reference],
            );
        }
        Event::Cancelled { slot, owner, what, .. } => {
            let [by, amount, discount, payable, reference] = used(what, *owner);
            let data = [("member", member(*owner)), by, amount, discount, payable, reference];
            says.say_of(home(*slot), &topics::COUPON_USE_CANCELLED, data);
        }
        Event::Voided { slot, owner, .. } => {
            says.say_of(home(*slot), &topics::COUPON_VOIDED, [("member", member(*owner))])
        }
        Event::Lapsed { holds } => {
            for LapsedHold { slot, owner, .. } in holds {
                says.say_of(home(*slot), &topics::COUPON_HOLD_LAPSED, [("member", member(*owner))]);
            }
        }
        Event::Expired { until } => {
            says.say(&topics::COUPONS_EXPIRED, [of, ("until", time(*until))])
        }
        Event::Noticed { days, coupons, expires_at, .. } => {
            for ((slot, owner), expires_at) in coupons.iter().zip(expires_at) {
                let data = [
                    ("member", member(*owner)),
                    ("days", json!(days)),
                    ("expires_at", time(*expires_at)),
                ];
                says.say_of(home(*slot), &topics::COUPON_EXPIRING, data);
            }
        }
    }
}

fn used(what: &Use, owner: Id) -> [(&'static str, Value); 5] {
    [
        ("by", member(what.user(owner))),
        ("amount", json!(what.amount)),
        ("discount", json!(what.cut.discount)),
        ("payable", json!(what.cut.payable)),
        ("reference", json!(what.reference)),
    ]
}

/// The partitions of coupons tell who was given notice.
impl Told for Notices {
    fn tell(_: &Only, _: &notices::Event, _: &mut Says) {}
}
