//! Answers that are so old at most, for all who ask: a crowd that asks for the same costs as much
//! as one.

use super::together::Together;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Answers that are kept before old ones are forgotten.
const MANY: usize = 1000;

/// Nobody is given an older one.
const OLDEST: Duration = Duration::from_secs(1);

pub struct FreshAnswers<K, A> {
    kept: Mutex<HashMap<K, (Instant, A)>>,
    making: Together<K, A>,
}

impl<K: Eq + Hash + Clone, A: Clone> FreshAnswers<K, A> {
    /// One that is not older than `age`, and a second at most.
    pub async fn answer(&self, what: &K, age: Duration, make: impl AsyncFnOnce() -> A) -> A {
        if let Some(kept) = self.find(what, age) {
            return kept;
        }
        let make = async || match self.find(what, age) {
            // Somebody who waited before has had it made.
            Some(kept) => kept,
            None => {
                let begun = Instant::now();
                let answer = make().await;
                self.keep(what.clone(), begun, answer.clone());
                answer
            }
        };
        self.making.answer(what, make).await
    }

    fn find(&self, what: &K, age: Duration) -> Option<A> {
        let kept = self.kept();
        let (at, answer) = kept.get(what)?;
        (at.elapsed() < age.min(OLDEST)).then(|| answer.clone())
    }

    fn keep(&self, what: K, at: Instant, answer: A) {
        let mut kept = self.kept();
        if kept.len() >= MANY {
            kept.retain(|_, (at, _)| at.elapsed() < OLDEST);
        }
        kept.insert(what, (at, answer));
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<K, (Instant, A)>> {
        self.kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl<K, A> Default for FreshAnswers<K, A> {
    fn default() -> Self {
        FreshAnswers { kept: Mutex::default(), making: Together::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[actix_rt::test]
    async fn who_asks_soon_after_another_gets_the_same() {
        let (fresh, made) = (FreshAnswers::default(), Cell::new(0));
        let ask = async |what: &'static str, age| {
            let make = async || {
                made.set(made.get() + 1);
                made.get()
            };
            fresh.answer(&what, age, make).await
        };
        assert_eq!(ask("a", OLDEST).await, 1);
        assert_eq!(ask("a", OLDEST).await, 1);
        assert_eq!(ask("b", OLDEST).await, 2);
        assert_eq!(ask("a", Duration::ZERO).await, 3, "for whom it is too old");
    }
}
