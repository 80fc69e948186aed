//! One answer for all who ask for it at once.
//!
//! Who asks while an answer is being made does not get that one, because it may have begun
//! before what they have just done. They wait, and all of them share the next. So one is being made
//! at a time for each thing, and a thousand who ask together cost two.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

pub struct Together<K, A>(Mutex<HashMap<K, Weak<Table<A>>>>);

/// Where those sit who ask for the same. It is cleared when the last of them has gone.
struct Table<A> {
    /// Counts who came and what was begun, so that it is known which was first.
    turns: AtomicU64,
    latest: tokio::sync::Mutex<Option<(u64, A)>>,
}

impl<K: Eq + Hash + Clone, A: Clone> Together<K, A> {
    pub async fn answer(&self, what: &K, make: impl AsyncFnOnce() -> A) -> A {
        let table = self.table(what);
        let came = table.turns.fetch_add(1, Ordering::AcqRel);
        let mut latest = table.latest.lock().await;
        if let Some((_, answer)) = latest.as_ref().filter(|(begun, _)| *begun > came) {
            return answer.clone();
        }
        let begun = table.turns.fetch_add(1, Ordering::AcqRel);
        let answer = make().await;
        *latest = Some((begun, answer.clone()));
        answer
    }

    fn table(&self, what: &K) -> Arc<Table<A>> {
        let mut tables = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(table) = tables.get(what).and_then(Weak::upgrade) {
            return table;
        }
        tables.retain(|_, table| table.strong_count() > 0);
        let table =
            Arc::new(Table { turns: AtomicU64::new(0), latest: tokio::sync::Mutex::new(None) });
        tables.insert(what.clone(), Arc::downgrade(&table));
        table
    }
}

impl<K, A> Default for Together<K, A> {
    fn default() -> Self {
        Together(Mutex::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;
    use tokio::task::yield_now;

    #[actix_rt::test]
    async fn a_thousand_who_ask_together_cost_two() {
        let (together, made) = (Together::<u8, u64>::default(), AtomicU64::new(0));
        let ask = || {
            together.answer(&1, async || {
                yield_now().await;
                made.fetch_add(1, Ordering::Relaxed) + 1
            })
        };
        let answers = join_all((0..1000).map(|_| ask())).await;
        assert_eq!((made.load(Ordering::Relaxed), answers[0], answers[999]), (2, 1, 2));
        // Nothing is kept for those who come later.
        assert_eq!(ask().await, 3);
    }

    #[actix_rt::test]
    async fn an_answer_that_began_before_somebody_asked_is_not_theirs() {
        let (together, truth) = (Together::<u8, u64>::default(), AtomicU64::new(1));
        let look = async || {
            let seen = truth.load(Ordering::Relaxed);
            yield_now().await;
            seen
        };
        let first = together.answer(&1, look);
        let change_and_look = async {
            truth.store(2, Ordering::Relaxed);
            together.answer(&1, look).await
        };
        assert_eq!(futures_util::join!(first, change_and_look), (1, 2));
    }

    #[actix_rt::test]
    async fn those_who_ask_for_something_else_do_not_wait() {
        let together = Together::<u8, u8>::default();
        let never = together.answer(&1, std::future::pending::<u8>);
        let mut never = std::pin::pin!(never);
        assert!(futures_util::future::poll_immediate(&mut never).await.is_none());
        assert_eq!(together.answer(&2, async || 2).await, 2);
        assert_eq!(together.0.lock().unwrap().len(), 2);
    }

    #[actix_rt::test]
    async fn one_who_goes_leaves_the_making_to_the_next() {
        let together = Together::<u8, u8>::default();
        {
            let gone = std::pin::pin!(together.answer(&1, std::future::pending::<u8>));
            assert!(futures_util::future::poll_immediate(gone).await.is_none());
        }
        assert_eq!(together.answer(&1, async || 2).await, 2);
        assert_eq!(together.answer(&3, async || 3).await, 3);
        assert_eq!(together.0.lock().unwrap().len(), 1);
    }
}
