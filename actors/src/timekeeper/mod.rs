//! The time that a node lives by: what the wall clock says, as long as a clock agrees that cannot
//! be set.
//!
//! To ask for the time costs one look at the steady clock. Ten times a second at most, the wall
//! clock is looked at, too, and `belief` decides whether it is believed. While it is not, time goes
//! on by the steady clock, and the node is unsettled: it takes no commands.

mod belief;

use belief::{Belief, Reading};
pub use belief::{Moved, Rules};

use crate::time::{Clock, Time};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

/// The two clocks of a machine, in microseconds.
pub trait Clocks: Send + Sync + 'static {
    /// Since 1970 (UTC), as people and NTP set it.
    fn wall(&self) -> i64;
    /// Since some instant that stays the same. It counts while the machine sleeps, and cannot be
    /// set.
    fn steady(&self) -> i64;
}

/// Between two looks at the wall clock.
const LOOK_US: i64 = 100_000;

/// A thread may be put aside between looking at one clock and at the other; then it looks again,
/// so many times.
const TRIES: u32 = 5;
const APART_US: i64 = 50_000;

pub struct Timekeeper {
    clocks: Box<dyn Clocks>,
    belief: Mutex<Belief>,
    /// What `belief` said last: time is the steady clock and this.
    offset: AtomicI64,
    /// When the steady clock is here, the wall clock is looked at again.
    look_at: AtomicI64,
    settled: AtomicBool,
}

/// How the clocks stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The time that the node lives by.
    pub now: Time,
    pub wall: Time,
    /// None while the wall clock is believed.
    pub moved: Option<Moved>,
    /// How often it was found to have moved since the start.
    pub steps: u64,
}

impl Timekeeper {
    pub fn new(clocks: Box<dyn Clocks>, rules: Rules) -> Arc<Timekeeper> {
        let belief = Belief::begin(rules, read(&*clocks));
        let offset = AtomicI64::new(belief.offset());
        Arc::new(Timekeeper {
            clocks,
            belief: Mutex::new(belief),
            offset,
            look_at: AtomicI64::new(i64::MIN),
            settled: AtomicBool::new(true),
        })
    }

    pub fn clock(self: &Arc<Self>) -> Clock {
        let keeper = self.clone();
        Arc::new(move || keeper.now())
    }

    pub fn now(&self) -> Time {
        let steady = self.clocks.steady();
        match steady < self.look_at.load(Ordering::Acquire) {
            true => time(steady + self.offset.load(Ordering::Acquire)),
            false => self.look().now,
        }
    }

    /// Whether the wall clock is believed at this moment.
    pub fn is_settled(&self) -> bool {
        if self.clocks.steady() >= self.look_at.load(Ordering::Acquire) {
            self.look();
        }
        self.settled.load(Ordering::Acquire)
    }

    /// Compares the clocks now, however lately that was done.
    pub fn look(&self) -> Standing {
        self.look_then(|_| {}).1
    }

    /// Believes a wall clock that has moved by so many seconds. False if it has moved otherwise, or
    /// not at all.
    pub fn accept(&self, by_s: i64) -> (bool, Standing) {
        self.look_then(|belief| belief.accept(by_s.saturating_mul(1_000_000)))
    }

    /// One after the other, so that readings come to the belief in their order.
    fn look_then<T>(&self, then: impl FnOnce(&mut Belief) -> T) -> (T, Standing) {
        let mut belief = self.belief();
        let reading = read(&*self.clocks);
        belief.read(reading);
        let done = then(&mut belief);
        self.settled.store(belief.moved().is_none(), Ordering::Release);
        self.offset.store(belief.offset(), Ordering::Release);
        self.look_at.store(reading.steady + LOOK_US, Ordering::Release);
        let now = time(reading.steady + belief.offset());
        (
            done,
            Standing {
                now,
                wall: time(reading.wall),
                moved: belief.moved(),
                steps: belief.steps(),
            },
        )
    }

    fn belief(&self) -> MutexGuard<'_, Belief> {
        self.belief.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn read(clocks: &dyn Clocks) -> Reading {
    let mut reading = Reading { wall: clocks.wall(), steady: clocks.steady() };
    for _ in 0..TRIES {
        let before = reading.steady;
        reading = Reading { wall: clocks.wall(), steady: clocks.steady() };
        if reading.steady - before <= APART_US {
            break;
        }
    }
    reading
}

fn time(us: i64) -> Time {
    Time(us.div_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000;

    #[derive(Default)]
    struct Hands {
        steady: AtomicI64,
        ahead: AtomicI64,
        looks: AtomicI64,
        /// So long a thread is put aside before its next looks at the steady clock.
        aside: Mutex<Vec<i64>>,
    }

    impl Clocks for Arc<Hands> {
        fn wall(&self) -> i64 {
            self.looks.fetch_add(1, Ordering::SeqCst);
            1_800_000_000 * S
                + self.steady.load(Ordering::SeqCst)
                + self.ahead.load(Ordering::SeqCst)
        }

        fn steady(&self) -> i64 {
            let aside = self.aside.lock().unwrap().pop().unwrap_or(0);
            self.steady.fetch_add(aside, Ordering::SeqCst) + aside
        }
    }

    fn keeper() -> (Arc<Hands>, Arc<Timekeeper>) {
        let hands = Arc::new(Hands::default());
        (
            hands.clone(),
            Timekeeper::new(Box::new(hands), Rules { step_us: 5 * S, trust_us: 300 * S }),
        )
    }

    #[test]
    fn time_is_that_of_the_wall_clock_which_is_seldom_looked_at() {
        let (hands, keeper) = keeper();
        keeper.now();
        let looks = hands.looks.load(Ordering::SeqCst);
        for ms in 0..100 {
            hands.steady.store(ms * 1000, Ordering::SeqCst);
            assert_eq!((keeper.now(), keeper.is_settled()), (Time(1_800_000_000_000 + ms), true));
        }
        assert_eq!(hands.looks.load(Ordering::SeqCst), looks);
        hands.steady.store(100_000, Ordering::SeqCst);
        assert_eq!(keeper.now(), Time(1_800_000_000_100));
        // Once, and once more beside the steady clock, which has not gone on meanwhile.
        assert_eq!(hands.looks.load(Ordering::SeqCst), looks + 2);
    }

    #[test]
    fn nobody_is_ever_told_the_time_of_a_clock_that_has_moved() {
        let (hands, keeper) = keeper();
        for ms in 0..1000 {
            hands.steady.store(ms * 1000, Ordering::SeqCst);
            // It jumps in the middle of a tenth of a second.
            hands
                .ahead
                .store(if (350..750).contains(&ms) { 86_400 * S } else { 0 }, Ordering::SeqCst);
            assert_eq!(keeper.now(), Time(1_800_000_000_000 + ms));
        }
        assert_eq!((keeper.is_settled(), keeper.look().steps), (true, 1));
    }

    #[test]
    fn the_first_command_after_a_silence_sees_that_the_clock_has_moved() {
        let (hands, keeper) = keeper();
        hands.steady.store(3600 * S, Ordering::SeqCst);
        hands.ahead.store(86_400 * S, Ordering::SeqCst);
        assert!(!keeper.is_settled());
        let standing = keeper.look();
        assert_eq!(
            (standing.now, standing.wall),
            (Time(1_800_003_600_000), Time(1_800_090_000_000))
        );
        assert_eq!(standing.moved, Some(Moved { by_us: 86_400 * S, for_us: 0 }));
        assert!(!keeper.accept(3600).0 && !keeper.is_settled());
        assert_eq!(
            (keeper.accept(86_400).0, keeper.is_settled(), keeper.now()),
            (true, true, standing.wall)
        );
    }

    #[test]
    fn a_thread_that_is_put_aside_between_two_looks_has_seen_no_step() {
        let (hands, keeper) = keeper();
        keeper.look();
        *hands.aside.lock().unwrap() = vec![0, 0, 20 * S];
        let standing = keeper.look();
        assert_eq!((standing.moved, standing.now), (None, Time(1_800_000_020_000)));
    }
}
