//! What a snapshot holds of coupons: what is live, however many were handed out.

use super::coupons::*;
use super::given::{ADA, s};
use actors::domain::coupons::rack::{Event, Rack};
use actors::domain::coupons::{Campaign, Serial, campaign, range};
use actors::{Caller, Id, Machine};

fn size<M: Machine>(machine: &M) -> usize {
    postcard::to_stdvec(machine).expect("a machine is plain data").len()
}

fn somebody(n: u64) -> Caller {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&n.to_be_bytes());
    Caller::member(Id(id))
}

#[test]
fn a_hundred_thousand_vouchers_that_were_granted_and_used_leave_some_numbers() {
    let mut campaign = Campaign::default();
    let plan = campaign::CampaignPlan { quota: 1_000_000, ..plan() };
    campaign.apply(&campaign::Event::Opened(plan), s(0));
    let empty = size(&campaign);
    for n in 1..=100_000 {
        campaign.apply(&granted(n, somebody(n), ENDS), s(1));
        if n % 2 == 0 {
            campaign.apply(&campaign::Event::Redeemed(used(n, somebody(n), ADA)), s(2));
        }
    }
    assert_eq!(campaign.imbalance(), 0);
    assert!(size(&campaign) < empty + 30, "{} bytes", size(&campaign));
}

#[test]
fn a_hundred_thousand_coupons_leave_some_numbers_and_what_is_held_stays() {
    let mut range = range::Range::default();
    range.apply(&range::Event::Opened(range::RangeTerms { count: 1_000_000, ..TERMS }), s(0));
    let empty = size(&range);
    for slot in 0..100_000 {
        range.apply(&assigned(slot, somebody(slot), Some(somebody(slot).id)), s(1));
        range.apply(&range::Event::Redeemed(used(slot, somebody(slot), ADA)), s(2));
    }
    assert_eq!(range.imbalance(), 0);
    assert!(size(&range) < empty + 30, "{} bytes", size(&range));
    range.apply(&assigned(100_000, ADA, None), s(3));
    range.apply(&range::Event::Redeemed(held(100_000, ADA, ADA, s(99))), s(3));
    assert!(size(&range) > empty + 60, "a held coupon is live");
}

#[test]
fn many_imported_codes_leave_a_number_for_each_batch() {
    let mut rack = Rack::default();
    for n in 0..1_000u64 {
        let codes: Vec<String> = (0..20).map(|code| format!("{n}-{code}")).collect();
        let lines: Vec<(u64, &str)> =
            codes.iter().enumerate().map(|(line, code)| (line as u64, &**code)).collect();
        let batch = Serial(2 * (n as u32 % 4));
        rack.apply(&imported_after(n / 4 * 20, batch, &lines), s(1));
    }
    assert_eq!(rack.imbalance(), 0);
    assert!(size(&rack) < 400, "{} bytes", size(&rack));
    let event = assigned(3, ADA, None);
    rack.apply(&Event::In { batch: Serial(2), event }, s(2));
    assert!(size(&rack) < 420, "{} bytes", size(&rack));
}
