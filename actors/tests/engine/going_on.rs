//! A store that writes rows beside: the next batch leaves when the last one stands in the log, and
//! nobody is answered before their rows are visible.

use super::bench::*;
use actors::domain::tickets::Refusal;
use actors::engine::Failure;
use actors::store::{Append, AppendOutcome, Callback, Store};
use std::sync::{Arc, Mutex};
use testing::around::{Around, as_store};
use testing::memory::{Fate, MemoryStore};

/// It says that appends stand when it is told to; the memory says when their rows are visible.
struct RowsBeside {
    memory: Arc<MemoryStore>,
    sent: Mutex<Vec<Callback<()>>>,
}

impl RowsBeside {
    /// What was sent so far stands.
    async fn stand(&self) {
        let sent = std::mem::take(&mut *self.sent.lock().unwrap());
        sent.into_iter().for_each(|stands| stands(()));
        settle().await;
    }

    fn under_way(&self) -> usize {
        self.memory.pending().len()
    }
}

impl Around for RowsBeside {
    fn inner(&self) -> &dyn Store {
        &*self.memory
    }

    fn append_and_go_on(
        &self,
        append: Append,
        stands: Callback<()>,
        done: Callback<AppendOutcome>,
    ) {
        self.sent.lock().unwrap().push(stands);
        self.memory.append(append, done);
    }
}

/// Slice 0 is open, and the next appends wait for their fate.
fn with_rows_beside(test: impl AsyncFnOnce(Arc<RowsBeside>, Bench)) {
    in_a_system(async || {
        let memory = Arc::new(MemoryStore::default());
        let store = Arc::new(RowsBeside { memory: memory.clone(), sent: Mutex::default() });
        let bench = Bench::on(as_store(store.clone()), memory.clone(), Default::default());
        bench.open(0).await;
        store.stand().await;
        (0..6).for_each(|_| memory.plan(Fate::Stall));
        test(store, bench).await;
    });
}

#[test]
fn the_next_batch_leaves_when_the_last_one_stands() {
    with_rows_beside(async |store, bench| {
        let ask = |number: u32| bench.ask(0, hold(&format!("000{number}")), ADA, None);
        let first = ask(1);
        settle().await;
        let second = ask(2);
        settle().await;
        assert_eq!(store.under_way(), 1, "the first does not stand yet");
        store.stand().await;
        assert_eq!(store.under_way(), 2);
        let third = ask(3);
        settle().await;
        assert_eq!(store.under_way(), 2, "the second does not stand yet");
        store.stand().await;
        store.stand().await;
        let fourth = ask(4);
        settle().await;
        assert_eq!(store.under_way(), 3, "more are never under way");
        assert!(store.memory.step());
        assert!(told(first).await.is_ok());
        assert!(!second.is_finished() && !third.is_finished() && !fourth.is_finished());
        assert_eq!(store.under_way(), 3, "there is room for the fourth");
        assert!(store.memory.step() && store.memory.step() && store.memory.step());
        for asked in [second, third, fourth] {
            assert!(told(asked).await.is_ok());
        }
        assert_eq!(bench.facts(0).len(), 5);
    });
}

#[test]
fn whoever_is_refused_for_what_stands_waits_until_it_can_be_seen() {
    with_rows_beside(async |store, bench| {
        let first = bench.ask(0, hold("0001"), ADA, None);
        settle().await;
        store.stand().await;
        let refused = bench.ask(0, hold("0001"), BOB, None);
        settle().await;
        assert!(!first.is_finished() && !refused.is_finished());
        while store.memory.step() {}
        assert!(told(first).await.is_ok());
        assert_eq!(told(refused).await, Err(Failure::Refused(Refusal::NoMatchLeft { left: 0 })));
    });
}

#[test]
fn when_rows_are_lost_all_behind_them_are_told_so_and_late_answers_mean_nothing() {
    with_rows_beside(async |store, bench| {
        let first = bench.ask(0, hold("0001"), ADA, None);
        settle().await;
        store.stand().await;
        let second = bench.ask(0, hold("0002"), ADA, None);
        settle().await;
        store.stand().await;
        let third = bench.ask(0, hold("0003"), ADA, None);
        settle().await;
        assert_eq!(store.under_way(), 3);
        store.memory.complete(0, Fate::KeepButUnknown);
        for asked in [first, second, third] {
            assert_eq!(told(asked).await, Err(Failure::Unknown));
        }
        let fourth = bench.ask(0, hold("0004"), ADA, None);
        settle().await;
        // What was sent in the former life is refused now, and means nothing to this one.
        store.memory.complete(0, Fate::Keep);
        store.memory.complete(0, Fate::Keep);
        settle().await;
        assert!(!fourth.is_finished());
        assert!(store.memory.step());
        assert!(told(fourth).await.is_ok());
        assert_eq!(bench.held(0), 2, "the first and the fourth");
    });
}
