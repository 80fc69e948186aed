//! A store in which the n-th write of tills and slices meets its fate.

use actors::store::{Append, AppendOutcome, Callback, Store};
use std::sync::{Arc, Mutex};
use testing::around::Around;
use testing::memory::{Fate, MemoryStore};

/// After how many writes, and what happens then, until it has happened.
pub(super) type Snare = Arc<Mutex<Option<(usize, Fate)>>>;

pub(super) struct Trap {
    pub memory: MemoryStore,
    pub snare: Snare,
}

impl Around for Trap {
    fn inner(&self) -> &dyn Store {
        &self.memory
    }

    fn append(&self, append: Append, done: Callback<AppendOutcome>) {
        let is_one = ["till/", "tickets/"].iter().any(|kind| append.partition.starts_with(kind));
        let mut snare = self.snare.lock().unwrap();
        if let Some((left, fate)) = snare.take_if(|_| is_one) {
            match left {
                0 => self.memory.plan(fate),
                _ => *snare = Some((left - 1, fate)),
            }
        }
        drop(snare);
        self.memory.append(append, done);
    }
}
