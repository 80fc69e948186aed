//! Runs: numbers that follow one another, all of which match and are free.
//!
//! There is a bit for each number of a slice, and they are worked on by words. So to look for a run
//! costs the same whatever was sold: some passes over at most 100,000 bits.

use super::pattern::STAR;
use super::taken::TakenPlaces;
use crate::dice::Dice;
use std::ops::Range;

/// Some of a slice's numbers, counted from its first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberSet(Vec<u64>);

const BITS: u32 = u64::BITS;

impl NumberSet {
    /// Those below `end` that match these places.
    pub fn matching(places: &[u8], end: u32) -> NumberSet {
        let mut all = NumberSet(vec![0; end.div_ceil(BITS) as usize]);
        let stars = places.iter().rev().take_while(|place| **place == STAR).count();
        // What matches are blocks of this size: behind the last digit everything does.
        let size = 10u32.pow(stars as u32);
        for block in matching_numbers(&places[..places.len() - stars]) {
            let first = (block * size).min(end);
            all.add(first..(first + size).min(end));
        }
        all
    }

    /// Those that are not in these places.
    pub fn without(mut self, gone: &TakenPlaces) -> NumberSet {
        gone.each_word(|word, bits| {
            if let Some(kept) = self.0.get_mut(word) {
                *kept &= !bits;
            }
        });
        self
    }

    /// How long its longest run is, but for what is longer than `most`; and where all runs of that
    /// length begin.
    pub fn longest_runs(self, most: usize) -> (usize, NumberSet) {
        if most == 0 || self.is_empty() {
            return (0, NumberSet(Vec::new()));
        }
        let (mut length, mut begin) = (1, self);
        while length < most {
            let longer = begin.followed();
            if longer.is_empty() {
                break;
            }
            (length, begin) = (length + 1, longer);
        }
        (length, begin)
    }

    /// Any of them, each as likely as any other.
    pub fn pick(&self, dice: &mut Dice) -> Option<u32> {
        let count: u64 = self.0.iter().map(|bits| u64::from(bits.count_ones())).sum();
        if count == 0 {
            return None;
        }
        let mut nth = dice.below(count);
        for (word, bits) in (0u32..).zip(&self.0) {
            let here = u64::from(bits.count_ones());
            if nth < here {
                let mut rest = *bits;
                (0..nth).for_each(|_| rest &= rest - 1);
                return Some(word * BITS + rest.trailing_zeros());
            }
            nth -= here;
        }
        None
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|bits| *bits == 0)
    }

    /// Those whose next number is there, too. A run that is longer by one begins at a number if one
    /// begins there and one at the next.
    fn followed(&self) -> NumberSet {
        let next = |word: usize| self.0.get(word + 1).map_or(0, |bits| bits << (BITS - 1));
        let bits = self.0.iter().enumerate();
        NumberSet(bits.map(|(word, bits)| bits & (bits >> 1 | next(word))).collect())
    }

    fn add(&mut self, numbers: Range<u32>) {
        for word in numbers.start / BITS..numbers.end.div_ceil(BITS) {
            let first = word * BITS;
            let from = numbers.start.saturating_sub(first);
            let to = (numbers.end - first).min(BITS);
            self.0[word as usize] |= lowest(to) & !lowest(from);
        }
    }
}

/// So many bits.
fn lowest(count: u32) -> u64 {
    1u64.checked_shl(count).map_or(u64::MAX, |bit| bit - 1)
}

/// The numbers that have so many digits, and match.
fn matching_numbers(places: &[u8]) -> Vec<u32> {
    places.iter().fold(vec![0], |begun, place| {
        let digits = if *place == STAR { 0..10 } else { *place..*place + 1 };
        let with = |begun: u32| digits.clone().map(move |digit| begun * 10 + u32::from(digit));
        begun.into_iter().flat_map(with).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(numbers: &[u32], end: u32) -> NumberSet {
        let mut set = NumberSet(vec![0; end.div_ceil(BITS) as usize]);
        numbers.iter().for_each(|number| set.add(*number..number + 1));
        set
    }

    fn all(set: &NumberSet) -> Vec<u32> {
        let bits = (0..set.0.len() as u32 * BITS)
            .filter(|number| set.0[(number / BITS) as usize] >> (number % BITS) & 1 == 1);
        bits.collect()
    }

    fn matches(places: &[u8], number: u32) -> bool {
        let digits = (0u32..).zip(places.iter().rev());
        digits.into_iter().all(|(place, wanted)| {
            *wanted == STAR || u32::from(*wanted) == number / 10u32.pow(place) % 10
        })
    }

    /// Slowly: the runs of that length, by looking at each number.
    fn runs(numbers: &[u32], length: u32) -> Vec<u32> {
        let is_run = |first: &&u32| (**first..**first + length).all(|n| numbers.contains(&n));
        numbers.iter().filter(is_run).copied().collect()
    }

    #[test]
    fn what_matches_is_what_matches_digit_by_digit() {
        for places in [[STAR; 3], [0, STAR, STAR], [STAR, 7, STAR], [STAR, STAR, 3], [4, 0, 9]] {
            for end in [1, 63, 64, 65, 500, 999, 1000] {
                let expected: Vec<u32> = (0..end).filter(|n| matches(&places, *n)).collect();
                assert_eq!(all(&NumberSet::matching(&places, end)), expected, "{places:?} {end}");
            }
        }
    }

    #[test]
    fn what_is_gone_is_left_out_whether_it_is_listed_or_marked() {
        for each in [2, 700] {
            let mut gone = TakenPlaces::default();
            (0..100_000).filter(|n| n % each == 1).for_each(|n| assert!(gone.insert(n)));
            let left = NumberSet::matching(&[STAR; 5], 100_000).without(&gone);
            assert!(all(&left).into_iter().eq((0..100_000).filter(|n| n % each != 1)));
        }
    }

    #[test]
    fn the_longest_runs_are_those_that_are_found_by_looking_at_each_number() {
        let mut dice = Dice::new(11);
        for turn in 0..400 {
            let end = 1 + dice.below(300) as u32;
            let density = 1 + dice.below(10);
            let numbers: Vec<u32> = (0..end).filter(|_| dice.below(10) < density).collect();
            let most = 1 + dice.below(10) as u32;
            let longest = (1..=most).rev().find(|length| !runs(&numbers, *length).is_empty());
            let (length, begin) = set(&numbers, end).longest_runs(most as usize);
            assert_eq!(length, longest.unwrap_or(0) as usize, "turn {turn}");
            assert_eq!(all(&begin), longest.map_or(Vec::new(), |n| runs(&numbers, n)));
        }
    }

    #[test]
    fn each_is_as_likely_as_any_other() {
        let numbers = [0, 63, 64, 65, 130, 199];
        let (set, mut dice) = (set(&numbers, 200), Dice::new(5));
        let mut counts = [0; 6];
        for _ in 0..6_000 {
            let picked = set.pick(&mut dice).expect("there are some");
            counts[numbers.iter().position(|number| *number == picked).expect("it is one")] += 1;
        }
        assert!(counts.iter().all(|count| (850..1_150).contains(count)), "{counts:?}");
        assert_eq!(NumberSet(vec![0; 3]).pick(&mut dice), None);
    }
}
