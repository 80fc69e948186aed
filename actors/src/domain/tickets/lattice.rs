//! How many free tickets match each pattern: an 11-ary lattice of counts, kept for every pattern at once.
//!
//! A number of d digits belongs to 2^d patterns, so taking a ticket changes 2^d counts, and any "how many are left" is one read. A uniform
//! pick walks down the digits, weighted by the counts: no scan, no retry, no slow tail when a pattern is nearly sold out.

use super::pattern::STAR;
use crate::dice::Dice;

#[derive(Default)]
pub struct Lattice {
    digits: usize,
    counts: Vec<u32>,
}

impl Lattice {
    /// All numbers of so many digits, `copies` of each.
    pub fn full(digits: u8, copies: u32) -> Lattice {
        let digits = digits as usize;
        let mut counts = vec![0; 11usize.pow(digits as u32)];
        for (index, count) in counts.iter_mut().enumerate() {
            let stars = (0..digits).filter(|place| index / 11usize.pow(*place as u32) % 11 == STAR as usize).count();
            *count = copies * 10u32.pow(stars as u32);
        }
        Lattice { digits, counts }
    }

    /// How many free tickets match.
    pub fn count(&self, places: &[u8]) -> u32 {
        self.counts[self.index(places)]
    }

    /// How many are free in all.
    pub fn free(&self) -> u32 {
        self.counts.last().copied().unwrap_or(0)
    }

    pub fn take(&mut self, number: u32) {
        self.each_pattern_of(number, |count| *count -= 1);
    }

    pub fn give_back(&mut self, number: u32) {
        self.each_pattern_of(number, |count| *count += 1);
    }

    /// A free ticket that matches, each as likely as any other, as if those of `without` were taken already: its
    /// number, and which of that number's remaining free copies it is. None if none is left.
    pub fn pick(&self, places: &[u8], without: &[u32], dice: &mut Dice) -> Option<(u32, u32)> {
        let mut index = self.index(places);
        let mut chosen = Chosen { without, digits: self.digits as u32, number: 0, length: 0 };
        let left = self.counts[index] - chosen.those_matching(places);
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
                let here = self.counts[index + digit as usize * weight] - chosen.with(digit).those_matching(&places[place + 1..]);
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

    fn index(&self, places: &[u8]) -> usize {
        debug_assert_eq!(places.len(), self.digits);
        places.iter().fold(0, |index, place| index * 11 + *place as usize)
    }

    fn each_pattern_of(&mut self, number: u32, change: impl Fn(&mut u32)) {
        let mut to_star = [0usize; 8];
        let (mut exact, mut rest, mut weight) = (0, number as usize, 1);
        for step in &mut to_star[..self.digits] {
            let digit = rest % 10;
            exact += digit * weight;
            *step = (STAR as usize - digit) * weight;
            rest /= 10;
            weight *= 11;
        }
        // Gray code: from one pattern to the next a single place turns into a star or back.
        let mut index = exact;
        change(&mut self.counts[index]);
        for code in 1..1u32 << self.digits {
            let place = code.trailing_zeros() as usize;
            if (code ^ code >> 1) & 1 << place != 0 {
                index += to_star[place];
            } else {
                index -= to_star[place];
            }
            change(&mut self.counts[index]);
        }
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
            let pattern: Vec<u8> = (0..4).rev().map(|place| (index / 11u32.pow(place) % 11) as u8).collect();
            let counted = (0..10_000u32).filter(|n| {
                let digits = Pattern::exactly(*n, 4);
                digits.places().iter().zip(&pattern).all(|(digit, place)| *place == STAR || place == digit)
            });
            assert_eq!(lattice.count(&pattern), counted.map(|n| free[n as usize]).sum::<u32>(), "{pattern:?}");
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
