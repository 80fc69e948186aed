//! A member who asks for a pattern gets any of its free tickets, each as likely as any other.
//! Chi-square, with seeds that are fixed.
//!
//! The bound is the 99.99 % quantile: with fixed seeds a test either holds for ever or not at all.
//! The last tests are unfair on purpose, and caught.

use actors::dice::Dice;
use actors::domain::day::Day;
use actors::domain::pool::PoolName;
use actors::domain::tickets::stock::{Stock, Ticket};
use actors::domain::tickets::{
    Command, FirstTerms, Pattern, Refusal, Slice, SliceName, SliceTerms,
};
use actors::engine::open::{Reach, ask_any, home};
use actors::engine::{By, Failure, How, Key, KeyWindow, Manner, Partition, Reply, Request};
use actors::{Caller, Id, Time};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Above this, less than one fair run in ten thousand comes out (Wilson and Hilferty's
/// approximation).
fn bound(degrees: usize) -> f64 {
    let k = degrees as f64;
    let spread = 2.0 / (9.0 * k);
    k * (1.0 - spread + 3.719 * spread.sqrt()).powi(3)
}

/// How far the counts are from what the weights say.
fn chi_square(counts: &[u64], weights: &[u64]) -> f64 {
    let (drawn, weight) = (counts.iter().sum::<u64>() as f64, weights.iter().sum::<u64>() as f64);
    let expected = weights.iter().map(|each| drawn * *each as f64 / weight);
    counts
        .iter()
        .zip(expected)
        .map(|(seen, expected)| (*seen as f64 - expected).powi(2) / expected)
        .sum()
}

fn is_fair(counts: &[u64], weights: &[u64]) -> bool {
    chi_square(counts, weights) < bound(counts.len() - 1)
}

fn pattern(text: &str) -> Pattern {
    text.parse().expect("it is one")
}

/// Picks `rounds` times and counts how often each free ticket came.
fn counts_of(
    free: &[Ticket],
    rounds: u64,
    mut pick: impl FnMut(&mut Dice) -> Vec<Ticket>,
) -> Vec<u64> {
    let mut counts: BTreeMap<Ticket, u64> = free.iter().map(|ticket| (*ticket, 0)).collect();
    for seed in 0..rounds {
        for ticket in pick(&mut Dice::new(seed)) {
            *counts.get_mut(&ticket).expect("only what is free and matches is picked") += 1;
        }
    }
    counts.into_values().collect()
}

fn all(numbers: impl Iterator<Item = u32>, copies: u16) -> Vec<Ticket> {
    numbers.flat_map(|number| (1..=copies).map(move |copy| Ticket { number, copy })).collect()
}

/// The numbers 3000 to 3999, three copies each, and the free tickets of `3*2*` when two of three
/// are gone.
fn partly_sold() -> (Stock, Vec<Ticket>) {
    let mut stock = Stock::full(3000, 3, 3);
    let mut dice = Dice::new(99);
    let mut free = Vec::new();
    for ticket in all(3000..4000, 3) {
        if dice.below(3) > 0 {
            stock.take(&ticket);
        } else if ticket.number / 10 % 10 == 2 {
            free.push(ticket);
        }
    }
    (stock, free)
}

#[test]
fn every_ticket_of_an_untouched_slice_is_as_likely_as_any_other() {
    let stock = Stock::full(3000, 3, 2);
    let counts =
        counts_of(&all(3000..4000, 2), 60_000, |dice| stock.pick(&pattern("3***"), 1, dice));
    assert!(is_fair(&counts, &vec![1; 2000]));
}

#[test]
fn every_free_ticket_of_a_partly_sold_pattern_is_as_likely_as_any_other() {
    let (stock, free) = partly_sold();
    assert!((60..140).contains(&free.len()));
    let counts = counts_of(&free, 50_000, |dice| stock.pick(&pattern("3*2*"), 1, dice));
    assert!(is_fair(&counts, &vec![1; free.len()]));
}

#[test]
fn every_free_ticket_is_as_likely_to_be_among_several() {
    let (stock, free) = partly_sold();
    for count in [2, 7] {
        let counts = counts_of(&free, 30_000, |dice| stock.pick(&pattern("3*2*"), count, dice));
        assert_eq!(counts.iter().sum::<u64>(), 30_000 * count as u64);
        assert!(is_fair(&counts, &vec![1; free.len()]));
    }
}

#[test]
fn every_pair_of_tickets_is_as_likely_as_any_other() {
    let mut stock = Stock::full(3000, 3, 2);
    stock.take(&Ticket { number: 3126, copy: 2 });
    let mut pairs: BTreeMap<Vec<Ticket>, u64> = BTreeMap::new();
    for seed in 0..40_000 {
        let mut pair = stock.pick(&pattern("312*"), 2, &mut Dice::new(seed));
        pair.sort();
        *pairs.entry(pair).or_insert(0) += 1;
    }
    assert_eq!(pairs.len(), 19 * 18 / 2);
    assert!(is_fair(&pairs.into_values().collect::<Vec<_>>(), &[1; 171]));
}

/// Slices whose appends are always kept and which answer at once.
struct Still {
    slices: RefCell<Vec<Partition<Slice, ()>>>,
    asked: RefCell<Vec<u16>>,
}

const TERMS: SliceTerms = FirstTerms {
    digits: 4,
    copies: 1,
    holds_per_member: 1000,
    hold_max_s: 600,
    closes_at: Time(i64::MAX),
}
.in_full();

impl Still {
    /// Ten slices with so many tickets of `*12*` left in each.
    fn with(left: [u64; 10]) -> Still {
        let window = Arc::new(KeyWindow::new(1_000_000, 3600));
        let names = SliceName::all(PoolName::Day(Day(20_261_231)), 4);
        let open = |name: &SliceName| {
            Partition::open(*name, Default::default(), window.clone()).expect("nothing opens")
        };
        let still = Still {
            slices: RefCell::new(names.iter().map(open).collect()),
            asked: RefCell::default(),
        };
        for (place, left) in (0u16..).zip(left) {
            still.command(place, Command::Open { lead: place as u8, terms: Box::new(TERMS) });
            for number in left..10 {
                let pattern = Pattern::exactly(place as u32 * 1000 + 120 + number as u32, 4);
                still.command(place, Command::Hold { pattern, count: 1, at_least: 1, ttl_s: 600 });
            }
        }
        still.asked.borrow_mut().clear();
        still
    }

    fn command(&self, place: u16, command: Command) {
        let reply = self.serve(
            place,
            Request::Command { command, caller: Caller::SYSTEM, key: None, how: Manner::ForGood },
        );
        assert!(matches!(reply, Reply::Done(_)), "a command that is never refused");
    }

    fn serve(&self, place: u16, request: Request<Slice>) -> Reply<Slice> {
        let partition = &mut self.slices.borrow_mut()[place as usize];
        if let Some((_, reply)) = partition.serve(request, Time(0), place as u64, ()) {
            return reply;
        }
        partition.flush().expect("somebody waits");
        partition.land().answers.pop().expect("somebody waited").1
    }

    /// Which slice answers, and which was asked first.
    fn hold(
        &self,
        key: Option<Key>,
        dry: bool,
        seed: u64,
    ) -> (Result<usize, Failure<Refusal>>, u16) {
        self.asked.borrow_mut().clear();
        let command = Command::Hold { pattern: pattern("*12*"), count: 1, at_least: 0, ttl_s: 60 };
        let asking = pin!(ask_any(
            self,
            &command,
            By { caller: Caller::member(Id([1; 16])), key, how: How::dry_run_if(dry) },
            seed
        ));
        match asking.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(told) => (told.map(|(place, _)| place), self.asked.borrow()[0]),
            Poll::Pending => panic!("nobody has to wait here"),
        }
    }
}

impl Reach<Slice> for Still {
    fn places(&self) -> u16 {
        self.slices.borrow().len() as u16
    }

    async fn ask(
        &self,
        place: u16,
        request: Request<Slice>,
    ) -> Result<Reply<Slice>, Failure<Refusal>> {
        if matches!(request, Request::Command { .. }) {
            self.asked.borrow_mut().push(place);
        }
        Ok(self.serve(place, request))
    }
}

fn key(seed: u64) -> Key {
    Key::new(Id([1; 16]), &seed.to_le_bytes(), &[b"hold"])
}

#[test]
fn the_first_slice_of_an_open_request_is_as_likely_as_any_other_with_a_key_and_without() {
    let still = Still::with([10; 10]);
    for keyed in [false, true] {
        let mut firsts = [0; 10];
        for seed in 0..10_000 {
            // Nothing is to run out, so nothing is really taken; and a dry run has no key.
            let first = if keyed { home(&key(seed), 10) } else { still.hold(None, true, seed).1 };
            firsts[first as usize] += 1;
        }
        assert!(is_fair(&firsts, &[1; 10]), "{firsts:?}");
    }
}

#[test]
fn a_keyed_request_starts_at_its_home() {
    for seed in 0..50 {
        let still = Still::with([10; 10]);
        let (told, first) = still.hold(Some(key(seed)), false, seed);
        assert_eq!(told, Ok(first as usize));
        assert_eq!(first, home(&key(seed), 10));
    }
}

#[test]
fn a_request_that_is_passed_on_is_weighed_by_what_is_left() {
    let left = [0, 1, 0, 2, 3, 0, 4, 10, 0, 5];
    let still = Still::with(left);
    let (mut weights, mut counts) = (Vec::new(), Vec::new());
    let mut taken_by = [0u64; 10];
    for seed in 0..20_000 {
        let (told, first) = still.hold(None, true, seed);
        if left[first as usize] == 0 {
            taken_by[told.expect("there is enough")] += 1;
        }
    }
    for place in (0..10).filter(|place| left[*place] > 0) {
        weights.push(left[place]);
        counts.push(taken_by[place]);
    }
    assert_eq!(counts.iter().sum::<u64>(), taken_by.iter().sum::<u64>());
    assert!(is_fair(&counts, &weights), "{counts:?}");
}

#[test]
fn a_keyed_request_that_is_passed_on_is_weighed_by_what_is_left_too() {
    let left = [0, 0, 0, 0, 0, 0, 1, 2, 3, 4];
    let mut counts = [0; 4];
    let mut passed = 0;
    for seed in 0.. {
        let key = key(seed);
        if left[home(&key, 10) as usize] == 0 {
            let still = Still::with(left);
            let place = still.hold(Some(key), false, seed).0.expect("there is enough");
            counts[place - 6] += 1;
            passed += 1;
        }
        if passed == 400 {
            break;
        }
    }
    assert!(is_fair(&counts, &[1, 2, 3, 4]), "{counts:?}");
}

#[test]
fn picking_the_lowest_free_ticket_is_caught() {
    let (_, free) = partly_sold();
    let counts = counts_of(&free, 50_000, |_| free[..1].to_vec());
    assert!(!is_fair(&counts, &vec![1; free.len()]));
}

#[test]
fn picking_a_number_first_and_then_a_copy_is_caught() {
    let (_, free) = partly_sold();
    let mut numbers: Vec<u32> = free.iter().map(|ticket| ticket.number).collect();
    numbers.dedup();
    let counts = counts_of(&free, 50_000, |dice| {
        let number = numbers[dice.below(numbers.len() as u64) as usize];
        let copies: Vec<_> = free.iter().filter(|ticket| ticket.number == number).collect();
        vec![*copies[dice.below(copies.len() as u64) as usize]]
    });
    assert!(!is_fair(&counts, &vec![1; free.len()]));
}

#[test]
fn the_remainder_of_a_small_die_is_caught() {
    let (_, free) = partly_sold();
    let counts =
        counts_of(&free, 50_000, |dice| vec![free[(dice.roll() % 256) as usize % free.len()]]);
    assert!(!is_fair(&counts, &vec![1; free.len()]));
}

#[test]
fn passing_on_to_any_slice_alike_is_caught() {
    let mut dice = Dice::new(5);
    let mut counts = [0; 4];
    (0..400).for_each(|_| counts[dice.below(4) as usize] += 1);
    assert!(!is_fair(&counts, &[1, 2, 3, 4]));
}
