//! Use, hold, confirm, cancel, void: what may be done with a coupon that has an owner.

use super::coupons::*;
use super::given::{ADA, ADMIN, BOB, Given, s};
use actors::domain::coupons::coupon::{Past, Tenure};
use actors::domain::coupons::range::{self, Command, Range, Refusal};
use actors::domain::coupons::redeem::{Command as Redeem, Event, Refusal as Why};
use actors::domain::coupons::{CancelBy, CouponState, Offer, offer};
use actors::{Caller, Time};

fn done(event: Event) -> range::Event {
    range::Event::Redeemed(event)
}

fn refused(range: &Given<Range>, command: Redeem, caller: Caller, at: Time, why: Why) {
    range.when(Command::Redeem(command), caller, at).refused(Refusal::Coupon(why));
}

fn happens(range: &Given<Range>, command: Redeem, caller: Caller, at: Time, event: Event) {
    range.when(Command::Redeem(command), caller, at).then(done(event));
}

const CONFIRM: Redeem = Redeem::Confirm { slot: 0 };
const CANCEL: Redeem = cancel_as(CancelBy::Member);
const VOID: Redeem = Redeem::Void { slot: 0 };

const fn cancel_as(by: CancelBy) -> Redeem {
    Redeem::Cancel { slot: 0, by }
}

fn all_of(slot: u64) -> [Redeem; 5] {
    [
        use_it(slot),
        hold_it(slot, 60),
        Redeem::Confirm { slot },
        Redeem::Cancel { slot, by: CancelBy::Member },
        Redeem::Void { slot },
    ]
}

#[test]
fn its_owner_uses_it_and_so_does_an_admin_for_him() {
    happens(&adas([]), use_it(0), ADA, s(20), used(0, ADA, ADA));
    happens(&adas([]), use_it(0), ADMIN, s(20), used(0, ADA, ADMIN));
    happens(&adas([]), use_it(0), SYSTEM, s(20), used(0, ADA, SYSTEM));
}

#[test]
fn somebody_else_is_refused_whatever_became_of_it() {
    let held = adas([(s(20), held(0, ADA, ADA, s(80)))]);
    let used = adas([(s(20), used(0, ADA, ADA))]);
    let void = adas([(s(20), voided(0, ADA))]);
    for range in [adas([]), held, used, void, adas([]).and_time_passes(ENDS)] {
        for command in all_of(0).into_iter().take(4) {
            refused(&range, command, BOB, s(30), Why::NotYours);
        }
        refused(&range, VOID, BOB, s(30), Why::NotAdmin);
        refused(&range, VOID, ADA, s(30), Why::NotAdmin);
    }
}

#[test]
fn what_is_nobodys_or_not_there_is_unknown() {
    for (slot, whose) in [(1, "nobody's"), (5, "beyond the end"), (u64::MAX, "far beyond")] {
        for caller in [ADA, ADMIN] {
            for command in all_of(slot).into_iter().take(4) {
                refused(&adas([]), command, caller, s(20), Why::Unknown);
            }
        }
        let void = adas([]).when(Command::Redeem(Redeem::Void { slot }), ADMIN, s(20));
        match slot {
            1 => void.then(done(voided_untouched(slot))),
            _ => void.refused(Refusal::Coupon(Why::Unknown)),
        }
        refused(&adas([]), Redeem::Void { slot }, ADA, s(20), Why::NotAdmin);
        assert_eq!(state(&adas([]), slot).is_some(), slot == 1, "{whose}");
    }
}

#[test]
fn what_a_use_is_worth_is_said_with_it() {
    let of = |amount| Redeem::Use { slot: 0, amount, reference: None, hold_s: None };
    let Event::Used { what, .. } =
        event(adas([]).when(Command::Redeem(of(Some(9000))), ADA, s(20)).event())
    else {
        panic!()
    };
    assert_eq!(
        (what.cut.discount, what.cut.payable, what.reference),
        (Some(500), Some(8500), None)
    );
    refused(&adas([]), of(None), ADA, s(20), Why::Offer(offer::Refusal::AmountNeeded));
    refused(
        &adas([]),
        of(Some(999)),
        ADA,
        s(20),
        Why::Offer(offer::Refusal::BelowMinimum { min_amount: 1000 }),
    );
}

fn event(event: range::Event) -> Event {
    match event {
        range::Event::Redeemed(event) => event,
        other => panic!("nothing is redeemed: {other:?}"),
    }
}

#[test]
fn the_state_is_named_before_the_offer() {
    let bad = |hold_s| Redeem::Use { slot: 0, amount: None, reference: None, hold_s };
    for hold_s in [None, Some(60)] {
        refused(&adas([(s(20), used(0, ADA, ADA))]), bad(hold_s), ADA, s(30), Why::AlreadyUsed);
        refused(&adas([(s(20), held(0, ADA, ADA, s(80)))]), bad(hold_s), ADA, s(30), Why::Held);
        refused(&adas([(s(20), voided(0, ADA))]), bad(hold_s), ADA, s(30), Why::Void);
        refused(&adas([]).and_time_passes(ENDS), bad(hold_s), ADA, ENDS, Why::Expired);
    }
}

#[test]
fn each_state_refuses_what_it_does_not_allow() {
    let cases = [
        (adas([]), [None, None, Some(Why::NotHeld), Some(Why::NotUsed), None]),
        (
            adas([(s(20), held(0, ADA, ADA, s(80)))]),
            [Some(Why::Held), Some(Why::Held), None, None, Some(Why::Held)],
        ),
        (
            adas([(s(20), used(0, ADA, ADA))]),
            [Some(Why::AlreadyUsed), Some(Why::AlreadyUsed), None, None, Some(Why::AlreadyUsed)],
        ),
        (adas([]).and_time_passes(ENDS), [Some(Why::Expired); 5]),
        (
            adas([(s(20), voided(0, ADA))]),
            [Some(Why::Void), Some(Why::Void), Some(Why::Void), Some(Why::Void), None],
        ),
    ];
    for (range, refusals) in cases {
        for (command, why) in all_of(0).into_iter().zip(refusals) {
            match why {
                Some(why) => refused(&range, command, ADMIN, s(30), why),
                None => drop(range.when(Command::Redeem(command), ADMIN, s(30)).verdict()),
            }
        }
    }
}

#[test]
fn a_hold_is_confirmed_with_the_use_it_was_made_for() {
    let holding = adas([(s(20), held(0, ADA, BOB, s(80)))]);
    assert_eq!(state(&holding, 0), Some(CouponState::Held));
    happens(&holding, CONFIRM, ADA, s(30), used(0, ADA, BOB));
    let used = holding.and(s(30), done(used(0, ADA, BOB)));
    assert_eq!((state(&used, 0), used.0.due()), (Some(CouponState::Used), Some(ENDS)));
    assert_eq!(used.expires(s(80)), None);
}

#[test]
fn a_hold_ends_at_its_instant_and_gives_the_coupon_back() {
    happens(&adas([]), hold_it(0, 60), ADA, s(20), held(0, ADA, ADA, s(80)));
    let holding = adas([(s(20), held(0, ADA, ADA, s(80)))]);
    assert_eq!((holding.0.due(), holding.expires(before(s(80)))), (Some(s(80)), None));
    assert_eq!(holding.expires(s(80)), Some(done(lapsed(0, ADA))));
    let back = holding.and_time_passes(s(80));
    assert_eq!((state(&back, 0), back.0.due()), (Some(CouponState::Assigned), Some(ENDS)));
    refused(&back, CONFIRM, ADA, s(80), Why::NotHeld);
    happens(&back, use_it(0), ADA, s(80), used(0, ADA, ADA));
    assert!(
        view(&back, 0).is_some_and(|view| view.coupon.tenure.past.is_empty()),
        "a hold that came to nothing is no past"
    );
}

#[test]
fn a_hold_never_outlives_its_coupon() {
    happens(&adas([]), hold_it(0, 60), ADA, s(9_990), held(0, ADA, ADA, ENDS));
    happens(&adas([]), hold_it(0, u32::MAX), ADA, before(ENDS), held(0, ADA, ADA, ENDS));
    let holding = adas([(s(9_990), held(0, ADA, ADA, ENDS))]);
    assert_eq!(holding.expires(before(ENDS)), None);
    let over = holding.and(ENDS, done(lapsed(0, ADA)));
    assert_eq!(over.expires(ENDS), Some(done(Event::Expired { until: ENDS })));
    let over = over.and_time_passes(ENDS);
    assert_eq!(state(&over, 0), Some(CouponState::Expired));
    refused(&over, CONFIRM, ADA, ENDS, Why::Expired);
}

#[test]
fn many_holds_lapse_a_thousand_at_a_time_and_before_anything_expires() {
    let terms = range::RangeTerms { count: 3_000, ..TERMS };
    let mut range = opened(terms, []).0;
    for slot in 0..2_500 {
        range.apply(&assigned(slot, ADA, None), s(1));
        range.apply(&done(held(slot, ADA, ADA, s(80 + slot as i64 % 3))), s(2));
    }
    let (mut range, mut sizes) = (Given(range), Vec::new());
    while let Some(event) = range.expires(ENDS) {
        sizes.push(if let range::Event::Redeemed(Event::Lapsed { holds }) = &event {
            holds.len()
        } else {
            0
        });
        range = range.and(ENDS, event);
    }
    assert_eq!(sizes, [1_000, 1_000, 500, 0]);
    assert_eq!(ledger_of(&range), ledger([3_000, 0, 0, 0, 0, 3_000, 0]));
}

#[test]
fn to_cancel_a_hold_leaves_no_trace() {
    let holding = adas([(s(20), held(0, ADA, ADA, s(80)))]);
    happens(&holding, CANCEL, ADA, s(30), cancelled(0, ADA, ADA));
    let back = holding.and(s(30), done(cancelled(0, ADA, ADA)));
    assert_eq!((state(&back, 0), back.0.due()), (Some(CouponState::Assigned), Some(ENDS)));
    assert!(view(&back, 0).is_some_and(|view| view.coupon.tenure.past.is_empty()));
    assert_eq!(back.expires(s(80)), None);
}

#[test]
fn to_cancel_a_use_gives_back_what_it_took_once_and_remembers_it() {
    let used_it = adas([(s(20), used(0, ADA, BOB))]);
    let once = Tenure { past: vec![past(ADA, BOB, s(20), s(30))], ..tenure() };
    let cancel = having(cancelled(0, ADA, BOB), once.clone());
    happens(&used_it, CANCEL, ADA, s(30), cancel.clone());
    let back = used_it.and(s(30), done(cancel));
    assert_eq!(state(&back, 0), Some(CouponState::Assigned));
    refused(&back, CANCEL, ADA, s(40), Why::NotUsed);
    happens(&back, use_it(0), ADA, s(40), having(used(0, ADA, ADA), once.clone()));
    let used_again = back.and(s(40), done(having(used(0, ADA, ADA), once.clone())));
    let mut twice = once;
    twice.past.push(past(ADA, ADA, s(40), s(50)));
    let cancel = having(cancelled(0, ADA, ADA), twice);
    happens(&used_again, CANCEL, ADA, s(50), cancel.clone());
    let again = used_again.and(s(50), done(cancel));
    let past: Vec<_> = view(&again, 0).expect("it is there").coupon.tenure.past;
    let taken = |past: &Past| (past.used.at, past.used.what.user(ADA.id), past.cancelled_at);
    assert_eq!(
        past.iter().map(taken).collect::<Vec<_>>(),
        [(s(20), BOB.id, s(30)), (s(40), ADA.id, s(50))]
    );
}

#[test]
fn a_use_is_taken_back_by_those_whom_the_offer_names_and_those_after_them() {
    let all = [CancelBy::Member, CancelBy::Service, CancelBy::Admin];
    for named in all {
        let offer = Offer { cancel_by: named, ..OFFER };
        let having = |event| {
            let terms = range::RangeTerms { offer, ..TERMS };
            opened(terms, [(s(10), assigned(0, ADA, None)), (s(20), done(event))])
        };
        for by in all {
            let cancel = Command::Redeem(cancel_as(by));
            let used = having(used(0, ADA, ADA)).when(cancel.clone(), ADA, s(30));
            match by >= named {
                true => drop(used.verdict()),
                false => used.refused(Refusal::Coupon(Why::CancelledBy(named))),
            }
            // Nothing was paid with it.
            having(held(0, ADA, ADA, s(80)))
                .when(cancel, ADA, s(30))
                .then(done(cancelled(0, ADA, ADA)));
        }
        let unused =
            opened(range::RangeTerms { offer, ..TERMS }, [(s(10), assigned(0, ADA, None))]);
        refused(&unused, CANCEL, ADA, s(30), Why::NotUsed);
        refused(&having(used(0, ADA, ADA)), CANCEL, BOB, s(30), Why::NotYours);
    }
}

#[test]
fn to_cancel_never_revives_what_has_expired() {
    let used_it = adas([(s(20), used(0, ADA, ADA))]).and_time_passes(ENDS);
    assert_eq!(state(&used_it, 0), Some(CouponState::Used), "what is used does not expire");
    let once = Tenure { past: vec![past(ADA, ADA, s(20), s(11_000))], ..tenure() };
    let cancel = having(cancelled(0, ADA, ADA), once);
    happens(&used_it, CANCEL, ADA, s(11_000), cancel.clone());
    let over = used_it.and(s(11_000), done(cancel));
    assert_eq!((state(&over, 0), over.0.due()), (Some(CouponState::Expired), None));
    refused(&over, use_it(0), ADA, s(11_001), Why::Expired);
    refused(&over, CANCEL, ADA, s(11_001), Why::Expired);
    assert_eq!(ledger_of(&over), ledger([5, 0, 0, 0, 0, 5, 0]));
}

#[test]
fn an_admin_voids_what_is_not_used_and_says_so_ever_after() {
    happens(&adas([]), VOID, ADMIN, s(20), voided(0, ADA));
    let void = adas([(s(20), voided(0, ADA))]);
    void.when(Command::Redeem(VOID), ADMIN, s(30)).then_already(done(voided(0, ADA)));
    void.when(Command::Redeem(VOID), SYSTEM, s(30)).then_already(done(voided(0, ADA)));
    assert_eq!(
        (state(&void, 0), ledger_of(&void)),
        (Some(CouponState::Void), ledger([5, 4, 0, 0, 0, 0, 1]))
    );
    let later = void.and_time_passes(ENDS);
    assert_eq!(ledger_of(&later), ledger([5, 0, 0, 0, 0, 4, 1]), "what is void does not expire");
}

#[test]
fn nothing_is_done_at_the_instant_of_expiry_and_everything_just_before() {
    happens(&adas([]), use_it(0), ADA, before(ENDS), used(0, ADA, ADA));
    assert_eq!(adas([]).expires(before(ENDS)), None);
    assert_eq!(adas([]).expires(ENDS), Some(done(Event::Expired { until: ENDS })));
    for command in all_of(0) {
        refused(&adas([]).and_time_passes(ENDS), command, ADMIN, ENDS, Why::Expired);
    }
    refused(&adas([]).and_time_passes(ENDS), Redeem::Void { slot: 3 }, ADMIN, ENDS, Why::Expired);
}
