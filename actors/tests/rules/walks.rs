//! Walks through coupons, touched and untouched, with filters and page by page.

use super::coupons::*;
use super::given::{ADA, ADMIN, Given, s};
use actors::Time;
use actors::domain::coupons::CouponState;
use actors::domain::coupons::ledger::Walk;
use actors::domain::coupons::range::{Event, Range, RangeTerms};

fn slots(range: &Given<Range>, walk: Walk) -> (Vec<u64>, Option<u64>) {
    let walked = walked(range, walk);
    (walked.found.into_iter().map(|(slot, _)| slot).collect(), walked.next)
}

/// Of ten: 2 and 7 assigned, 3 used, 5 void.
fn some() -> Given<Range> {
    opened(
        RangeTerms { count: 10, ..TERMS },
        [
            (s(1), assigned(2, ADA, None)),
            (s(1), assigned(3, ADA, None)),
            (s(1), assigned(7, ADA, None)),
            (s(2), Event::Redeemed(used(3, ADA, ADA))),
            (s(2), Event::Redeemed(voided_untouched(5))),
        ],
    )
}

fn with(states: &[CouponState], untouched: bool) -> Walk {
    Walk { states: states.to_vec(), untouched, ..everything(0, 100) }
}

#[test]
fn a_walk_goes_through_what_was_touched_or_through_all() {
    assert_eq!(slots(&some(), everything(0, 100)), (vec![2, 3, 5, 7], None));
    assert_eq!(slots(&some(), with(&[], true)), ((0..10).collect(), None));
}

#[test]
fn a_walk_finds_the_states_it_is_asked_for() {
    assert_eq!(slots(&some(), with(&[CouponState::Assigned], false)), (vec![2, 7], None));
    assert_eq!(
        slots(&some(), with(&[CouponState::Used, CouponState::Void], true)),
        (vec![3, 5], None)
    );
    assert_eq!(slots(&some(), with(&[CouponState::Created], true)), (vec![0, 1, 4, 6, 8, 9], None));
    assert_eq!(slots(&some(), with(&[CouponState::Created], false)), (vec![], None));
    assert_eq!(slots(&some(), with(&[CouponState::Expired], true)), (vec![], None));
    let over = some().and_time_passes(ENDS);
    assert_eq!(
        slots(&over, with(&[CouponState::Expired], true)),
        (vec![0, 1, 2, 4, 6, 7, 8, 9], None)
    );
    assert_eq!(slots(&over, with(&[CouponState::Expired], false)), (vec![2, 7], None));
}

#[test]
fn a_window_of_expiries_begins_with_its_first_instant_and_ends_before_its_last() {
    for (since, until, found) in
        [(ENDS, Time(ENDS.0 + 1), 10), (s(0), ENDS, 0), (Time(ENDS.0 + 1), s(99_999), 0)]
    {
        assert_eq!(slots(&some(), Walk { since, until, ..with(&[], true) }).0.len(), found);
    }
}

#[test]
fn page_by_page_a_walk_finds_the_same_and_ends() {
    for untouched in [false, true] {
        for states in [
            vec![],
            vec![CouponState::Assigned],
            vec![CouponState::Created],
            vec![CouponState::Assigned, CouponState::Void],
        ] {
            let whole = slots(&some(), with(&states, untouched)).0;
            for limit in 1..12 {
                let (mut found, mut from) = (Vec::new(), Some(0));
                while let Some(at) = from {
                    let (page, next) =
                        slots(&some(), Walk { from: at, limit, ..with(&states, untouched) });
                    assert!(page.len() <= limit && next.is_none_or(|next| next > at));
                    found.extend(page);
                    from = next;
                }
                assert_eq!(found, whole, "{states:?} by {limit}, untouched: {untouched}");
            }
        }
    }
}

#[test]
fn a_page_that_ends_with_the_last_coupon_is_the_last_page() {
    assert_eq!(slots(&some(), Walk { limit: 10, ..with(&[], true) }), ((0..10).collect(), None));
    assert_eq!(slots(&some(), Walk { limit: 4, ..with(&[], false) }), (vec![2, 3, 5, 7], None));
}

#[test]
fn a_walk_through_a_batch_of_ten_billion_looks_at_so_many_and_goes_on() {
    let huge = opened(
        RangeTerms { count: 625_000_000, ..TERMS },
        [(s(1), assigned(624_999_998, ADA, None))],
    );
    assert_eq!(
        slots(&huge, Walk { limit: 3, ..with(&[CouponState::Created], true) }),
        (vec![0, 1, 2], Some(3))
    );
    assert_eq!(
        slots(&huge, Walk { from: 624_999_997, ..with(&[CouponState::Created], true) }),
        (vec![624_999_997, 624_999_999], None)
    );
    assert_eq!(
        slots(&huge, Walk { from: 624_999_997, ..with(&[CouponState::Assigned], true) }),
        (vec![624_999_998], None)
    );
    // Nothing untouched is wanted, so nothing untouched is looked at.
    assert_eq!(slots(&huge, with(&[CouponState::Assigned], true)), (vec![624_999_998], None));
    let view = walked(&huge, Walk { from: 5, limit: 1, ..with(&[], true) }).found.remove(0).1;
    assert_eq!(
        (view.state, view.coupon.owner, view.coupon.tenure.expires_at),
        (CouponState::Created, actors::Id::SYSTEM, ENDS)
    );
}

#[test]
fn those_that_were_never_given_are_found_behind_however_many_that_were() {
    let mut range = opened(RangeTerms { count: 5_010, ..TERMS }, []).0;
    (0..5_000).for_each(|slot| range.apply(&assigned(slot, ADMIN, None), s(1)));
    range.apply(&assigned(5_003, ADMIN, None), s(1));
    let free = |state| Walk { touched: false, limit: 3, ..with(&[state], true) };
    let range = Given(range);
    assert_eq!(slots(&range, free(CouponState::Created)), (vec![5_000, 5_001, 5_002], Some(5_003)));
    assert_eq!(slots(&range, Walk { from: 5_003, ..free(CouponState::Created) }).0[0], 5_004);
    let over = range.and_time_passes(ENDS);
    assert_eq!(slots(&over, free(CouponState::Expired)).0, [5_000, 5_001, 5_002]);
    assert_eq!(slots(&over, free(CouponState::Created)).0, []);
    assert_eq!(slots(&over, Walk { touched: false, ..with(&[], false) }), (vec![], None));
}

#[test]
fn a_walk_that_finds_little_stops_and_says_where() {
    let mut range = opened(RangeTerms { count: 2_500, ..TERMS }, []).0;
    (0..2_500).for_each(|slot| range.apply(&assigned(slot, ADMIN, None), s(1)));
    range.apply(&Event::Redeemed(used(2_499, ADMIN, ADA)), s(2));
    let range = Given(range);
    let (mut from, mut pages) = (Some(0), Vec::new());
    while let Some(at) = from {
        let (page, next) = slots(&range, Walk { from: at, ..with(&[CouponState::Used], false) });
        pages.push(page.len());
        from = next;
    }
    assert_eq!(pages, [0, 0, 1]);
}
