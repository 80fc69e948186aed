//! The books of partitions: what each tells of the whole that it has a share of, and by how much
//! books are out that do not add up.
//!
//! Nothing that is decided leads to such books. Here they are made by events that no rule book
//! makes, as a defect might.

use super::coupons::{
    self, ENDS, TERMS, assigned, campaign, granted, having, held as held_coupon, imported, plan,
    rack, until, used,
};
use super::given::{ADA, BOB, Given, given, s};
use super::terms::{confirmed, held, opened as slice_opened, released, slice, ticket};
use actors::domain::ballots::{BallotBox, BoxName, BoxTerms, Event as BoxEvent};
use actors::domain::coupons::rack::Spelling;
use actors::domain::coupons::{
    Campaign, CodeTerms, CouponLedger, Rack, RackName, Range, RangeName, Serial, campaign, rack,
    range,
};
use actors::domain::day::Day;
use actors::domain::pool::PoolName;
use actors::domain::tickets::{Event, Slice, SliceName, TicketLedger};
use actors::domain::till::{self, MemberLimits, OrderWish, Till, TillName, TillTerms};
use actors::machine::Counts;
use actors::{Caller, Machine, Time};

const POOL: PoolName = PoolName::Day(Day(20_261_231));

fn books<M: Machine>(of: &Given<M>, name: &M::Name) -> Vec<(String, Counts)> {
    of.machine.books(name)
}

/// By how much the books are out once these have happened, too.
fn out_by<M: Machine>(of: Given<M>, events: impl IntoIterator<Item = (Time, M::Event)>) -> i64 {
    let mut of = of.0;
    events.into_iter().for_each(|(at, event)| of.apply(&event, at));
    of.imbalance()
}

#[test]
fn a_slice_tells_its_share_of_its_pool() {
    let name = SliceName::of_number(POOL, 4, 3000);
    assert_eq!(books(&given::<Slice>([]), &name), []);
    let three = [ticket(3001, 1), ticket(3001, 2), ticket(3002, 1)];
    let slice = slice([
        (s(1), held(0, ADA, &three[..2], s(300))),
        (s(2), confirmed(0, ADA, &three[..2])),
        (s(3), held(1, BOB, &three[2..], s(300))),
    ]);
    let counts = vec![("stock", 2000), ("free", 1997), ("held", 1), ("sold", 2)];
    assert_eq!(books(&slice, &name), [("lottery 2026-12-31".into(), counts)]);
}

#[test]
fn books_of_a_slice_are_out_where_a_ticket_is_two_peoples_or_nobodys() {
    let one = [ticket(3001, 1)];
    let hold = |hold, owner| (s(1), held(hold, owner, &one, s(300)));
    let twice = || slice([hold(0, ADA)]);
    assert_eq!(out_by(twice(), [hold(1, BOB)]), 1);
    // Given back by the one, and held by the other.
    assert_eq!(out_by(twice(), [hold(1, BOB), (s(2), released(0, ADA))]), 2);
    let both = [ticket(3001, 1), ticket(3002, 1)];
    let sold = slice([(s(1), held(0, ADA, &both, s(300))), (s(2), confirmed(0, ADA, &both))]);
    let back = |left| Event::Refunded { ticket: both[0], hold: 0, owner: ADA.id, left };
    let once = vec![both[1]];
    assert_eq!(out_by(sold, [(s(3), back(once.clone())), (s(4), back(once))]), 1);
    assert_eq!(given::<Slice>([]).imbalance(), 0);
    assert_eq!(given::<Slice>([(s(0), slice_opened())]).imbalance(), 0);
}

const TILL_TERMS: TillTerms = TillTerms {
    limits: MemberLimits { held: None, bought: None },
    hold_max_s: 600,
    closes_at: s(10_000),
};

fn begun(order: u32, owner: Caller, count: u16, give_up_at: Time) -> (Time, till::Event) {
    let pattern = "***1".parse().expect("it is one");
    let wish = OrderWish { pattern, count, at_least: 1, ttl_s: 300 };
    let (owner, keys) = (owner.id, Vec::new());
    (s(1), till::Event::Begun { order, owner, wish, keys, give_up_at })
}

fn a_till(events: impl IntoIterator<Item = (Time, till::Event)>) -> Given<Till> {
    given([(s(0), till::Event::Opened { terms: TILL_TERMS })].into_iter().chain(events))
}

#[test]
fn a_till_tells_its_share_of_the_orders_of_its_pool() {
    let name = TillName { pool: POOL, number: 1 };
    assert_eq!(books(&a_till([]), &name), [], "nobody has begun one");
    let till = a_till([begun(0, ADA, 2, s(31)), begun(1, BOB, 3, s(31))]);
    let placed = till::Event::Placed {
        order: 1,
        owner: BOB.id,
        parts: Vec::new(),
        until: s(300),
        unsettled: true,
    };
    let counts = vec![("begun", 2), ("gathering", 1), ("placed", 1), ("unsettled", 1), ("held", 2)];
    assert_eq!(books(&till.and(s(2), placed), &name), [("orders 2026-12-31".into(), counts)]);
}

#[test]
fn books_of_a_till_are_out_where_one_order_is_two_peoples() {
    let adas = || a_till([begun(0, ADA, 2, s(31))]);
    assert_eq!(out_by(adas(), [begun(0, BOB, 3, s(31))]), 2, "what Ada holds in no order");
    assert_eq!(out_by(adas(), [begun(0, BOB, 3, s(32))]), 3, "and an end that nothing has");
    let mut out = adas().0;
    out.apply(&begun(0, BOB, 3, s(31)).1, s(1));
    let answer = out.look(&till::Question::Ledger);
    let till::Answer::Ledger(ledger) = answer else { panic!("{answer:?}") };
    assert_eq!(ledger.imbalance, 2);
}

#[test]
fn a_box_tells_how_many_were_submitted() {
    let name = BoxName { pool: POOL, number: 3 };
    assert_eq!(books(&given::<BallotBox>([]), &name), []);
    let terms = BoxTerms { closes_at: s(10_000), most: 9 };
    let submitted = |index| BoxEvent::Submitted { index, nonce: 7, owner: ADA.id };
    let it = given::<BallotBox>([
        (s(0), BoxEvent::Opened { name, terms }),
        (s(1), submitted(0)),
        (s(1), submitted(1)),
    ]);
    let counts = vec![("submitted", 2)];
    assert_eq!(books(&it, &name), [("ballots 2026-12-31".into(), counts)]);
}

/// Issued, available, held, assigned, used, expired, void.
fn coupon_counts(of: [u64; 7]) -> Counts {
    ["issued", "available", "held", "assigned", "used", "expired", "void"]
        .into_iter()
        .zip(of)
        .collect()
}

#[test]
fn coupons_are_told_of_their_batch_or_campaign() {
    let name = RangeName { batch: Serial(8), range: 1 };
    assert_eq!(books(&given::<Range>([]), &name), []);
    let range = coupons::adas([(s(20), used(0, ADA, ADA))]);
    let counts = coupon_counts([5, 4, 0, 0, 1, 0, 0]);
    assert_eq!(books(&range, &name), [("b_8".into(), counts)]);

    let serial = Serial(7);
    assert_eq!(books(&given::<Campaign>([]), &serial), []);
    let campaign = campaign(plan(), [(s(1_000), granted(1, ADA, ENDS))]);
    let counts = coupon_counts([3, 2, 0, 1, 0, 0, 0]);
    assert_eq!(books(&campaign, &serial), [("c_7".into(), counts)]);

    let brought = imported(coupons::BATCH, &[(1, "one"), (2, "two")]);
    let rack: Given<Rack> = rack([(s(1), brought)]);
    let counts = coupon_counts([2, 2, 0, 0, 0, 0, 0]);
    assert_eq!(books(&rack, &RackName(0)), [("b_8".into(), counts)]);
}

#[test]
fn books_of_coupons_are_out_where_one_is_given_or_used_twice() {
    let redeemed = |at, event| (at, range::Event::Redeemed(event));
    let opened = |slots: u64| {
        coupons::opened(TERMS, (0..slots).map(|slot| (s(10), assigned(slot, ADA, None))))
    };
    assert_eq!(out_by(opened(1), [(s(11), assigned(0, BOB, None))]), 1);
    // It left the living at another end than it had.
    let early = having(used(0, ADA, ADA), until(s(9_000)));
    assert_eq!(out_by(opened(1), [redeemed(s(20), early)]), 1);
    let held_until = |end| redeemed(s(20), held_coupon(0, ADA, ADA, end));
    assert_eq!(out_by(opened(2), [held_until(s(50)), held_until(s(60))]), 1);
    assert_eq!(out_by(opened(2), [held_until(s(50)), held_until(s(50))]), 2, "and one end");
    assert_eq!(out_by(given::<Range>([]), [(s(11), assigned(0, BOB, None))]), 1, "never opened");
}

#[test]
fn books_of_imported_codes_are_out_where_one_is_given_that_had_expired() {
    let code = CodeTerms { expires_at: Some(s(500)), ..CodeTerms::default() };
    let lines = vec![((0, "a".into()), code), ((1, "b".into()), CodeTerms::default())];
    let (batch, terms, spelling) = (coupons::BATCH, coupons::RACK_TERMS, Spelling::Exact);
    let brought = rack::Event::ImportedWithTerms { batch, terms, spelling, first: 0, lines };
    let expired = rack([(s(1), brought)]).and_time_passes(s(500));
    let event = coupons::assigned(0, ADA, None);
    assert_eq!(out_by(expired, [(s(501), rack::Event::In { batch, event })]), 1);
}

#[test]
fn books_of_a_campaign_are_out_where_more_is_given_than_there_is() {
    let grant = |rank| (s(1_000), granted(rank, ADA, ENDS));
    assert_eq!(out_by(campaign(plan(), (1..=3).map(grant)), [grant(4)]), 1);
    // It left the living at another end than it had.
    let early = campaign::Event::Redeemed(having(used(1, ADA, ADA), until(s(9_000))));
    assert_eq!(out_by(campaign(plan(), [grant(1)]), [(s(2_000), early)]), 1);
    assert_eq!(out_by(given::<Campaign>([]), [grant(1), grant(2)]), 2, "never opened");
}

#[test]
fn the_ledger_of_coupons_is_the_sum_of_those_of_their_parts() {
    let (issued, available, held) = (2, 3, 5);
    let (assigned, used, expired, void, imbalance) = (7, 11, 13, 17, 19);
    let one = CouponLedger { issued, available, held, assigned, used, expired, void, imbalance };
    let both = one + CouponLedger { issued: 1, imbalance: 1, ..one };
    assert_eq!((both.issued, both.available, both.held, both.assigned), (3, 6, 10, 14));
    assert_eq!((both.used, both.expired, both.void, both.imbalance), (22, 26, 34, 20));
}

#[test]
fn the_ledger_of_a_pool_is_the_sum_of_those_of_its_slices() {
    let (stock, free, held, sold) = (2, 3, 5, 7);
    let one = TicketLedger { stock, free, held, sold, imbalance: 11, ..TicketLedger::default() };
    let both = one.clone() + TicketLedger { stock: 1, imbalance: 1, ..one };
    assert_eq!((both.stock, both.free, both.held, both.sold), (3, 6, 10, 14));
    assert_eq!(both.imbalance, 12);
}
