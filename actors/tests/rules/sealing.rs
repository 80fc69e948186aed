//! The end of a slice: the closing instant, and the seal.

use super::given::{ADA, BOB, s};
use super::terms::*;
use actors::domain::tickets::{Command, Event, Refusal};
use actors::{Caller, Time};

#[test]
fn the_closing_instant_caps_holds_and_extensions() {
    let event = slice([]).when(hold("3***", 1, 0), ADA, s(9_900)).event();
    assert!(matches!(event, Event::Held { until, .. } if until == TERMS.closes_at), "{event:?}");
    let late = slice([(s(9_800), held(0, ADA, &[ticket(3001, 1)], s(9_900)))]);
    let extend = Command::Extend { hold: 0, ttl_s: 500 };
    late.when(extend.clone(), ADA, s(9_850))
        .then(Event::Extended { hold: 0, until: TERMS.closes_at });
    let longest = late.and(s(9_850), Event::Extended { hold: 0, until: TERMS.closes_at });
    longest
        .when(extend, ADA, s(9_900))
        .refused(Refusal::ExtendedToTheLimit { until: TERMS.closes_at });
}

#[test]
fn nothing_is_held_confirmed_or_extended_from_the_closing_instant_on() {
    let slice = slice([(s(9_800), held(0, ADA, &[ticket(3001, 1)], s(10_000)))]);
    let last = Time(TERMS.closes_at.0 - 1);
    slice.when(hold("3***", 1, 0), BOB, last).event();
    slice.when(Command::Confirm { hold: 0 }, ADA, last).event();
    slice.when(hold("3***", 1, 0), BOB, TERMS.closes_at).refused(Refusal::Closed);
    slice.when(Command::Confirm { hold: 0 }, ADA, TERMS.closes_at).refused(Refusal::Closed);
    slice
        .when(Command::Extend { hold: 0, ttl_s: 1 }, ADA, TERMS.closes_at)
        .refused(Refusal::Closed);
}

#[test]
fn a_seal_ends_live_holds_a_thousand_at_a_time_and_then_closes() {
    let members: Vec<Caller> =
        (0..2_000u32).map(|n| Caller::member(actors::Id::digest(&[&n.to_le_bytes()]))).collect();
    let holds = (0..2_000).map(|n| {
        (s(10), held(n, members[n as usize], &[ticket(3000 + n / 2, 1 + (n % 2) as u16)], s(310)))
    });
    let mut slice = slice(holds).and(s(11), confirmed(7, members[7], &[ticket(3003, 2)]));
    for left in [999, 0] {
        let event = slice.when(Command::Seal, Caller::SYSTEM, s(12)).event();
        let Event::Cleared { holds } = &event else { panic!("{event:?}") };
        assert_eq!(holds.len(), if left > 0 { 1000 } else { 999 });
        slice = slice.and(s(12), event);
        slice.when(hold("3***", 1, 0), ADA, s(12)).refused(Refusal::Closed);
        assert_eq!(slice.left_for(&hold("3***", 1, 0), &ADA), 0);
    }
    slice.when(Command::Seal, Caller::SYSTEM, s(12)).then(Event::Sealed { sold: 1 });
    let sealed = slice.and(s(12), Event::Sealed { sold: 1 });
    sealed.when(Command::Seal, Caller::SYSTEM, s(99)).then_already(Event::Sealed { sold: 1 });
}

#[test]
fn nothing_begins_or_changes_after_the_seal() {
    let one = [ticket(3001, 1)];
    let sold = slice([
        (s(10), held(0, ADA, &one, s(310))),
        (s(20), confirmed(0, ADA, &one)),
        (s(30), Event::Sealed { sold: 1 }),
    ]);
    sold.when(hold("3***", 1, 0), ADA, s(31)).refused(Refusal::Closed);
    sold.when(Command::Refund { ticket: one[0] }, super::given::ADMIN, s(31))
        .refused(Refusal::Closed);
    sold.when(Command::Confirm { hold: 0 }, ADA, s(31)).then_already(confirmed(0, ADA, &one));
}

#[test]
fn a_hold_that_a_seal_ended_is_over() {
    let cleared = Event::Cleared { holds: vec![(0, ADA.id)] };
    let slice = slice([(s(10), held(0, ADA, &[ticket(3001, 1)], s(310))), (s(20), cleared)]);
    slice.when(Command::Confirm { hold: 0 }, ADA, s(21)).refused(Refusal::HoldExpired);
    assert_eq!(slice.expires(s(310)), None);
}
