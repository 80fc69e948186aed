//! How often the interesting cases occurred. A simulation that never gets there proves nothing, so
//! the run asserts these too.

use std::collections::BTreeMap;

#[derive(Clone, Debug, Default)]
pub struct Tally(pub BTreeMap<&'static str, u64>);

impl Tally {
    pub fn count(&mut self, case: &'static str) {
        *self.0.entry(case).or_insert(0) += 1;
    }

    pub fn of(&self, case: &str) -> u64 {
        self.0.get(case).copied().unwrap_or(0)
    }

    pub fn add(&mut self, other: &Tally) {
        other.0.iter().for_each(|(case, count)| *self.0.entry(case).or_insert(0) += count);
    }
}
