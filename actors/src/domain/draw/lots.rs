//! The lots of a draw: numbers below a count, each as likely as any other, from a stream that
//! everybody can make again.
//!
//! The stream is ChaCha20 (RFC 8439, nonce zero, counter from 0) under a key made of everything
//! that is fixed before the draw, read as little-endian u64. A number from the incomplete last span
//! is thrown away instead of folded by a remainder, so that no ballot is likelier than another.

use super::{For, Hash, hash};
use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use hashbrown::HashSet;

pub struct Lots {
    stream: ChaCha20,
    count: u64,
    drawn: HashSet<u64>,
}

impl Lots {
    /// `beacon` is the randomness of a public round, if one was named when the lottery was created.
    pub fn new(seed: &Hash, root: &Hash, count: u64, beacon: Option<&Hash>) -> Lots {
        let beacon: &[u8] = beacon.map_or(&[], |beacon| beacon);
        let key = hash(For::Stream, &[seed, root, &count.to_be_bytes(), beacon]);
        Lots { stream: ChaCha20::new(&key.into(), &[0; 12].into()), count, drawn: HashSet::new() }
    }

    fn roll(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.stream.apply_keystream(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}

/// Draws until none is left; none twice.
impl Iterator for Lots {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        if self.drawn.len() as u64 >= self.count {
            return None;
        }
        loop {
            let lot = fold(self.roll(), self.count);
            if let Some(lot) = lot.filter(|lot| self.drawn.insert(*lot)) {
                return Some(lot);
            }
        }
    }
}

/// The number below `count` that a roll stands for. None if it lies in the last span, which is not
/// complete.
fn fold(roll: u64, count: u64) -> Option<u64> {
    let left_over = (u64::MAX % count + 1) % count;
    (roll <= u64::MAX - left_over).then_some(roll % count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_spans_count() {
        assert_eq!(fold(u64::MAX, 2), Some(1), "two divides 2^64, so nothing is left over");
        assert_eq!(fold(u64::MAX, 3), None, "2^64 = 1 (mod 3): one roll is left over");
        assert_eq!(fold(u64::MAX - 1, 3), Some(2));
        let half = (1 << 63) + 1;
        assert_eq!(
            (fold(half - 1, half), fold(half, half)),
            (Some(half - 1), None),
            "nearly every second roll is thrown away"
        );
    }

    #[test]
    fn none_is_drawn_twice_and_in_the_end_all_are() {
        let mut lots: Vec<u64> = Lots::new(&[1; 32], &[2; 32], 100, None).collect();
        lots.sort();
        assert_eq!(lots, (0..100).collect::<Vec<_>>());
        assert_eq!(Lots::new(&[1; 32], &[2; 32], 0, None).next(), None);
    }

    #[test]
    fn everything_that_is_fixed_before_the_draw_changes_the_lots() {
        let lots = |seed, root, count, beacon: Option<&Hash>| {
            Lots::new(&[seed; 32], &[root; 32], count, beacon).take(8).collect::<Vec<_>>()
        };
        let all = [
            lots(1, 2, 1000, None),
            lots(9, 2, 1000, None),
            lots(1, 9, 1000, None),
            lots(1, 2, 1001, None),
            lots(1, 2, 1000, Some(&[0; 32])),
        ];
        for (i, one) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|other| other != one));
        }
    }

    const DRAWS: u64 = 100_000;

    /// So many draws, each with a seed of its own.
    fn draws(count: u64, most: usize, beacon: Option<&Hash>) -> impl Iterator<Item = Vec<u64>> {
        (0..DRAWS).map(move |number| {
            let seed = hash(For::Leaf, &[&number.to_be_bytes()]);
            Lots::new(&seed, &[2; 32], count, beacon).take(most).collect()
        })
    }

    /// The chi-square of how often each of so many cells was hit, all of them being equally likely.
    fn chi_square(cells: usize, hits: impl Iterator<Item = u64>) -> f64 {
        let mut counts = vec![0u64; cells];
        hits.for_each(|cell| counts[cell as usize] += 1);
        let expected = counts.iter().sum::<u64>() as f64 / cells as f64;
        counts.iter().map(|count| (*count as f64 - expected).powi(2) / expected).sum()
    }

    // The seeds are fixed, so each of these comes out the same always. The bounds are those that an
    // honest draw passes in 99 of 100 cases.

    #[test]
    fn every_ballot_of_a_small_lottery_is_as_likely_to_win_as_any_other() {
        for (count, bound) in [(2, 6.63), (3, 9.21), (7, 16.81), (10, 21.67), (16, 30.58)] {
            let first = draws(count, 1, None).map(|lots| lots[0]);
            let found = chi_square(count as usize, first);
            assert!(found < bound, "{count} ballots: {found}");
        }
    }

    #[test]
    fn every_ballot_is_as_likely_to_be_drawn_second_and_last_and_with_a_beacon() {
        let all: Vec<Vec<u64>> = draws(6, 6, Some(&[3; 32])).collect();
        for place in 0..6 {
            let found = chi_square(6, all.iter().map(|lots| lots[place]));
            assert!(found < 15.09, "drawn as number {place}: {found}");
        }
    }

    #[test]
    fn every_order_of_three_winners_is_as_likely_as_any_other() {
        // 5 * 4 * 3 orders; the cell of an order counts the places among those that are left.
        let left =
            |of: u64, before: &[u64]| of - before.iter().filter(|one| **one < of).count() as u64;
        let cell = |lots: Vec<u64>| {
            (lots[0] * 4 + left(lots[1], &lots[..1])) * 3 + left(lots[2], &lots[..2])
        };
        let found = chi_square(60, draws(5, 3, None).map(cell));
        assert!(found < 87.17, "{found}");
    }

    /// With a plain remainder the first third of so many ballots would be twice as likely as the
    /// others.
    #[test]
    fn no_ballot_is_likelier_because_the_count_does_not_divide_the_rolls() {
        let count = 3 << 62;
        let third = draws(count, 1, None).map(|lots| lots[0] >> 62);
        let found = chi_square(3, third);
        assert!(found < 9.21, "{found}");
    }
}
