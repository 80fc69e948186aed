//! A share of a batch: the next free coupon, a given one, one per member.

use super::coupons::*;
use super::given::{ADA, ADMIN, BOB, given, s};
use actors::domain::coupons::range::{
    Answer, Command, Event, Question, Range, RangeTerms, Refusal,
};
use actors::domain::coupons::rows::{CouponHome, after_lines_before, home_of_row};
use actors::domain::coupons::{CouponState, RangeName, Serial, redeem};
use actors::domain::shelves;
use actors::machine::Refused;
use actors::{Caller, Id, Machine, Time};
use testing::played::Played;

const SOURCE: Id = Id([7; 16]);
const OTHER_SOURCE: Id = Id([8; 16]);

fn assign(member: Caller, source: Option<Id>) -> Command {
    Command::Assign { member: member.id, source }
}

fn give(slot: u64, member: Caller) -> Command {
    Command::Give { slot, member: member.id }
}

fn unknown() -> Refusal {
    Refusal::Coupon(redeem::Refusal::Unknown)
}

/// The first so many coupons are Bob's.
fn taken(count: u64) -> super::given::Given<Range> {
    opened(TERMS, (0..count).map(|slot| (s(1), assigned(slot, BOB, None))))
}

#[test]
fn a_range_is_opened_once_and_says_so_ever_after() {
    given::<Range>([]).when(Command::Open(TERMS), SYSTEM, s(0)).then(Event::Opened(TERMS));
    opened(TERMS, [])
        .when(Command::Open(ONE_EACH), SYSTEM, s(5))
        .then_already(Event::Opened(TERMS));
}

#[test]
fn a_range_that_was_not_opened_refuses_everything_else() {
    for command in [assign(ADA, None), give(0, ADA), Command::Redeem(use_it(0))] {
        given::<Range>([]).when(command, ADMIN, s(0)).refused(Refusal::NotOpened);
    }
    for question in [
        Question::Coupon(0),
        Question::Source(SOURCE),
        Question::Walk(everything(0, 1)),
        Question::Ledger,
    ] {
        assert_eq!(Played::<Range>::default().look(&question), Answer::NotOpened);
    }
    assert_eq!(Range::default().due(), None);
}

#[test]
fn the_next_free_one_goes_to_whoever_asks() {
    opened(TERMS, []).when(assign(ADA, None), ADA, s(10)).then(assigned(0, ADA, None));
    taken(1).when(assign(ADA, Some(SOURCE)), ADA, s(10)).then(assigned(1, ADA, Some(SOURCE)));
    taken(4).when(assign(BOB, None), BOB, s(10)).then(assigned(4, BOB, None));
    taken(5).when(assign(ADA, None), ADA, s(10)).refused(Refusal::Exhausted);
    assert!(Refusal::Exhausted.may_be_had_elsewhere());
    assert!(
        ![Refusal::NotOpened, Refusal::Expired, Refusal::SourceReused]
            .iter()
            .any(Refused::may_be_had_elsewhere)
    );
}

#[test]
fn the_same_source_has_the_same_coupon_for_ever() {
    let has = opened(TERMS, [(s(10), assigned(0, ADA, Some(SOURCE)))]);
    has.when(assign(ADA, Some(SOURCE)), ADA, s(20)).then_already(assigned(0, ADA, Some(SOURCE)));
    has.saved_and_read().when(assign(ADA, Some(SOURCE)), ADA, s(20)).then_already(assigned(
        0,
        ADA,
        Some(SOURCE),
    ));
    has.when(assign(ADA, Some(OTHER_SOURCE)), ADA, s(20)).then(assigned(
        1,
        ADA,
        Some(OTHER_SOURCE),
    ));
    has.when(assign(ADA, None), ADA, s(20)).then(assigned(1, ADA, None));
    has.when(assign(BOB, Some(SOURCE)), BOB, s(20)).refused(Refusal::SourceReused);
    let void = has.and(s(30), Event::Redeemed(voided(0, ADA)));
    void.when(assign(ADA, Some(SOURCE)), ADA, s(40)).then_already(assigned(0, ADA, Some(SOURCE)));
    let over = void.and_time_passes(ENDS);
    over.when(assign(ADA, Some(SOURCE)), ADA, ENDS).then_already(assigned(0, ADA, Some(SOURCE)));
    over.when(assign(BOB, Some(SOURCE)), BOB, ENDS).refused(Refusal::SourceReused);
}

#[test]
fn a_source_is_answered_before_a_lack_of_coupons() {
    let full = taken(4).and(s(2), assigned(4, ADA, Some(SOURCE)));
    full.when(assign(ADA, Some(SOURCE)), ADA, s(20)).then_already(assigned(4, ADA, Some(SOURCE)));
    full.when(assign(ADA, Some(OTHER_SOURCE)), ADA, s(20)).refused(Refusal::Exhausted);
    let Answer::Source(Some((slot, view))) = full.look(&Question::Source(SOURCE)) else { panic!() };
    assert_eq!((slot, view.coupon.owner, view.state), (4, ADA.id, CouponState::Assigned));
    assert_eq!(full.look(&Question::Source(OTHER_SOURCE)), Answer::Source(None));
}

#[test]
fn where_each_may_have_one_he_always_gets_the_same() {
    let has = opened(ONE_EACH, [(s(10), only_one(0, ADA, Some(SOURCE)))]);
    for source in [None, Some(SOURCE), Some(OTHER_SOURCE)] {
        for has in [&has, &has.saved_and_read()] {
            has.when(assign(ADA, source), ADA, s(20)).then_already(only_one(0, ADA, None));
        }
    }
    has.when(assign(BOB, Some(SOURCE)), BOB, s(20)).refused(Refusal::SourceReused);
    has.when(assign(BOB, None), BOB, s(20)).then(only_one(1, BOB, None));
    has.and_time_passes(ENDS)
        .when(assign(ADA, None), ADA, ENDS)
        .then_already(only_one(0, ADA, None));
}

#[test]
fn an_answer_that_was_given_stays_although_the_source_is_somebody_elses_since() {
    let has = opened(ONE_EACH, [(s(10), only_one(0, ADA, None))]);
    has.when(assign(ADA, Some(SOURCE)), ADA, s(20)).then_already(only_one(0, ADA, None));
    let both = has.and(s(30), only_one(1, BOB, Some(SOURCE)));
    both.when(assign(ADA, Some(SOURCE)), ADA, s(40)).then_already(only_one(0, ADA, None));
}

#[test]
fn a_given_one_is_passed_by() {
    opened(TERMS, []).when(give(1, ADA), ADMIN, s(10)).then(assigned(1, ADA, None));
    let given = opened(TERMS, [(s(10), assigned(1, ADA, None)), (s(10), assigned(2, ADA, None))]);
    given.when(assign(BOB, None), BOB, s(20)).then(assigned(0, BOB, None));
    let next = given.and(s(20), assigned(0, BOB, None));
    next.when(assign(BOB, None), BOB, s(30)).then(assigned(3, BOB, None));
    next.saved_and_read().when(assign(BOB, None), BOB, s(30)).then(assigned(3, BOB, None));
}

#[test]
fn a_void_one_is_never_assigned() {
    let first = opened(TERMS, [(s(10), Event::Redeemed(voided_untouched(0)))]);
    first.when(assign(ADA, None), ADA, s(20)).then(assigned(1, ADA, None));
    first.when(give(0, ADA), ADMIN, s(20)).refused(Refusal::Coupon(redeem::Refusal::Void));
    first
        .when(Command::Redeem(use_it(0)), ADMIN, s(20))
        .refused(Refusal::Coupon(redeem::Refusal::Void));
    assert_eq!(
        (state(&first, 0), first.left_for(&assign(ADA, None), &ADA)),
        (Some(CouponState::Void), 4)
    );
    assert_eq!(ledger_of(&first), ledger([5, 4, 0, 0, 0, 0, 1]));
}

#[test]
fn to_give_the_same_again_is_a_repeat_and_to_another_a_refusal() {
    let given = opened(TERMS, [(s(10), assigned(1, ADA, None))]);
    given.when(give(1, ADA), ADMIN, s(20)).then_already(assigned(1, ADA, None));
    given.when(give(1, ADA), ADA, s(20)).then_already(assigned(1, ADA, None));
    given.when(give(1, BOB), ADMIN, s(20)).refused(Refusal::AlreadyAssigned);
    given.when(give(1, BOB), BOB, s(20)).refused(Refusal::Coupon(redeem::Refusal::NotYours));
    let used = given.and(s(20), Event::Redeemed(used(1, ADA, ADA)));
    used.when(give(1, ADA), ADMIN, s(30)).then_already(assigned(1, ADA, None));
    used.when(give(1, BOB), ADMIN, s(30)).refused(Refusal::AlreadyAssigned);
}

#[test]
fn what_became_of_somebody_elses_coupon_only_an_admin_is_told() {
    let void =
        opened(TERMS, [(s(10), assigned(1, ADA, None)), (s(11), Event::Redeemed(voided(1, ADA)))]);
    let over = opened(TERMS, [(s(10), assigned(1, ADA, None))]).and_time_passes(ENDS);
    for range in [void, over] {
        range
            .when(give(1, BOB), BOB, s(20_000))
            .refused(Refusal::Coupon(redeem::Refusal::NotYours));
    }
}

#[test]
fn refusals_of_a_given_one_have_their_order() {
    for caller in [ADA, ADMIN] {
        opened(ONE_EACH, []).when(give(5, ADA), caller, s(10)).refused(unknown());
        opened(ONE_EACH, []).when(give(0, ADA), caller, s(10)).refused(Refusal::OnePerMember);
        opened(TERMS, []).and_time_passes(ENDS).when(give(5, ADA), caller, ENDS).refused(unknown());
        opened(TERMS, [])
            .and_time_passes(ENDS)
            .when(give(0, ADA), caller, ENDS)
            .refused(Refusal::Expired);
    }
    let both =
        opened(TERMS, [(s(10), assigned(0, ADA, None)), (s(11), Event::Redeemed(voided(0, ADA)))])
            .and_time_passes(ENDS);
    both.when(give(0, BOB), ADMIN, ENDS).refused(Refusal::Coupon(redeem::Refusal::Void));
}

#[test]
fn the_whole_batch_expires_in_one_instant_and_one_event() {
    let range = taken(2).and(s(5), Event::Redeemed(used(0, BOB, BOB)));
    assert_eq!((range.0.due(), range.expires(before(ENDS))), (Some(ENDS), None));
    range.when(assign(ADA, None), ADA, before(ENDS)).then(assigned(2, ADA, None));
    assert_eq!(ledger_of(&range), ledger([5, 3, 0, 1, 1, 0, 0]));
    let expired = Event::Redeemed(redeem::Event::Expired { until: ENDS });
    assert_eq!(range.expires(ENDS), Some(expired.clone()));
    let over = range.and(ENDS, expired);
    assert_eq!((over.0.due(), ledger_of(&over)), (None, ledger([5, 0, 0, 0, 1, 4, 0])));
    over.when(assign(ADA, None), ADA, ENDS).refused(Refusal::Expired);
    assert_eq!(over.left_for(&assign(ADA, None), &ADA), 0);
    assert_eq!(
        [0, 1, 2, 4, 5].map(|slot| state(&over, slot)),
        [
            Some(CouponState::Used),
            Some(CouponState::Expired),
            Some(CouponState::Expired),
            Some(CouponState::Expired),
            None
        ]
    );
}

#[test]
fn expired_is_said_before_exhausted() {
    taken(5).and_time_passes(ENDS).when(assign(ADA, None), ADA, ENDS).refused(Refusal::Expired);
}

#[test]
fn what_is_left_is_what_can_still_be_had() {
    let left = |range: &super::given::Given<Range>| range.left_for(&assign(ADA, None), &ADA);
    assert_eq!([0, 1, 4, 5].map(|count| left(&taken(count))), [5, 4, 1, 0]);
    assert!(left(&given([])) > 0, "an unopened one counts as full");
    assert_eq!(taken(0).left_for(&give(0, ADA), &ADA), 0);
}

#[test]
fn the_ledger_names_every_state() {
    let range = opened(
        TERMS,
        [
            (s(1), assigned(0, ADA, None)),
            (s(1), assigned(1, ADA, None)),
            (s(1), assigned(2, ADA, None)),
            (s(2), Event::Redeemed(held(0, ADA, ADA, s(99)))),
            (s(2), Event::Redeemed(used(1, ADA, ADA))),
            (s(2), Event::Redeemed(voided_untouched(3))),
        ],
    );
    for range in [&range, &range.saved_and_read()] {
        assert_eq!(ledger_of(range), ledger([5, 1, 1, 1, 1, 0, 1]));
    }
    let later = range.saved_and_read().and_time_passes(s(99));
    assert_eq!(ledger_of(&later), ledger([5, 1, 0, 2, 1, 0, 1]));
    let over = later.and_time_passes(ENDS);
    for over in [&over, &over.saved_and_read()] {
        assert_eq!(ledger_of(over), ledger([5, 0, 0, 0, 1, 3, 1]));
    }
}

#[test]
fn untouched_coupons_are_a_number() {
    let terms = RangeTerms { count: 625_000_000, ..TERMS };
    let range = opened(terms, []);
    assert!(range.0.bytes().len() < 100, "{} bytes", range.0.bytes().len());
    assert_eq!(ledger_of(&range), ledger([625_000_000, 625_000_000, 0, 0, 0, 0, 0]));
    assert_eq!(
        [0, 624_999_999, 625_000_000].map(|slot| state(&range, slot)),
        [Some(CouponState::Created), Some(CouponState::Created), None]
    );
    let touched =
        range.and(s(1), assigned(0, ADA, None)).and(s(1), assigned(624_999_999, BOB, None));
    assert!(touched.0.bytes().len() < 200);
    assert_eq!(
        ledger_of(&touched.and_time_passes(ENDS)),
        ledger([625_000_000, 0, 0, 0, 0, 625_000_000, 0])
    );
}

#[test]
fn an_assignment_writes_a_line_in_its_owners_list() {
    let name = RangeName { batch: Serial(8), range: 3 };
    let mut rows = Vec::new();
    for event in
        [Event::Opened(TERMS), assigned(4, ADA, Some(SOURCE)), Event::Redeemed(used(4, ADA, ADA))]
    {
        Range::rows(&name, &event, s(10), &mut rows);
    }
    let [row] = &rows[..] else { panic!("{rows:?}") };
    let home = home_of_row(&row.key);
    assert_eq!((row.owner, home), (ADA.id, Some((CouponHome::Range { name, slot: 4 }, s(10)))));
}

#[test]
fn lines_are_found_from_any_instant_on() {
    let name = RangeName { batch: Serial(8), range: 3 };
    let mut rows = Vec::new();
    let instants = [Time(s(10).0 - 1), s(10), Time(s(10).0 + 1), s(500)];
    for (slot, at) in (0..).zip(instants) {
        Range::rows(&name, &assigned(slot, ADA, None), at, &mut rows);
    }
    let from = |at: Time| {
        let after = after_lines_before(at);
        rows.iter().filter(|row| row.key > after).count()
    };
    assert_eq!(instants.map(from), [4, 3, 2, 1]);
}

#[test]
fn names_stand_on_every_coupon_that_was_touched() {
    let terms = RangeTerms { count: 1_000_000, ..TERMS };
    let range =
        opened(terms, [(s(1), assigned(4, ADA, None)), (s(1), assigned(70_000, BOB, None))]);
    let next = |from| range.0.machine.next_number(shelves::COUPON_CARDS, from);
    assert_eq!([0, 4, 5, 70_000].map(next), [Some(4), Some(4), Some(70_000), Some(70_000)]);
    assert_eq!(next(70_001), None);
}

#[test]
fn an_open_request_comes_to_where_its_source_was_answered() {
    let range = opened(TERMS, [(s(1), assigned(0, ADA, Some(SOURCE)))]);
    let left = |source| range.left_for(&assign(ADA, source), &ADA);
    assert_eq!([Some(SOURCE), Some(OTHER_SOURCE), None].map(left), [u64::MAX, 4, 4]);
}
