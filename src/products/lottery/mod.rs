//! The end of a lottery.

pub mod closing;
