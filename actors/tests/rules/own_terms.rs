//! Imported codes with terms of their own: an end before their batch's, and another worth.

use super::coupons::*;
use super::given::{ADA, ADMIN, BOB, Given, s};
use actors::domain::coupons::coupon::{CouponView, Tenure};
use actors::domain::coupons::ledger::Walk;
use actors::domain::coupons::rack::{Answer, Command, Event, Question, Rack, Refusal, Spelling};
use actors::domain::coupons::{
    CodeTerms, CouponFilter, CouponLedger, CouponState, Cut, Discount, Offer, range, redeem,
};
use actors::{Caller, Id, Time};

const NONE: CodeTerms =
    CodeTerms { expires_at: None, discount: None, min_amount: None, max_discount: None };

fn until_then(at: Time) -> CodeTerms {
    CodeTerms { expires_at: Some(at), ..NONE }
}

fn arriving(first: u64, of: &[CodeTerms]) -> Event {
    let line = |(slot, terms): (u64, &CodeTerms)| ((slot, format!("c{slot}").into()), *terms);
    let lines = (first..).zip(of).map(line).collect();
    let (terms, spelling) = (RACK_TERMS, Spelling::Exact);
    Event::ImportedWithTerms { batch: BATCH, terms, spelling, first, lines }
}

/// The first expires at 500 seconds, the second at 700, the third and fourth with their batch. The
/// fourth is 3.00 off from 4.00 on.
fn four() -> Given<Rack> {
    let fixed = CodeTerms {
        discount: Some(Discount::Amount(300)),
        min_amount: Some(400),
        max_discount: Some(300),
        ..NONE
    };
    rack([(s(1), arriving(0, &[until_then(s(500)), until_then(s(700)), NONE, fixed]))])
}

fn within(command: range::Command) -> Command {
    Command::In { batch: BATCH, command }
}

fn happened(event: range::Event) -> Event {
    Event::In { batch: BATCH, event }
}

fn assign(member: Caller) -> Command {
    within(range::Command::Assign { member: member.id, source: None })
}

fn give(slot: u64, member: Caller) -> Command {
    within(range::Command::Give { slot, member: member.id })
}

fn given_until(slot: u64, member: Caller, expires_at: Time) -> Event {
    let member = member.id;
    happened(range::Event::Assigned { slot, member, source: None, expires_at, only_one: false })
}

fn ask(rack: &Given<Rack>, question: range::Question) -> range::Answer {
    match rack.look(&Question::In { batch: BATCH, question }) {
        Answer::In(answer) => answer,
        other => panic!("{other:?}"),
    }
}

fn books(rack: &Given<Rack>) -> CouponLedger {
    match ask(rack, range::Question::Ledger) {
        range::Answer::Ledger(ledger) => ledger,
        other => panic!("{other:?}"),
    }
}

fn view(rack: &Given<Rack>, slot: u64) -> CouponView {
    match ask(rack, range::Question::Coupon(slot)) {
        range::Answer::Coupon(Some(view)) => view,
        other => panic!("{other:?}"),
    }
}

/// Of each of the four: how it is, and when it expires.
fn states(rack: &Given<Rack>) -> Vec<(CouponState, Time)> {
    let of = |slot| {
        let view = view(rack, slot);
        (view.state, view.coupon.tenure.expires_at)
    };
    (0..4).map(of).collect()
}

#[test]
fn lines_are_taken_in_with_their_terms_and_each_code_once() {
    let lines = vec![
        ((1, "a".into()), until_then(s(500))),
        ((2, "a".into()), NONE),
        ((3, "B".into()), NONE),
    ];
    let import = |spelling| Command::ImportWithTerms {
        batch: BATCH,
        terms: RACK_TERMS,
        spelling,
        lines: lines.clone(),
    };
    let taken = |spelling| Event::ImportedWithTerms {
        batch: BATCH,
        terms: RACK_TERMS,
        spelling,
        first: 0,
        lines: vec![lines[0].clone(), lines[2].clone()],
    };
    for spelling in Spelling::ALL {
        rack([]).when(import(spelling), SYSTEM, s(1)).then(taken(spelling));
        let two = rack([(s(1), taken(spelling))]);
        two.when(import(spelling), SYSTEM, s(2)).refused(Refusal::NothingNew);
        let found = two.look(&Question::Find(spelling, "B".into()));
        assert_eq!(found, Answer::Found(Some((BATCH, 1))));
        let found = two.look(&Question::Find(Spelling::Loose, "b".into()));
        let is_loose = spelling == Spelling::Loose;
        assert_eq!(found, Answer::Found(is_loose.then_some((BATCH, 1))));
        assert_eq!(taken(spelling).imported(), Some((BATCH, vec![1, 3])));
    }
}

#[test]
fn a_free_code_expires_at_its_own_end_and_the_others_with_their_batch() {
    let rack = four();
    assert_eq!((rack.0.due(), rack.expires(before(s(500)))), (Some(s(500)), None));
    assert_eq!(states(&rack), [s(500), s(700), ENDS, ENDS].map(|at| (CouponState::Created, at)));
    assert_eq!(books(&rack), ledger([4, 4, 0, 0, 0, 0, 0]));
    let one = rack.and_time_passes(s(500));
    for one in [&one, &one.saved_and_read()] {
        assert_eq!((one.0.due(), books(one)), (Some(s(700)), ledger([4, 3, 0, 0, 0, 1, 0])));
        assert_eq!(states(one)[0], (CouponState::Expired, s(500)));
        assert_eq!(one.left_for(&assign(ADA), &ADA), 3);
        // The next free one is one that has not expired.
        one.when(assign(ADA), ADA, s(500)).then(given_until(1, ADA, s(700)));
        one.when(give(0, ADA), ADMIN, s(500)).refused(Refusal::In(range::Refusal::Expired));
        let void = within(range::Command::Redeem(redeem::Command::Void { slot: 0 }));
        one.when(void, ADMIN, s(500))
            .refused(Refusal::In(range::Refusal::Coupon(redeem::Refusal::Expired)));
    }
    let none = one.and_time_passes(ENDS);
    assert_eq!((none.0.due(), books(&none)), (None, ledger([4, 0, 0, 0, 0, 4, 0])));
    assert!(states(&none).iter().all(|(state, _)| *state == CouponState::Expired));
}

#[test]
fn whose_a_code_is_loses_it_at_its_own_end() {
    let given =
        four().and(s(10), given_until(0, ADA, s(500))).and(s(10), given_until(2, ADA, ENDS));
    given.when(give(1, BOB), ADMIN, s(10)).then(given_until(1, BOB, s(700)));
    given.when(give(0, ADA), ADMIN, s(10)).then_already(given_until(0, ADA, s(500)));
    let later = given.and_time_passes(s(500));
    for later in [&later, &later.saved_and_read()] {
        assert_eq!(books(later), ledger([4, 2, 0, 1, 0, 1, 0]));
        let used = within(range::Command::Redeem(use_it(0)));
        later
            .when(used, ADA, s(500))
            .refused(Refusal::In(range::Refusal::Coupon(redeem::Refusal::Expired)));
    }
    // The free one of 700 seconds stands where it stood.
    assert_eq!(later.and_time_passes(s(700)).0.due(), Some(ENDS));
}

#[test]
fn owners_are_told_of_the_ends_of_their_codes() {
    let given =
        four().and(s(10), given_until(0, ADA, s(500))).and(s(10), given_until(2, ADA, ENDS));
    let notice = |since, until| {
        let command = redeem::Command::Notice { days: 3, since, until, from: 0 };
        within(range::Command::Redeem(command))
    };
    given.when(notice(s(400), s(600)), SYSTEM, s(20)).then(happened(range::Event::Redeemed(
        redeem::Event::Noticed {
            days: 3,
            until: s(600),
            coupons: vec![(0, ADA.id)],
            expires_at: vec![s(500)],
        },
    )));
    given
        .when(notice(s(600), s(800)), SYSTEM, s(20))
        .refused(Refusal::In(range::Refusal::Coupon(redeem::Refusal::NobodyToTell { next: None })));
}

#[test]
fn a_code_is_worth_what_its_row_said() {
    let own = Offer { min_amount: Some(400), max_discount: Some(300), ..OFFER };
    let own = Offer { discount: Discount::Amount(300), ..own };
    let given = four().and(s(10), given_until(3, ADA, ENDS)).and(s(10), given_until(2, ADA, ENDS));
    for given in [&given, &given.saved_and_read()] {
        assert_eq!((view(given, 3).own_offer, view(given, 2).own_offer), (Some(own), None));
        let used = |slot, amount| {
            let command = redeem::Command::Use { slot, amount, reference: None, hold_s: None };
            given.when(within(range::Command::Redeem(command)), ADA, s(20))
        };
        let below = |min_amount| {
            let below = actors::domain::coupons::offer::Refusal::BelowMinimum { min_amount };
            Refusal::In(range::Refusal::Coupon(redeem::Refusal::Offer(below)))
        };
        used(2, Some(999)).refused(below(1000));
        used(3, Some(399)).refused(below(400));
        let Event::In { event: range::Event::Redeemed(redeem::Event::Used { what, .. }), .. } =
            used(3, Some(1000)).event()
        else {
            panic!()
        };
        assert_eq!(what.cut, Cut { discount: Some(300), payable: Some(700) });
    }
    assert_eq!(view(&four(), 3).own_offer, Some(own), "also while it is free");
}

fn extended(to: Time) -> Event {
    happened(range::Event::Extended { expires_at: to })
}

#[test]
fn an_extension_is_for_all_that_have_not_expired() {
    let longer = s(20_000);
    let given = four().and(s(10), given_until(1, ADA, s(700)));
    let rack = given.and_time_passes(s(500)).and(s(600), extended(longer));
    for rack in [&rack, &rack.saved_and_read()] {
        assert_eq!(rack.0.due(), Some(longer));
        assert_eq!(
            states(rack),
            [
                (CouponState::Expired, s(500)),
                (CouponState::Assigned, longer),
                (CouponState::Created, longer),
                (CouponState::Created, longer),
            ]
        );
        rack.when(assign(BOB), BOB, s(800)).then(given_until(2, BOB, longer));
    }
    // What comes in after that follows it, unless it had expired before.
    let more = rack.and(s(900), arriving(4, &[until_then(s(950)), until_then(s(400))]));
    assert_eq!(books(&more), ledger([6, 3, 0, 1, 0, 2, 0]));
    let given = more.and(s(900), given_until(4, ADA, longer));
    // And again, when the end of the first extension has not come.
    let again = given.and(s(1_000), extended(s(30_000)));
    assert_eq!(states(&again)[0], (CouponState::Expired, s(500)));
    assert_eq!(states(&again)[1], (CouponState::Assigned, s(30_000)));
    let over = again.and_time_passes(s(30_000));
    assert_eq!((over.0.due(), books(&over)), (None, ledger([6, 0, 0, 0, 0, 6, 0])));
}

#[test]
fn what_is_given_back_after_its_own_end_is_not_revived_by_an_extension() {
    let tenure = Tenure { assigned_at: s(10), expires_at: s(500), past: Vec::new() };
    let used = having(used(0, ADA, ADA), tenure.clone());
    let cancelled = having(cancelled(0, ADA, ADA), tenure);
    let redeemed = |event| happened(range::Event::Redeemed(event));
    let rack = four()
        .and(s(10), given_until(0, ADA, s(500)))
        .and(s(20), redeemed(used))
        .and_time_passes(s(700))
        .and(s(800), extended(s(20_000)))
        .and(s(900), redeemed(cancelled));
    assert_eq!(states(&rack)[0], (CouponState::Expired, s(500)));
    assert_eq!(books(&rack), ledger([4, 2, 0, 0, 0, 2, 0]));
}

fn revised(offer: Offer, expires_at: Time) -> Event {
    happened(range::Event::Revised { offer, expires_at })
}

#[test]
fn a_batch_that_is_revised_ends_its_codes_too_and_their_own_terms_stay() {
    let dear = Offer { min_amount: Some(7_000), ..Offer::of(Discount::percent(50)) };
    let rack = four().and(s(20), happened(range::Event::Frozen)).and(s(20), revised(dear, s(600)));
    let rack = rack.and(s(20), happened(range::Event::Thawed));
    assert_eq!(
        states(&rack),
        [s(500), s(600), s(600), s(600)].map(|at| (CouponState::Created, at))
    );
    let own = view(&rack, 3).own_offer.unwrap();
    assert_eq!((own.discount, own.min_amount), (Discount::Amount(300), Some(400)));
    assert_eq!(view(&rack, 0).own_offer, Some(dear));
    rack.when(give(1, ADA), ADMIN, s(30)).then(given_until(1, ADA, s(600)));
    let given = rack.and(s(30), given_until(1, ADA, s(600))).and_time_passes(s(500));
    assert_eq!((given.0.due(), books(&given)), (Some(s(600)), ledger([4, 2, 0, 1, 0, 1, 0])));
    let over = given.and_time_passes(s(600));
    assert_eq!((over.0.due(), books(&over)), (None, ledger([4, 0, 0, 0, 0, 4, 0])));
}

#[test]
fn an_end_that_is_revised_takes_an_extension_back() {
    let rack = four().and(s(20), extended(s(20_000))).and(s(30), happened(range::Event::Frozen));
    let rack = rack.and(s(30), revised(OFFER, s(900))).and(s(30), happened(range::Event::Thawed));
    assert_eq!(
        states(&rack),
        [s(500), s(700), s(900), s(900)].map(|at| (CouponState::Created, at))
    );
    rack.when(assign(ADA), ADA, s(40)).then(given_until(0, ADA, s(500)));
    let given = rack.and(s(40), given_until(2, ADA, s(900))).and_time_passes(s(700));
    assert_eq!((given.0.due(), books(&given)), (Some(s(900)), ledger([4, 1, 0, 1, 0, 2, 0])));
    let over = given.and_time_passes(s(900));
    assert_eq!((over.0.due(), books(&over)), (None, ledger([4, 0, 0, 0, 0, 4, 0])));
}

#[test]
fn what_is_void_does_not_expire_and_what_has_expired_is_not_void() {
    let counts = range::VoidedCounts { free: 3, assigned: 0 };
    let rack = four().and_time_passes(s(500));
    let void_all = within(range::Command::VoidAll);
    rack.when(void_all, ADMIN, s(600)).then(happened(range::Event::AllVoided(counts)));
    let void = rack.and(s(600), happened(range::Event::AllVoided(counts)));
    let void = void.and(s(700), arriving(4, &[until_then(s(900)), until_then(s(400))]));
    for void in [&void, &void.saved_and_read()] {
        assert_eq!((void.0.due(), books(void)), (None, ledger([6, 0, 0, 0, 0, 2, 4])));
        let states: Vec<_> = (0..6).map(|slot| view(void, slot).state).collect();
        let (expired, void) = (CouponState::Expired, CouponState::Void);
        assert_eq!(states, [expired, void, void, void, void, expired]);
    }
}

#[test]
fn what_was_assigned_before_the_first_code_with_an_end_of_its_own_is_not_assigned_again() {
    let two = rack([(s(1), imported(BATCH, &[(1, "aa"), (2, "bb")]))]);
    let one = two.and(s(2), given_until(0, ADA, ENDS));
    let more = one.and(s(3), arriving(2, &[until_then(s(500))]));
    for more in [&more, &more.saved_and_read()] {
        more.when(assign(BOB), BOB, s(4)).then(given_until(1, BOB, ENDS));
    }
}

#[test]
fn a_job_voids_those_that_have_not_expired() {
    let job = Id([9; 16]);
    let rack = four().and_time_passes(s(500));
    let free = CouponFilter { state: Some(CouponState::Created), ..CouponFilter::default() };
    let command = within(range::Command::VoidThose { job, filter: free, from: 0 });
    let event = rack.when(command, ADMIN, s(600)).event();
    let Event::In { event: range::Event::VoidedThose { ref coupons, .. }, .. } = event else {
        panic!("{event:?}")
    };
    assert_eq!(coupons.iter().map(|coupon| coupon.slot).collect::<Vec<_>>(), [1, 2, 3]);
    let void = rack.and(s(600), event).and_time_passes(ENDS);
    assert_eq!((void.0.due(), books(&void)), (None, ledger([4, 0, 0, 0, 0, 1, 3])));
}

#[test]
fn codes_are_found_by_their_own_ends() {
    let found = |rack: &Given<Rack>, since, until, states: &[CouponState]| {
        let (states, untouched) = (states.to_vec(), true);
        let walk = Walk { since, until, states, untouched, ..Walk::all(0) };
        match ask(rack, range::Question::Walk(walk)) {
            range::Answer::Walked(walked) => {
                walked.found.iter().map(|(slot, _)| *slot).collect::<Vec<_>>()
            }
            other => panic!("{other:?}"),
        }
    };
    let rack = four();
    assert_eq!(found(&rack, s(600), s(800), &[]), [1]);
    assert_eq!(found(&rack, ENDS, s(10_001), &[]), [2, 3]);
    let one = rack.and_time_passes(s(500));
    assert_eq!(found(&one, s(0), s(10_001), &[CouponState::Expired]), [0]);
    assert_eq!(found(&one, s(0), s(10_001), &[CouponState::Created]), [1, 2, 3]);
}
