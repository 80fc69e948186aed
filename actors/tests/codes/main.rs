//! Coupon codes: the permutation behind them, how they are read, and what becomes of them when keys
//! are replaced.

mod general;
mod permutation;
mod reading;
mod versions;
