//! Randomness from a stamp's seed: SplitMix64, and rejection instead of a remainder, so that every
//! face is equally likely.

pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// A number below `bound`, which is at least 1.
    pub fn below(&mut self, bound: u64) -> u64 {
        let unfair = u64::MAX - u64::MAX % bound;
        loop {
            let roll = self.roll();
            if roll < unfair {
                return roll % bound;
            }
        }
    }

    /// The place of one of the weights, each as likely as it is heavy. None if all are zero.
    pub fn weigh(&mut self, weights: &[u64]) -> Option<usize> {
        let total: u64 = weights.iter().sum();
        if total == 0 {
            return None;
        }
        let mut rest = self.below(total);
        weights.iter().position(|weight| {
            let here = rest < *weight;
            rest = rest.saturating_sub(*weight);
            here
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_die_of_one_face_shows_it() {
        assert!((0..100).all(|seed| Dice::new(seed).below(1) == 0));
    }

    #[test]
    fn what_weighs_nothing_is_never_chosen() {
        for seed in 0..1000 {
            assert!(matches!(Dice::new(seed).weigh(&[0, 3, 0, 1, 0]), Some(1 | 3)));
        }
        assert_eq!(Dice::new(1).weigh(&[0, 0]), None);
    }
}
