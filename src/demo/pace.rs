//! How fast a crowd pushes: turns in even steps, until it is over.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub struct Pace {
    step: Duration,
    next: Mutex<NextTurn>,
    changed: Condvar,
}

struct NextTurn {
    number: u64,
    due: Instant,
    is_over: bool,
}

impl Pace {
    pub fn of(step: Duration) -> Pace {
        let next = NextTurn { number: 0, due: Instant::now(), is_over: false };
        Pace { step, next: Mutex::new(next), changed: Condvar::new() }
    }

    /// Waits for the caller's turn, and gives its number. None: it is over. Turns that nobody was
    /// free for are not made up for, so that a pause is not followed by a rush.
    pub fn wait_for_turn(&self) -> Option<u64> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let due = next.due.max(Instant::now());
        let number = next.number;
        (next.due, next.number) = (due + self.step, number + 1);
        while !next.is_over {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Some(number);
            }
            let woken = self.changed.wait_timeout(next, left);
            next = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        None
    }

    pub fn end(&self) {
        self.next.lock().unwrap_or_else(PoisonError::into_inner).is_over = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_turn_is_one_callers_and_the_end_wakes_who_waits() {
        let quick = Pace::of(Duration::ZERO);
        assert_eq!((0..3).map(|_| quick.wait_for_turn()).collect::<Vec<_>>().len(), 3);
        assert_eq!(quick.wait_for_turn(), Some(3));
        let slow = Pace::of(Duration::from_secs(3600));
        assert_eq!(slow.wait_for_turn(), Some(0));
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| slow.wait_for_turn());
            slow.end();
            assert_eq!(waits.join().unwrap(), None);
        });
    }
}
