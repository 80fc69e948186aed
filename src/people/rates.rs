//! Requests a caller may make in a minute, counted by the minutes of the clock; off unless
//! configured.
//!
//! Nodes that share a memory count together, else each for itself. A caller is a member, or an
//! outsider for whom a service acts. Memory is bounded by forgetting every minute, and by not
//! counting more callers than `MOST` in one.

use actors::{Id, Time};
use hashbrown::HashMap;
use ports::SharedMemory;
use std::sync::Mutex;

const MINUTE_MS: i64 = 60_000;
const MOST: usize = 1_000_000;

pub struct Rates {
    /// Nothing is counted if it is 0.
    per_minute: u32,
    counted: Mutex<Counted>,
}

#[derive(Default)]
struct Counted {
    minute: i64,
    callers: HashMap<Id, u64>,
}

impl Rates {
    pub fn new(per_minute: u32) -> Rates {
        Rates { per_minute, counted: Mutex::default() }
    }

    pub fn per_minute(&self) -> u32 {
        self.per_minute
    }

    /// Counts a request, or says after how many seconds there is room for another.
    pub async fn spend(
        &self,
        memory: Option<&dyn SharedMemory>,
        caller: Id,
        now: Time,
    ) -> Result<(), u32> {
        if self.per_minute == 0 {
            return Ok(());
        }
        let minute = now.0.div_euclid(MINUTE_MS);
        let here = self.count(caller, minute);
        let spent = match memory {
            Some(memory) => memory.spend(caller, minute).await.unwrap_or(here),
            None => here,
        };
        let left_ms = MINUTE_MS - now.0.rem_euclid(MINUTE_MS);
        if spent <= u64::from(self.per_minute) {
            Ok(())
        } else {
            Err(u32::try_from((left_ms + 999) / 1000).unwrap_or(u32::MAX))
        }
    }

    fn count(&self, caller: Id, minute: i64) -> u64 {
        let mut counted = self.counted.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if counted.minute != minute {
            *counted = Counted { minute, callers: HashMap::new() };
        }
        if counted.callers.len() >= MOST && !counted.callers.contains_key(&caller) {
            return 0;
        }
        let count = counted.callers.entry(caller).or_default();
        *count += 1;
        *count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: Id = Id([1; 16]);

    #[actix_rt::test]
    async fn every_caller_has_a_rate_of_their_own_in_every_minute() {
        let rates = Rates::new(3);
        let spend = |caller, ms| rates.spend(None, caller, Time(ms));
        for _ in 0..3 {
            assert_eq!(spend(ADA, 60_000).await, Ok(()));
        }
        assert_eq!(spend(ADA, 100_500).await, Err(20));
        assert_eq!(spend(Id([2; 16]), 100_500).await, Ok(()));
        assert_eq!(spend(ADA, 120_000).await, Ok(()));
    }

    #[actix_rt::test]
    async fn no_rate_is_no_limit() {
        let rates = Rates::new(0);
        for _ in 0..1000 {
            assert_eq!(rates.spend(None, ADA, Time(0)).await, Ok(()));
        }
    }
}
