//! When tickets are sold and how many of them, and the parts of the number space that have names.

use super::pattern::Pattern;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// Holds begin within this window. What is held by its end may still be bought until the closing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    /// None: as soon as the pool is there.
    pub starts_at: Option<Time>,
    /// None: when the pool closes.
    pub ends_at: Option<Time>,
    /// In the order of their instants, and of their tickets. None: all tickets from the start on.
    pub waves: Vec<Wave>,
}

/// So many tickets may be held and sold from then on, those of the waves before it included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wave {
    pub at: Time,
    pub tickets: u64,
}

/// A part of the number space that has a name: a block of seats, or what one price buys. A number
/// bears every label whose pattern it matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    pub name: String,
    pub pattern: Pattern,
}
