//! The head of a slice: small whatever was sold or ended, and enough for holds that live or begin.

use super::given::{ADA, ADMIN, BOB, s};
use super::terms::*;
use actors::Id;
use actors::domain::tickets::{Command, Event, Question, Slice, SliceTerms};
use testing::played::Played;

/// 100,000 numbers, one copy of each.
fn large() -> Played<Slice> {
    let mut slice = Played::default();
    let terms = SliceTerms { digits: 6, copies: 1, ..TERMS };
    slice.apply(&opened_with(terms), s(0));
    slice
}

/// Every number is held by a member of its own, in one order or another, and then this happens.
fn all_held(
    slice: &mut Played<Slice>,
    numbers: impl Iterator<Item = u32>,
    end: fn(Event) -> Event,
) {
    for (hold, number) in (0u32..).zip(numbers) {
        let (owner, tickets) = (Id::digest(&[&hold.to_le_bytes()]), vec![ticket(number, 1)]);
        let held = Event::Held { hold, owner, tickets, until: s(310) };
        slice.apply(&held, s(10));
        slice.apply(&end(held), s(20));
    }
}

fn sell(held: Event) -> Event {
    match held {
        Event::Held { hold, owner, tickets, .. } => Event::Confirmed { hold, owner, tickets },
        other => other,
    }
}

fn expire(held: Event) -> Event {
    match held {
        Event::Held { hold, owner, .. } => Event::Expired { holds: vec![(hold, owner)] },
        other => other,
    }
}

#[test]
fn a_hundred_thousand_sold_tickets_are_a_bit_each() {
    let mut slice = large();
    all_held(&mut slice, 300_000..400_000, sell);
    assert!(slice.bytes().len() < 13_100, "{} bytes", slice.bytes().len());
    assert_eq!(slice.imbalance(), 0);
    let again = slice.saved_and_read();
    assert_eq!((again.bytes(), again.imbalance()), (slice.bytes(), 0));
    assert_eq!(again.look(&Question::Ledger), slice.look(&Question::Ledger));
}

#[test]
fn what_was_sold_here_and_there_is_a_few_bytes_each() {
    let mut slice = large();
    all_held(&mut slice, (300_000..400_000).step_by(1000), sell);
    assert!(slice.bytes().len() < 350, "{} bytes", slice.bytes().len());
}

#[test]
fn holds_that_came_to_nothing_leave_nothing() {
    let mut slice = large();
    let empty = slice.bytes().len();
    all_held(&mut slice, (300_000..400_000).step_by(10), expire);
    // The number of the next hold has more digits.
    assert!(slice.bytes().len() < empty + 4, "{} bytes", slice.bytes().len());
}

#[test]
fn a_hold_that_lives_or_begins_needs_no_card_and_one_that_is_past_needs_one() {
    let slice = slice([
        (s(10), held(0, ADA, &[ticket(3001, 1)], s(310))),
        (s(10), held(1, ADA, &[ticket(3002, 1)], s(310))),
        (s(20), released(1, ADA)),
    ]);
    let about = |hold| {
        [Command::Confirm { hold }, Command::Extend { hold, ttl_s: 9 }, Command::Release { hold }]
    };
    let looked_up = |command: &Command, caller| slice.cards_to_decide(command, caller, s(30));
    for caller in [ADA, BOB, ADMIN] {
        assert_eq!(looked_up(&hold("3***", 1, 0), caller), 0);
        assert_eq!(looked_up(&Command::Seal, caller), 0);
        for (number, cards) in [(0, 0), (1, 1), (2, 0)] {
            for command in about(number) {
                assert_eq!(looked_up(&command, caller), cards, "{command:?}");
            }
        }
    }
    let free = Command::Refund { ticket: ticket(3002, 1) };
    assert_eq!(looked_up(&free, ADMIN), 0);
}
