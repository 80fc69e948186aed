//! Coupon codes: the permutation behind them, how they are read, and what becomes of them when keys
//! are replaced.

#[path = "codes/general.rs"]
mod general;
#[path = "codes/permutation.rs"]
mod permutation;
#[path = "codes/reading.rs"]
mod reading;
#[path = "codes/versions.rs"]
mod versions;
