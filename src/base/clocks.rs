//! The two clocks of this machine: one that people and NTP set, and one that cannot be set.
//!
//! The steady one must count while the machine sleeps, or each sleep would look like a wall clock
//! that has jumped. Linux has such a clock since 2.6.39; elsewhere, and if it cannot be read, the
//! one of `std` stands in, and a sleep is a jump that has to be believed.

use actors::time::wall_clock_us;
use actors::timekeeper::Clocks;
use std::time::{Duration, Instant};

pub fn of_this_machine() -> Box<dyn Clocks> {
    match since_boot() {
        Some(_) => Box::new(SinceBoot),
        None => Box::new(SinceNow(Instant::now())),
    }
}

struct SinceBoot;

impl Clocks for SinceBoot {
    fn wall(&self) -> i64 {
        wall_clock_us()
    }

    fn steady(&self) -> i64 {
        since_boot().expect("what could be read at the start can be read")
    }
}

struct SinceNow(Instant);

impl Clocks for SinceNow {
    fn wall(&self) -> i64 {
        wall_clock_us()
    }

    fn steady(&self) -> i64 {
        self.0.elapsed().as_micros() as i64
    }
}

/// Microseconds since the machine was started, with those it slept.
#[cfg(target_os = "linux")]
fn since_boot() -> Option<i64> {
    let mut at = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes into `at`, which is valid and outlives it, and touches nothing else.
    let read = unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut at) };
    (read == 0).then(|| Duration::new(at.tv_sec as u64, at.tv_nsec as u32).as_micros() as i64)
}

#[cfg(not(target_os = "linux"))]
fn since_boot() -> Option<i64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_go_on_and_the_wall_clock_is_in_this_century() {
        for clocks in [of_this_machine(), Box::new(SinceNow(Instant::now()))] {
            let (wall, steady) = (clocks.wall(), clocks.steady());
            assert!(wall > 1_700_000_000_000_000 && clocks.wall() >= wall);
            while clocks.steady() == steady {
                std::hint::spin_loop();
            }
            assert!(clocks.steady() > steady);
        }
    }
}
