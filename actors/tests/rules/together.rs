//! Holds of numbers that follow one another, against a list of what is free that shares no code
//! with the rules.

use super::given::{ADA, BOB, Given, given, s};
use super::terms::*;
use actors::dice::Dice;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{
    Command, Event, OrderNumber, Refusal, Sale, Slice, SliceTerms, Wave,
};
use actors::{Caller, Time, Verdict};
use std::collections::{BTreeMap, BTreeSet};

const ORDER: OrderNumber = OrderNumber { till: 1, number: 7 };

fn together(pattern: &str, count: u16, at_least: u16) -> Command {
    let pattern = pattern.parse().expect("it is one");
    Command::HoldTogether { pattern, count, at_least, ttl_s: 300 }
}

/// As many live holds as there are tickets.
fn roomy() -> SliceTerms {
    SliceTerms { holds_per_member: 2000, ..TERMS }
}

fn slice_of(terms: SliceTerms) -> Given<Slice> {
    given([(s(0), opened_with(terms))])
}

/// What is free, number by number.
struct Naive(BTreeMap<u32, BTreeSet<u16>>);

impl Naive {
    fn full() -> Naive {
        Naive((3000..4000).map(|number| (number, BTreeSet::from([1, 2]))).collect())
    }

    fn take(&mut self, tickets: &[Ticket]) {
        for Ticket { number, copy } in tickets {
            let copies = self.0.get_mut(number).expect("there is such a number");
            assert!(copies.remove(copy), "{number} {copy} was not free");
        }
    }

    fn give_back(&mut self, tickets: &[Ticket]) {
        for Ticket { number, copy } in tickets {
            assert!(self.0.get_mut(number).expect("there is such a number").insert(*copy));
        }
    }

    /// The longest run of free numbers that match, but for what is longer than `most`.
    fn longest(&self, pattern: &str, most: usize) -> usize {
        let (mut longest, mut run) = (0, 0);
        for (number, copies) in &self.0 {
            run = if matches(pattern, *number) && !copies.is_empty() { run + 1 } else { 0 };
            longest = longest.max(run.min(most));
        }
        longest
    }
}

fn matches(pattern: &str, number: u32) -> bool {
    let digits = number.to_string();
    digits.chars().zip(pattern.chars()).all(|(digit, place)| place == '*' || place == digit)
}

fn assert_follow_one_another(tickets: &[Ticket], pattern: &str) {
    assert!(tickets.windows(2).all(|two| two[0].number + 1 == two[1].number), "{tickets:?}");
    assert!(tickets.iter().all(|ticket| matches(pattern, ticket.number)), "{tickets:?}");
}

#[test]
fn whatever_is_taken_a_hold_has_the_longest_run_that_there_is_or_is_refused_with_it() {
    for seed in 0..4 {
        let (mut slice, mut naive, mut dice) = (slice_of(roomy()), Naive::full(), Dice::new(seed));
        let mut live: Vec<(u32, Vec<Ticket>)> = Vec::new();
        let (mut held, mut refused, mut shorter) = (0, 0, 0);
        for turn in 0..1_500 {
            if turn % 500 == 499 {
                slice = slice.saved_and_read();
            }
            // First nearly all is taken, then as much is taken as is let go of.
            if dice.below(10) < if turn < 600 { 1 } else { 5 } && !live.is_empty() {
                let (hold, tickets) = live.swap_remove(dice.below(live.len() as u64) as usize);
                naive.give_back(&tickets);
                slice = slice.and(s(1), released(hold, ADA));
                continue;
            }
            let pattern = ["3***", "30**", "3*1*", "3**4", "3123", "37**"][dice.below(6) as usize];
            let count = 1 + dice.below(8) as u16;
            let at_least = 1 + dice.below(u64::from(count)) as u16;
            let is_alone = dice.below(3) == 0;
            let command =
                if is_alone { hold(pattern, count, 1) } else { together(pattern, count, at_least) };
            let longest = naive.longest(pattern, usize::from(count));
            match slice.0.decide(&command, &ADA, &actors::Stamp { at: s(1), seed: dice.roll() }) {
                Ok(Verdict::New(event)) => {
                    let Event::Held { hold, tickets, .. } = &event else { panic!("{event:?}") };
                    if !is_alone {
                        assert_follow_one_another(tickets, pattern);
                        assert_eq!(tickets.len(), longest, "{pattern}, {count} at turn {turn}");
                        assert!(tickets.len() >= usize::from(at_least));
                        held += 1;
                        shorter += usize::from(tickets.len() < usize::from(count));
                    }
                    naive.take(tickets);
                    live.push((*hold, tickets.clone()));
                    slice = slice.and(s(1), event);
                }
                Err(Refusal::NoMatchLeft { left }) if !is_alone => {
                    assert_eq!(left, longest as u64, "{pattern}, {count} at turn {turn}");
                    assert!(longest < usize::from(at_least));
                    refused += 1;
                }
                Err(Refusal::NoMatchLeft { .. }) => {}
                other => panic!("{other:?}"),
            }
        }
        assert!(held > 100 && refused > 100 && shorter > 10, "{held} {refused} {shorter}");
    }
}

#[test]
fn several_copies_of_a_number_count_once_and_are_had_one_after_the_other() {
    let mut slice = slice_of(roomy());
    for hold in 0..2 {
        let event = slice.when(together("312*", 10, 10), ADA, s(1)).event();
        let numbers: Vec<u32> = tickets_of(event.clone()).iter().map(|t| t.number).collect();
        assert_eq!(numbers, (3120..3130).collect::<Vec<_>>(), "hold {hold}");
        slice = slice.and(s(1), event);
    }
    let gone = Refusal::NoMatchLeft { left: 0 };
    slice.when(together("312*", 2, 1), BOB, s(2)).refused(gone);
    let back = slice.and(s(3), released(1, ADA));
    assert_eq!(tickets_of(back.when(together("312*", 2, 2), BOB, s(4)).event()).len(), 2);
}

#[test]
fn a_run_ends_where_the_pattern_does() {
    let slice = slice_of(roomy());
    let none = Refusal::NoMatchLeft { left: 1 };
    slice.when(together("3**5", 2, 2), ADA, s(1)).refused(none);
    for seed in 0..50 {
        let decided = slice.when_by_chance(together("3*7*", 10, 10), ADA, s(1), seed);
        let tickets = tickets_of(decided.event());
        assert_eq!(tickets[0].number % 100, 70, "{tickets:?}");
    }
}

#[test]
fn limits_and_waves_make_a_run_shorter_or_refuse_it() {
    let slice = slice_of(TERMS);
    assert_eq!(tickets_of(slice.when(together("3***", 5, 2), ADA, s(1)).event()).len(), 3);
    let limit = Refusal::LimitReached { limit: 3 };
    slice.when(together("3***", 5, 4), ADA, s(1)).refused(limit);
    let wave = |at, tickets| Wave { at: s(at), tickets };
    let sale = Sale { waves: vec![wave(0, 2), wave(500, 9)], ..Sale::default() };
    let waves = slice_of(SliceTerms { sale, ..roomy() });
    assert_eq!(tickets_of(waves.when(together("3***", 5, 2), ADA, s(1)).event()).len(), 2);
    let later = Refusal::NotReleasedYet { next_at: s(500) };
    waves.when(together("3***", 5, 3), ADA, s(1)).refused(later);
    // They will never be side by side, however many are released.
    let never = Refusal::NoMatchLeft { left: 1 };
    waves.when(together("3**3", 5, 3), ADA, s(1)).refused(never);
    assert_eq!(tickets_of(waves.when(together("3***", 5, 5), ADA, s(500)).event()).len(), 5);
}

#[test]
fn a_part_of_an_order_has_a_run_and_has_it_once() {
    let ask = |at_least| Command::HoldTogetherFor {
        order: ORDER,
        owner: ADA.id,
        pattern: "312*".parse().expect("it is one"),
        count: 20,
        at_least,
    };
    let slice = slice_of(roomy());
    let too_many = Refusal::NoMatchLeft { left: 10 };
    slice.when(ask(11), Caller::SYSTEM, s(1)).refused(too_many);
    let event = slice.when(ask(4), Caller::SYSTEM, s(1)).event();
    let Event::HeldFor { order: ORDER, tickets, .. } = &event else { panic!("{event:?}") };
    assert_follow_one_another(tickets, "312*");
    assert_eq!(tickets.len(), 10);
    slice.and(s(1), event.clone()).when(ask(2), Caller::SYSTEM, Time(9)).then_already(event);
}
