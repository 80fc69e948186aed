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
