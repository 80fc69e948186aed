//! The records of a voiding.

use super::{ADA, AT, holds_both_ways};
use actors::domain::Between;
use actors::domain::coupons::range::VoidedCounts;
use actors::domain::coupons::voiding::{Event, VoidingPlan, VoidingProgress};
use actors::domain::coupons::{CouponFilter, CouponState, Serial};
use actors::engine::record::Entry;

fn events() -> Vec<(Event, &'static str)> {
    let filter = CouponFilter {
        state: Some(CouponState::Assigned),
        owner: Some(ADA),
        reference: Some("Año-17".into()),
        given: Between { from: Some(AT), to: None },
        used: Between::default(),
    };
    let (before, here) =
        (VoidedCounts { free: 300, assigned: 2 }, VoidedCounts { free: 0, assigned: 17 });
    vec![
        (
            Event::Planned(VoidingPlan { batch: Serial(4), filter, dry_run: true }),
            "4200000002adadadadadadadadadadadadadadadadf6a3b8ded96800000004010101adadadadadadadad\
             adadadadadadadad010741c3b16f2d313701f6a3b8ded96800000001",
        ),
        (
            Event::Advanced(VoidingProgress { part: 3, slot: 5000, before, here }),
            "2200000002adadadadadadadadadadadadadadadadf6a3b8ded968000001038827ac02020011",
        ),
        (Event::Finished, "1a00000002adadadadadadadadadadadadadadadadf6a3b8ded968000002"),
        (Event::Cancelling, "1a00000002adadadadadadadadadadadadadadadadf6a3b8ded968000003"),
        (Event::Cancelled, "1a00000002adadadadadadadadadadadadadadadadf6a3b8ded968000004"),
    ]
}

#[test]
fn the_records_of_a_voiding_are_as_they_were() {
    for (event, golden) in events() {
        holds_both_ways(None, Entry::Fact(event), golden);
    }
}
