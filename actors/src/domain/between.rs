//! From an instant on, and before another.

use crate::time::Time;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Between {
    pub from: Option<Time>,
    pub to: Option<Time>,
}

impl Between {
    pub fn is_open(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    pub fn has(&self, at: Time) -> bool {
        self.from.is_none_or(|from| at >= from) && self.to.is_none_or(|to| at < to)
    }

    /// Whether nothing comes any more in the order of time.
    pub fn is_over_at(&self, at: Time) -> bool {
        self.to.is_some_and(|to| at >= to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_from_one_instant_on_until_just_before_another() {
        let ends = [None, Some(Time(5))];
        let all = ends.map(|from| ends.map(|to| Between { from, to }));
        let [[open, until], [since, nothing]] = all;
        assert!(open.is_open() && [until, since, nothing].iter().all(|one| !one.is_open()));
        let has = |one: Between| [4, 5, 6].map(|at| one.has(Time(at)));
        assert_eq!((has(open), has(nothing)), ([true; 3], [false; 3]));
        assert_eq!((has(until), has(since)), ([true, false, false], [false, true, true]));
        let is_over = |one: Between| [4, 5].map(|at| one.is_over_at(Time(at)));
        assert_eq!((is_over(until), is_over(since)), ([false, true], [false, false]));
    }
}
