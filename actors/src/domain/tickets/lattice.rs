//! How many free tickets match each pattern: an 11-ary lattice of counts, kept for every pattern at
//! once.
//!
//! A number of d digits belongs to 2^d patterns, so taking a ticket changes 2^d counts, and any
//! "how many are left" is one read. A uniform pick walks down the digits, weighted by the counts:
//! no scan, no retry, no slow tail when a pattern is nearly sold out.
//!
//! The counts are 11^digits, half a megabyte for five. As long as only a few tickets are taken,
//! these are written down instead, and what is left is computed from them. So a look at what was
//! never touched costs nothing.

use super::pattern::STAR;
use crate::dice::Dice;
use std::borrow::Cow;

/// Tickets that may be taken before all patterns are counted.
pub const FEW: usize = 64;

#[derive(Default)]
pub struct Lattice {
    digits: usize,
    copies: u32,
    counts: Counts,
}

enum Counts {
    /// The number of each ticket that is taken, in no order.
    Taken(Vec<u32>),
    /// How many free tickets match, for every pattern.
    Left(Vec<u32>),
}

impl Default for Counts {
    fn default() -> Counts {
        Counts::Taken(Vec::new())
    }
}

impl Lattice {
    /// All numbers of so many digits, `copies` of each.
    pub fn full(digits: u8, copies: u32) -> Lattice {
        Lattice { digits: digits as usize, copies, counts: Counts::default() }
    }

    /// The same, but for so many tickets of these numbers.
    pub fn without(
        digits: u8,
        copies: u32,
        taken: impl Iterator<Item = u32>,
        count: u64,
    ) -> Lattice {
        let mut lattice = Lattice::full(digits, copies);
        lattice.counts = match count <= FEW as u64 {
            true => Counts::Taken(taken.collect()),
            false => Counts::Left(lattice.all_counts(taken)),
        };
        lattice
    }

    /// How many free tickets match.
    pub fn count(&self, places: &[u8]) -> u32 {
        self.stock(self.index(places), places)
            - self.nothing_chosen(&self.not_counted(&[])).those_matching(places)
    }

    /// How many are free in all.
    pub fn free(&self) -> u32 {
        match &self.counts {
            Counts::Taken(taken) => {
                self.copies * 10u32.pow(self.digits as u32) - taken.len() as u32
            }
            Counts::Left(left) => left.last().copied().unwrap_or(0),
        }
    }

    pub fn take(&mut self, number: u32) {
        match &mut self.counts {
            Counts::Taken(taken) if taken.len() < FEW => taken.push(number),
            Counts::Taken(_) => {
                self.count_all();
                self.take(number);
            }
            Counts::Left(left) => each_pattern_of(left, self.digits, number, |count| *count -= 1),
        }
    }

    pub fn give_back(&mut self, number: u32) {
        match &mut self.counts {
            Counts::Taken(taken) => {
                let place = taken
                    .iter()
                    .position(|other| *other == number)
                    .expect("only what was taken is given back");
                taken.swap_remove(place);
            }
            Counts::Left(left) => each_pattern_of(left, self.digits, number, |count| *count += 1),
        }
    }

    /// From now on every pattern is counted.
    fn count_all(&mut self) {
        if let Counts::Taken(taken) = std::mem::take(&mut self.counts) {
            self.counts = Counts::Left(self.all_counts(taken.into_iter()));
        }
    }

    /// Counts the numbers first. A star counts what the ten digits in its place count, so each
    /// place is gone through once.
    fn all_counts(&self, taken: impl Iterator<Item = u32>) -> Vec<u32> {
        let mut left = vec![0; 11usize.pow(self.digits as u32)];
        for number in 0..10u32.pow(self.digits as u32) {
            left[self.index_of(number)] = self.copies;
        }
        taken.for_each(|number| left[self.index_of(number)] -= 1);
        for place in 0..self.digits {
            let weight = 11usize.pow(place as u32);
            for block in (0..left.len()).step_by(11 * weight) {
                for index in block..block + weight {
                    let digits = (0..10).map(|digit| left[index + digit * weight]).sum();
                    left[index + STAR as usize * weight] = digits;
                }
            }
        }
        left
    }

    fn index_of(&self, number: u32) -> usize {
        let (mut index, mut rest, mut weight) = (0, number as usize, 1);
        for _ in 0..self.digits {
            index += rest % 10 * weight;
            rest /= 10;
            weight *= 11;
        }
        index
    }

    /// A free ticket that matches, each as likely as any other, as if those of `without` were taken
    /// already: its number, and which of that number's remaining free copies it is. None if none is
    /// left.
    pub fn pick(&self, places: &[u8], without: &[u32], dice: &mut Dice) -> Option<(u32, u32)> {
        let mut index = self.index(places);
        let without = self.not_counted(without);
        let mut chosen = self.nothing_chosen(&without);
        let left = self.stock(index, places) - chosen.those_matching(places);
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
            let mut digit = 0;
            loop {
                let behind = &places[place + 1..];
                let here = self.stock(index + digit as usize * weight, behind)
                    - chosen.with(digit).those_matching(behind);
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

    /// How many match, as far as the lattice counts: the pattern has that index, its last places
    /// are `rest`, and what is before them is digits.
    fn stock(&self, index: usize, rest: &[u8]) -> u32 {
        match &self.counts {
            Counts::Taken(_) => {
                self.copies * 10u32.pow(rest.iter().filter(|place| **place == STAR).count() as u32)
            }
            Counts::Left(left) => left[index],
        }
    }

    /// `without`, and what else is taken and not counted.
    fn not_counted<'a>(&'a self, without: &'a [u32]) -> Cow<'a, [u32]> {
        match &self.counts {
            Counts::Taken(taken) if without.is_empty() => Cow::Borrowed(taken),
            Counts::Taken(taken) => Cow::Owned([without, taken].concat()),
            Counts::Left(_) => Cow::Borrowed(without),
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

fn each_pattern_of(counts: &mut [u32], digits: usize, number: u32, change: impl Fn(&mut u32)) {
    let mut to_star = [0usize; 8];
    let (mut exact, mut rest, mut weight) = (0, number as usize, 1);
    for step in &mut to_star[..digits] {
        let digit = rest % 10;
        exact += digit * weight;
        *step = (STAR as usize - digit) * weight;
        rest /= 10;
        weight *= 11;
    }
    // Gray code: from one pattern to the next a single place turns into a star or back.
    let mut index = exact;
    change(&mut counts[index]);
    for code in 1..1u32 << digits {
        let place = code.trailing_zeros() as usize;
        if (code ^ code >> 1) & 1 << place != 0 {
            index += to_star[place];
        } else {
            index -= to_star[place];
        }
        change(&mut counts[index]);
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
        many.count_all();
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
        assert!(matches!(few.counts, Counts::Taken(_)));
    }

    #[test]
    fn when_more_than_few_are_taken_all_is_counted_and_stays_right() {
        let mut lattice = Lattice::full(4, 1);
        (0..FEW as u32).for_each(|number| lattice.take(number));
        assert!(matches!(lattice.counts, Counts::Taken(_)));
        lattice.take(FEW as u32);
        assert!(matches!(lattice.counts, Counts::Left(_)));
        assert_eq!(
            (lattice.free(), lattice.count(&places("00**"))),
            (10_000 - FEW as u32 - 1, 100 - FEW as u32 - 1)
        );
        (0..=FEW as u32).for_each(|number| lattice.give_back(number));
        assert_eq!((lattice.free(), lattice.count(&places("00**"))), (10_000, 100));
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
