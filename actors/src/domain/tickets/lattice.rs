//! How many free tickets match each pattern: an 11-ary lattice of counts, kept for every pattern at
//! once.
//!
//! Any "how many are left" is one read: all that match, but for those that are taken. A uniform
//! pick walks down the digits, weighted by what is left: no scan, no retry, no slow tail when a
//! pattern is nearly sold out.
//!
//! There are 11^digits counts, a third of a megabyte for five. As long as only a few tickets are
//! taken, these are listed instead. So a look at what was never touched costs nothing.

use super::counts::TakenCounts;
use super::pattern::STAR;
use crate::dice::Dice;
use std::borrow::Cow;
use std::cmp::Ordering;

#[derive(Default)]
pub struct Lattice {
    digits: usize,
    copies: u32,
    /// Some: only the numbers below this one exist.
    end: Option<u32>,
    taken: TakenCounts,
}

impl Lattice {
    /// All numbers of so many digits, `copies` of each.
    pub fn full(digits: u8, copies: u32) -> Lattice {
        Lattice { digits: digits as usize, copies, end: None, taken: TakenCounts::default() }
    }

    /// The same, but for so many tickets with these numbers.
    pub fn without(
        digits: u8,
        copies: u32,
        numbers: impl Iterator<Item = u32>,
        total: u64,
    ) -> Lattice {
        let digits = digits as usize;
        Lattice { digits, copies, end: None, taken: TakenCounts::of(numbers, total, digits) }
    }

    /// The same without the numbers from that one on. They cost nothing, because what lies below a
    /// number and matches can be reckoned.
    pub fn ending_at(self, end: Option<u32>) -> Lattice {
        Lattice { end, ..self }
    }

    /// How many tickets match, taken or not.
    pub fn all(&self, places: &[u8]) -> u32 {
        self.all_of(0, places)
    }

    /// How many free tickets match.
    pub fn count(&self, places: &[u8]) -> u32 {
        self.all(places)
            - self.taken.at(self.index(places))
            - self.nothing_chosen(&self.not_counted(&[])).those_matching(places)
    }

    /// How many are free in all.
    pub fn free(&self) -> u32 {
        let numbers = self.end.unwrap_or(10u32.pow(self.digits as u32));
        self.copies * numbers - self.taken.total()
    }

    /// Whether all tickets with this number are taken.
    pub fn is_gone(&self, number: u32) -> bool {
        self.taken.of_number(number, self.digits) == self.copies
    }

    pub fn take(&mut self, number: u32) {
        self.taken.take(number, self.digits);
    }

    pub fn give_back(&mut self, number: u32) {
        self.taken.give_back(number, self.digits);
    }

    /// A free ticket that matches, each as likely as any other, as if those of `without` were taken
    /// already: its number, and which of that number's remaining free copies it is. None if none is
    /// left.
    pub fn pick(&self, places: &[u8], without: &[u32], dice: &mut Dice) -> Option<(u32, u32)> {
        let mut index = self.index(places);
        let without = self.not_counted(without);
        let mut chosen = self.nothing_chosen(&without);
        let left = self.all(places) - self.taken.at(index) - chosen.those_matching(places);
        if left == 0 {
            return None;
        }
        let mut rest = dice.below(left as u64) as u32;
        for (place, wanted) in places.iter().enumerate() {
            let weight = 11usize.pow((self.digits - 1 - place) as u32);
            if *wanted != STAR {
                chosen.add(*wanted);
                continue;
            }
            index -= STAR as usize * weight;
            let behind = &places[place + 1..];
            let all = self.copies * all_matching(behind);
            let mut digit = 0;
            loop {
                let begun = chosen.with(digit);
                let here = self.end.map_or(all, |_| self.all_of(begun.number, behind))
                    - self.taken.at(index + digit as usize * weight)
                    - begun.those_matching(behind);
                if rest < here {
                    break;
                }
                rest -= here;
                digit += 1;
            }
            index += digit as usize * weight;
            chosen.add(digit);
        }
        Some((chosen.number, rest))
    }

    /// How many tickets, taken or not, have numbers that begin so and go on to match these places.
    fn all_of(&self, begun: u32, places: &[u8]) -> u32 {
        let numbers =
            self.end.map_or_else(|| all_matching(places), |end| below(end, begun, places));
        self.copies * numbers
    }

    /// `without`, and what else is taken and not counted.
    fn not_counted<'a>(&'a self, without: &'a [u32]) -> Cow<'a, [u32]> {
        match (self.taken.listed(), without) {
            ([], without) => Cow::Borrowed(without),
            (listed, []) => Cow::Borrowed(listed),
            (listed, without) => Cow::Owned([without, listed].concat()),
        }
    }

    fn nothing_chosen<'a>(&self, without: &'a [u32]) -> Chosen<'a> {
        Chosen { without, digits: self.digits as u32, number: 0, length: 0 }
    }

    fn index(&self, places: &[u8]) -> usize {
        debug_assert_eq!(places.len(), self.digits);
        places.iter().fold(0, |index, place| index * 11 + *place as usize)
    }
}

/// How many numbers match these places, where what is before them is digits.
fn all_matching(places: &[u8]) -> u32 {
    let stars = places.iter().filter(|place| **place == STAR).count();
    10u32.pow(stars as u32)
}

/// How many of these lie below `end`, where what is before them is the digits of `begun`.
fn below(end: u32, begun: u32, places: &[u8]) -> u32 {
    let at_end = end / 10u32.pow(places.len() as u32);
    match (begun.cmp(&at_end), places) {
        (Ordering::Less, places) => all_matching(places),
        (Ordering::Greater, _) | (_, []) => 0,
        (Ordering::Equal, [STAR, rest @ ..]) => {
            let digit = end / 10u32.pow(rest.len() as u32) % 10;
            digit * all_matching(rest) + below(end, begun * 10 + digit, rest)
        }
        (Ordering::Equal, [digit, rest @ ..]) => below(end, begun * 10 + u32::from(*digit), rest),
    }
}

/// The digits chosen so far, against the tickets that count as taken already.
#[derive(Clone, Copy)]
struct Chosen<'a> {
    without: &'a [u32],
    digits: u32,
    number: u32,
    length: u32,
}

impl Chosen<'_> {
    fn add(&mut self, digit: u8) {
        self.number = self.number * 10 + digit as u32;
        self.length += 1;
    }

    fn with(mut self, digit: u8) -> Self {
        self.add(digit);
        self
    }

    /// How many of `without` begin as chosen and go on to match `rest`.
    fn those_matching(&self, rest: &[u8]) -> u32 {
        let after = self.digits - self.length;
        let matches = |number: &&u32| {
            let tail = 10u32.pow(after);
            **number / tail == self.number && {
                let mut digits = **number % tail;
                rest.iter().rev().all(|place| {
                    let digit = (digits % 10) as u8;
                    digits /= 10;
                    *place == STAR || *place == digit
                })
            }
        };
        self.without.iter().filter(matches).count() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tickets::Pattern;
    use crate::domain::tickets::counts::FEW;

    fn places(text: &str) -> Vec<u8> {
        text.parse::<Pattern>().unwrap().places().to_vec()
    }

    #[test]
    fn every_count_agrees_with_counting() {
        let mut lattice = Lattice::full(4, 2);
        let mut free = vec![2u32; 10_000];
        let mut dice = Dice::new(1);
        for _ in 0..5_000 {
            let number = dice.below(10_000) as u32;
            if free[number as usize] > 0 && dice.below(3) > 0 {
                lattice.take(number);
                free[number as usize] -= 1;
            } else if free[number as usize] < 2 {
                lattice.give_back(number);
                free[number as usize] += 1;
            }
        }
        for index in 0..11u32.pow(4) {
            let pattern: Vec<u8> =
                (0..4).rev().map(|place| (index / 11u32.pow(place) % 11) as u8).collect();
            let counted = (0..10_000u32).filter(|n| {
                let digits = Pattern::exactly(*n, 4);
                digits
                    .places()
                    .iter()
                    .zip(&pattern)
                    .all(|(digit, place)| *place == STAR || place == digit)
            });
            assert_eq!(
                lattice.count(&pattern),
                counted.map(|n| free[n as usize]).sum::<u32>(),
                "{pattern:?}"
            );
        }
    }

    #[test]
    fn few_that_are_taken_are_counted_and_picked_like_many() {
        let mut dice = Dice::new(5);
        let (mut few, mut many) = (Lattice::full(4, 2), Lattice::full(4, 2));
        // So many that all patterns are counted.
        (0..=FEW as u32).for_each(|number| many.take(number));
        (0..=FEW as u32).for_each(|number| many.give_back(number));
        let mut taken: Vec<u32> = Vec::new();
        for turn in 0..200 {
            if taken.len() < FEW && dice.below(3) > 0 {
                // Some numbers twice, because there are two copies.
                let number = 1000 + dice.below(90) as u32;
                if taken.iter().filter(|other| **other == number).count() < 2 {
                    [&mut few, &mut many].into_iter().for_each(|lattice| lattice.take(number));
                    taken.push(number);
                }
            } else if let Some(number) = taken.pop() {
                [&mut few, &mut many].into_iter().for_each(|lattice| lattice.give_back(number));
            }
            for text in ["****", "10**", "1*2*", "1000", "9***", "**00"] {
                let pattern = places(text);
                assert_eq!(few.count(&pattern), many.count(&pattern), "{text}");
                // Only what is free can be left out.
                let without = [1095, 1096, 1096];
                let pick =
                    |lattice: &Lattice| lattice.pick(&pattern, &without, &mut Dice::new(turn));
                assert_eq!(pick(&few), pick(&many), "{text} after {taken:?}");
            }
            assert_eq!(few.free(), many.free());
        }
        assert!(matches!((few.taken, many.taken), (TakenCounts::Listed(_), TakenCounts::Small(_))));
    }

    #[test]
    fn whatever_is_taken_is_counted_alike_one_by_one_and_at_once() {
        let mut lattice = Lattice::full(5, 1);
        let free = |lattice: &Lattice| {
            ["*****", "0****", "*1*2*", "00064", "65535"].map(|text| lattice.count(&places(text)))
        };
        let all = |taken: u32| Lattice::without(5, 1, 0..taken, u64::from(taken));
        for number in 0..100_000 {
            let counted = (free(&lattice), lattice.free());
            if [0, 1, 64, 65, 5_000, 65_535, 65_536, 65_537].contains(&number) {
                assert_eq!(counted, (free(&all(number)), 100_000 - number));
            }
            lattice.take(number);
        }
        assert_eq!(free(&lattice), [0; 5]);
        assert!(matches!(lattice.taken, TakenCounts::Large(_)));
        (0..100_000).for_each(|number| lattice.give_back(number));
        assert_eq!(free(&lattice), [100_000, 10_000, 1_000, 1, 1]);
    }

    #[test]
    fn numbers_that_do_not_exist_are_neither_counted_nor_picked() {
        for end in [1, 7, 500, 999, 1_234, 9_999] {
            let mut lattice = Lattice::full(4, 2).ending_at(Some(end));
            let mut dice = Dice::new(u64::from(end));
            let taken: Vec<u32> = (0..end).filter(|_| dice.below(3) == 0).collect();
            taken.iter().for_each(|number| lattice.take(*number));
            assert_eq!(lattice.free(), 2 * end - taken.len() as u32);
            for text in ["****", "0***", "*2**", "**0*", "***7", "12*4", "0006", "1234", "9***"] {
                let pattern: Pattern = text.parse().unwrap();
                let exist = (0..end).filter(|number| pattern.matches(*number)).count() as u32;
                let gone = taken.iter().filter(|number| pattern.matches(**number)).count() as u32;
                let places = places(text);
                assert_eq!(lattice.all(&places), 2 * exist, "{text} below {end}");
                assert_eq!(lattice.count(&places), 2 * exist - gone, "{text} below {end}");
                let mut without = Vec::new();
                while without.len() < 300
                    && let Some((number, _)) = lattice.pick(&places, &without, &mut dice)
                {
                    assert!(number < end && pattern.matches(number));
                    without.push(number);
                }
                assert_eq!(without.len() as u32, lattice.count(&places).min(300));
            }
        }
    }

    #[test]
    fn picks_without_replacement_drain_a_pattern_to_the_last_copy() {
        let lattice = Lattice::full(4, 2);
        let pattern = places("12*4");
        let mut without = Vec::new();
        let mut dice = Dice::new(7);
        while let Some((number, copy)) = lattice.pick(&pattern, &without, &mut dice) {
            assert_eq!(number / 100, 12);
            assert_eq!(number % 10, 4);
            assert!(copy < 2);
            without.push(number);
        }
        assert_eq!(without.len(), 20);
    }
}
