//! An instant, in milliseconds since 1970 (UTC), and where it comes from.
//!
//! Machines never read a clock; they are handed a `Time` in their stamp. Only the engine holds a
//! `Clock`.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Time(pub i64);

impl Time {
    /// What stands for it in the keys of rows: these are compared byte by byte, and negative times
    /// come first.
    pub fn to_key(self) -> [u8; 8] {
        (self.0 as u64 ^ 1 << 63).to_be_bytes()
    }

    pub fn from_key(key: [u8; 8]) -> Time {
        Time((u64::from_be_bytes(key) ^ 1 << 63) as i64)
    }

    pub const fn plus_s(self, seconds: u32) -> Time {
        Time(self.0.saturating_add(seconds as i64 * 1000))
    }

    /// The first instant after it.
    pub const fn next(self) -> Time {
        Time(self.0.saturating_add(1))
    }

    pub const fn minus_s(self, seconds: u32) -> Time {
        Time(self.0.saturating_sub(seconds as i64 * 1000))
    }
}

/// Where the engine reads the time. A function, so that a test can be the clock.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// The machine's own clock. It may jump, so a server lives by a `Timekeeper`; partitions never let
/// their own time go back.
pub fn system_clock() -> Clock {
    Arc::new(|| Time(wall_clock_us().div_euclid(1000)))
}

/// Microseconds since 1970 (UTC) by the machine's own clock.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
pub fn wall_clock_us() -> i64 {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since_1970.map_or(0, |d| d.as_micros() as i64)
}
