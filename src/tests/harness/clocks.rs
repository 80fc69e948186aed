//! Clocks that move when a test says so, and never by themselves.

use actors::Time;
use actors::time::Clock;
use actors::timekeeper::Clocks;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A clock that stands still until the test moves it. Its clones are the same clock.
#[derive(Clone)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub fn at(now: Time) -> TestClock {
        TestClock(Arc::new(AtomicI64::new(now.0)))
    }

    pub fn now(&self) -> Time {
        Time(self.0.load(Ordering::SeqCst))
    }

    pub fn set(&self, now: Time) {
        self.0.store(now.0, Ordering::SeqCst);
    }

    pub fn pass_s(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// The same, as the product takes it.
    pub fn as_clock(&self) -> Clock {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}

/// A steady clock, and a wall clock that a test sets ahead of it or back.
pub(crate) struct TwoClocks {
    pub(crate) steady: TestClock,
    /// By how many seconds the wall clock is ahead.
    pub(crate) ahead: Arc<AtomicI64>,
}

impl Clocks for TwoClocks {
    fn wall(&self) -> i64 {
        self.steady() + self.ahead.load(Ordering::SeqCst) * 1_000_000
    }

    fn steady(&self) -> i64 {
        self.steady.now().0 * 1000
    }
}
