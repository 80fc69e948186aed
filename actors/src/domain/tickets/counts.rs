//! How many taken tickets match each pattern, in as little memory as they need.
//!
//! A number of d digits belongs to 2^d patterns, so one ticket changes 2^d of 11^d counts. As long
//! as only a few are taken, these are listed instead. Up to 65,535 a count takes two bytes, then
//! four.

use super::pattern::STAR;

/// Tickets that may be taken before all patterns are counted.
pub const FEW: usize = 64;

pub enum TakenCounts {
    /// The number of each ticket that is taken, in no order.
    Listed(Vec<u32>),
    Small(Vec<u16>),
    Large(Vec<u32>),
}

impl Default for TakenCounts {
    fn default() -> TakenCounts {
        TakenCounts::Listed(Vec::new())
    }
}

impl TakenCounts {
    /// Of so many tickets with these numbers.
    pub fn of(numbers: impl Iterator<Item = u32>, total: u64, digits: usize) -> TakenCounts {
        if total <= FEW as u64 {
            return TakenCounts::Listed(numbers.collect());
        }
        let counts = all(numbers, digits);
        match u16::try_from(total) {
            Ok(_) => TakenCounts::Small(counts.into_iter().map(|count| count as u16).collect()),
            Err(_) => TakenCounts::Large(counts),
        }
    }

    pub fn total(&self) -> u32 {
        match self {
            TakenCounts::Listed(numbers) => numbers.len() as u32,
            TakenCounts::Small(counts) => counts.last().copied().map_or(0, u32::from),
            TakenCounts::Large(counts) => counts.last().copied().unwrap_or(0),
        }
    }

    /// The numbers that are listed, and counted nowhere.
    pub fn listed(&self) -> &[u32] {
        match self {
            TakenCounts::Listed(numbers) => numbers,
            TakenCounts::Small(_) | TakenCounts::Large(_) => &[],
        }
    }

    /// How many are counted that match the pattern with that index.
    pub fn at(&self, index: usize) -> u32 {
        match self {
            TakenCounts::Listed(_) => 0,
            TakenCounts::Small(counts) => u32::from(counts[index]),
            TakenCounts::Large(counts) => counts[index],
        }
    }

    /// How many tickets with this number are taken.
    pub fn of_number(&self, number: u32, digits: usize) -> u32 {
        match self {
            TakenCounts::Listed(numbers) => {
                numbers.iter().filter(|other| **other == number).count() as u32
            }
            counted => counted.at(exact(number, digits)),
        }
    }

    pub fn take(&mut self, number: u32, digits: usize) {
        match self {
            TakenCounts::Listed(numbers) if numbers.len() < FEW => return numbers.push(number),
            TakenCounts::Listed(numbers) => {
                let mut counts = vec![0; 11usize.pow(digits as u32)];
                for number in numbers {
                    each_pattern_of(&mut counts, digits, *number, |count| *count += 1);
                }
                *self = TakenCounts::Small(counts);
            }
            TakenCounts::Small(counts) if counts.last() == Some(&u16::MAX) => {
                *self = TakenCounts::Large(counts.iter().copied().map(u32::from).collect());
            }
            TakenCounts::Small(_) | TakenCounts::Large(_) => {}
        }
        match self {
            TakenCounts::Listed(numbers) => numbers.push(number),
            TakenCounts::Small(counts) => {
                each_pattern_of(counts, digits, number, |count| *count += 1)
            }
            TakenCounts::Large(counts) => {
                each_pattern_of(counts, digits, number, |count| *count += 1)
            }
        }
    }

    pub fn give_back(&mut self, number: u32, digits: usize) {
        match self {
            TakenCounts::Listed(numbers) => {
                let place = numbers
                    .iter()
                    .position(|other| *other == number)
                    .expect("only what was taken is given back");
                numbers.swap_remove(place);
            }
            TakenCounts::Small(counts) => {
                each_pattern_of(counts, digits, number, |count| *count -= 1)
            }
            TakenCounts::Large(counts) => {
                each_pattern_of(counts, digits, number, |count| *count -= 1)
            }
        }
    }
}

/// Counts the numbers first. A star counts what the ten digits in its place count, so each place
/// is gone through once.
fn all(numbers: impl Iterator<Item = u32>, digits: usize) -> Vec<u32> {
    let mut counts = vec![0; 11usize.pow(digits as u32)];
    numbers.for_each(|number| counts[exact(number, digits)] += 1);
    for place in 0..digits {
        let weight = 11usize.pow(place as u32);
        for first in (0..counts.len()).step_by(11 * weight) {
            for index in first..first + weight {
                let matching = (0..10).map(|digit| counts[index + digit * weight]).sum();
                counts[index + STAR as usize * weight] = matching;
            }
        }
    }
    counts
}

/// The index of the pattern that matches this number only.
fn exact(number: u32, digits: usize) -> usize {
    let (mut index, mut rest, mut weight) = (0, number as usize, 1);
    for _ in 0..digits {
        index += rest % 10 * weight;
        rest /= 10;
        weight *= 11;
    }
    index
}

fn each_pattern_of<T>(counts: &mut [T], digits: usize, number: u32, change: impl Fn(&mut T)) {
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
