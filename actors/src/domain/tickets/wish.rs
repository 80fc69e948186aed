//! What a hold, or a part of an order, is to have of a slice.

use super::pattern::Pattern;

pub(super) struct SliceWish {
    pub pattern: Pattern,
    pub count: u16,
    /// Fewer are a refusal.
    pub at_least: u16,
    /// Whether the numbers have to follow one another.
    pub together: bool,
}
