//! The lots of a draw: numbers below a count, each as likely as any other, from a stream that everybody can make again.
//!
//! The stream is ChaCha20 (RFC 8439, nonce zero, counter from 0) under a key made of everything that is fixed before the draw, read as little-endian u64. A number
//! from the incomplete last span is thrown away instead of folded by a remainder, so that no ballot is likelier than another.

use super::{For, Hash, hash};
use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};

pub struct Lots {
    stream: ChaCha20,
    count: u64,
    drawn: Vec<u64>,
}

impl Lots {
    /// `beacon` is the randomness of a public round, if one was named when the lottery was created.
    pub fn new(seed: &Hash, root: &Hash, count: u64, beacon: Option<&Hash>) -> Lots {
        let beacon: &[u8] = beacon.map_or(&[], |beacon| beacon);
        let key = hash(For::Stream, &[seed, root, &count.to_be_bytes(), beacon]);
        Lots { stream: ChaCha20::new(&key.into(), &[0; 12].into()), count, drawn: Vec::new() }
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
            if let Some(lot) = lot.filter(|lot| !self.drawn.contains(lot)) {
                self.drawn.push(lot);
                return Some(lot);
            }
        }
    }
}

/// The number below `count` that a roll stands for. None if it lies in the last span, which is not complete.
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
        assert_eq!((fold(half - 1, half), fold(half, half)), (Some(half - 1), None), "nearly every second roll is thrown away");
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
        let lots =
            |seed, root, count, beacon: Option<&Hash>| Lots::new(&[seed; 32], &[root; 32], count, beacon).take(8).collect::<Vec<_>>();
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
}
