//! What a slice is told when it is opened.

use super::pattern::Pattern;
use super::sale::Sale;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// What the pool's creation fixed for one of its slices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SliceTerms {
    pub digits: u8,
    pub copies: u16,
    pub holds_per_member: u16,
    pub hold_max_s: u32,
    pub closes_at: Time,
    /// Some: only so many numbers exist, from the first of the slice on.
    pub numbers: Option<u32>,
    /// The window, and this slice's share of each wave.
    pub sale: Sale,
    pub labels: Vec<SliceLabel>,
}

/// A label that numbers of the slice may bear, by its place among the labels of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SliceLabel {
    pub place: u8,
    pub pattern: Pattern,
}

/// Terms as they were written before pools had sales and labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstTerms {
    pub digits: u8,
    pub copies: u16,
    pub holds_per_member: u16,
    pub hold_max_s: u32,
    pub closes_at: Time,
}

impl FirstTerms {
    /// All numbers, at any time, without labels.
    pub const fn in_full(self) -> SliceTerms {
        let FirstTerms { digits, copies, holds_per_member, hold_max_s, closes_at } = self;
        SliceTerms {
            digits,
            copies,
            holds_per_member,
            hold_max_s,
            closes_at,
            numbers: None,
            sale: Sale { starts_at: None, ends_at: None, waves: Vec::new() },
            labels: Vec::new(),
        }
    }
}
