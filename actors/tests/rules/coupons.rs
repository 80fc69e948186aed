//! Coupons to test with: a range of five, a campaign of three, two batches on a rack; 10 % off from
//! 10.00 on, 5.00 at most, good until 10,000 seconds.

use super::given::{ADA, Given, given, s};
use actors::domain::coupons::campaign::{self, Campaign};
use actors::domain::coupons::coupon::{CouponView, Past, Tenure, Use, Used};
use actors::domain::coupons::ledger::{Walk, Walked};
use actors::domain::coupons::rack::{self, Rack, Spelling};
use actors::domain::coupons::range::{self, Range};
use actors::domain::coupons::{CouponLedger, CouponState, Cut, Discount, Offer, Serial, redeem};
use actors::{Caller, Id, Role, Time};

pub const OFFER: Offer =
    Offer { min_amount: Some(1000), max_discount: Some(500), ..Offer::of(Discount::percent(10)) };
pub const ENDS: Time = s(10_000);
pub const TERMS: range::RangeTerms =
    range::RangeTerms { count: 5, offer: OFFER, expires_at: ENDS, one_per_member: false };
pub const ONE_EACH: range::RangeTerms = range::RangeTerms { one_per_member: true, ..TERMS };
pub const SYSTEM: Caller = Caller { id: Id::SYSTEM, role: Role::System };

/// The instant before.
pub const fn before(at: Time) -> Time {
    Time(at.0 - 1)
}

/// A use of 20.00, which is worth 2.00.
pub fn what(owner: Caller, by: Caller) -> Use {
    Use {
        by: (by != owner).then_some(by.id),
        amount: Some(2000),
        cut: Cut { discount: Some(200), payable: Some(1800) },
        reference: Some("order 7".into()),
    }
}

pub fn use_it(slot: u64) -> redeem::Command {
    redeem::Command::Use {
        slot,
        amount: Some(2000),
        reference: Some("order 7".into()),
        hold_s: None,
    }
}

pub fn hold_it(slot: u64, hold_s: u32) -> redeem::Command {
    redeem::Command::Use {
        slot,
        amount: Some(2000),
        reference: Some("order 7".into()),
        hold_s: Some(hold_s),
    }
}

/// Assigned at 10 seconds, good until 10,000, never used.
pub fn tenure() -> Tenure {
    Tenure { assigned_at: s(10), expires_at: ENDS, past: Vec::new() }
}

/// The same, until another instant.
pub fn until(expires_at: Time) -> Tenure {
    Tenure { expires_at, ..tenure() }
}

pub fn used(slot: u64, owner: Caller, by: Caller) -> redeem::Event {
    redeem::Event::Used { slot, owner: owner.id, tenure: tenure(), what: what(owner, by) }
}

pub fn held(slot: u64, owner: Caller, by: Caller, until: Time) -> redeem::Event {
    redeem::Event::Held { slot, owner: owner.id, tenure: tenure(), what: what(owner, by), until }
}

/// A hold that is cancelled.
pub fn cancelled(slot: u64, owner: Caller, by: Caller) -> redeem::Event {
    redeem::Event::Cancelled { slot, owner: owner.id, tenure: tenure(), what: what(owner, by) }
}

/// A use that was cancelled then.
pub fn past(owner: Caller, by: Caller, used_at: Time, cancelled_at: Time) -> Past {
    Past { used: Used { at: used_at, what: what(owner, by) }, cancelled_at }
}

pub fn voided(slot: u64, owner: Caller) -> redeem::Event {
    redeem::Event::Voided { slot, owner: owner.id, tenure: tenure() }
}

/// One that had no owner.
pub fn voided_untouched(slot: u64) -> redeem::Event {
    let tenure = Tenure { expires_at: ENDS, ..Tenure::default() };
    redeem::Event::Voided { slot, owner: Id::SYSTEM, tenure }
}

pub fn lapsed(slot: u64, owner: Caller) -> redeem::Event {
    let hold = redeem::LapsedHold { slot, owner: owner.id, tenure: tenure() };
    redeem::Event::Lapsed { holds: vec![hold] }
}

/// The same event about a coupon with that tenure.
pub fn having(event: redeem::Event, had: Tenure) -> redeem::Event {
    use redeem::Event::*;
    let mut event = event;
    match &mut event {
        Held { tenure, .. }
        | Used { tenure, .. }
        | Cancelled { tenure, .. }
        | Voided { tenure, .. } => *tenure = had,
        Lapsed { .. } | Expired { .. } | Noticed { .. } => panic!("it is about many"),
    }
    event
}

pub fn everything(from: u64, limit: usize) -> Walk {
    Walk {
        from,
        limit,
        since: Time(i64::MIN),
        until: Time(i64::MAX),
        states: Vec::new(),
        touched: true,
        untouched: false,
    }
}

/// A range with these terms, opened at the beginning, with these events after it.
pub fn opened(
    terms: range::RangeTerms,
    events: impl IntoIterator<Item = (Time, range::Event)>,
) -> Given<Range> {
    given([(s(0), range::Event::Opened(terms))].into_iter().chain(events))
}

pub fn assigned(slot: u64, member: Caller, source: Option<Id>) -> range::Event {
    let (expires_at, only_one) = (ENDS, false);
    range::Event::Assigned { slot, member: member.id, source, expires_at, only_one }
}

/// The same where each member has only one.
pub fn only_one(slot: u64, member: Caller, source: Option<Id>) -> range::Event {
    let (expires_at, only_one) = (ENDS, true);
    range::Event::Assigned { slot, member: member.id, source, expires_at, only_one }
}

/// Ada has the first coupon of five since 10 seconds; then these events.
pub fn adas(events: impl IntoIterator<Item = (Time, redeem::Event)>) -> Given<Range> {
    let events = events.into_iter().map(|(at, event)| (at, range::Event::Redeemed(event)));
    opened(TERMS, [(s(10), assigned(0, ADA, None))].into_iter().chain(events))
}

pub fn state(range: &Given<Range>, slot: u64) -> Option<CouponState> {
    view(range, slot).map(|view| view.state)
}

pub fn view(range: &Given<Range>, slot: u64) -> Option<CouponView> {
    match range.look(&range::Question::Coupon(slot)) {
        range::Answer::Coupon(view) => view,
        other => panic!("asked for a coupon, told {other:?}"),
    }
}

pub fn walked(range: &Given<Range>, walk: Walk) -> Walked {
    match range.look(&range::Question::Walk(walk)) {
        range::Answer::Walked(walked) => walked,
        other => panic!("asked for a walk, told {other:?}"),
    }
}

pub fn ledger_of(range: &Given<Range>) -> CouponLedger {
    match range.look(&range::Question::Ledger) {
        range::Answer::Ledger(ledger) => ledger,
        other => panic!("asked for the ledger, told {other:?}"),
    }
}

/// Issued, available, held, assigned, used, expired, void; in balance.
pub fn ledger([issued, available, held, assigned, used, expired, void]: [u64; 7]) -> CouponLedger {
    CouponLedger { issued, available, held, assigned, used, expired, void, imbalance: 0 }
}

pub fn plan() -> campaign::CampaignPlan {
    campaign::CampaignPlan {
        name: "Welcome".into(),
        quota: 3,
        starts_at: s(1_000),
        ends_at: ENDS,
        trigger: campaign::Trigger::Claim,
        offer: OFFER,
        valid_s: None,
    }
}

pub fn campaign(
    plan: campaign::CampaignPlan,
    events: impl IntoIterator<Item = (Time, campaign::Event)>,
) -> Given<Campaign> {
    given([(s(0), campaign::Event::Opened(plan))].into_iter().chain(events))
}

pub fn granted(rank: u64, member: Caller, expires_at: Time) -> campaign::Event {
    campaign::Event::Granted { rank, member: member.id, expires_at }
}

pub const BATCH: Serial = Serial(8);
pub const OTHER: Serial = Serial(10);
pub const RACK_TERMS: rack::RackTerms = rack::RackTerms { offer: OFFER, expires_at: ENDS };

pub fn lines(lines: &[(u64, &str)]) -> Vec<rack::CodeLine> {
    lines.iter().map(|(line, code)| (*line, (*code).into())).collect()
}

pub fn import(batch: Serial, of: &[(u64, &str)]) -> rack::Command {
    rack::Command::Import { batch, terms: RACK_TERMS, spelling: Spelling::Exact, lines: lines(of) }
}

pub fn imported(batch: Serial, of: &[(u64, &str)]) -> rack::Event {
    imported_after(0, batch, of)
}

/// The same, behind so many that were imported before.
pub fn imported_after(first: u64, batch: Serial, of: &[(u64, &str)]) -> rack::Event {
    rack::Event::Imported { batch, terms: RACK_TERMS, first, lines: lines(of) }
}

pub fn rack(events: impl IntoIterator<Item = (Time, rack::Event)>) -> Given<Rack> {
    given(events)
}
