//! The work of one job, counted so that every check costs the same.

use super::super::passwords;
use std::time::Duration;

/// What is hashed where there is nothing to compare.
pub const FILLER: &str = "nobody has this password";

/// What is done for one job, counted in rounds of bcrypt: 2 to the power of the cost for each hash.
#[derive(Default)]
pub struct Work {
    rounds: u64,
}

impl Work {
    /// Rounds that were done so far.
    #[cfg(test)]
    pub fn rounds(&self) -> u64 {
        self.rounds
    }

    pub fn hash(&mut self, password: &str, cost: u32) -> String {
        self.rounds += 1 << cost;
        passwords::hash(password, cost).expect(
            "the cost comes from checked settings, and passwords were parsed to be short enough",
        )
    }

    pub fn compare(&mut self, password: &str, hash: &str) -> bool {
        self.rounds += passwords::cost(hash).map_or(0, |cost| 1 << cost);
        passwords::matches(password, hash)
    }

    /// Brings what was done up to one hash of that cost, right or wrong: a hash of cost 4 is made
    /// equal to one of cost 10 by hashes of costs 4, 5, … 9, because 2⁴ + 2⁴ + 2⁵ + … + 2⁹ = 2¹⁰.
    pub fn fill_up(&mut self, cost: u32) {
        let mut next = if self.rounds == 0 { cost } else { self.rounds.ilog2() };
        while self.rounds < 1 << cost {
            self.hash(FILLER, next);
            next += 1;
        }
    }

    /// How long one hash of that cost takes, at this speed.
    pub fn nanos_of_one(&self, took: Duration, cost: u32) -> u64 {
        let nanos = took.as_nanos() * (1 << cost) / u128::from(self.rounds.max(1));
        u64::try_from(nanos).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_hash_takes_is_reckoned_from_the_rounds_that_were_done() {
        let work = Work { rounds: 1 << 12 };
        assert_eq!(work.nanos_of_one(Duration::from_nanos(4_000), 10), 1_000);
    }
}
