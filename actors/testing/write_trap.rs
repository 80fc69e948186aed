//! A store in which the n-th write meets its fate.

use crate::around::Around;
use crate::memory::{Fate, MemoryStore};
use actors::store::{Append, AppendOutcome, Callback, Store};
use std::sync::{Arc, Mutex};

/// After how many writes, and what happens then, until it has happened.
pub type WriteSnare = Arc<Mutex<Option<(usize, Fate)>>>;

pub struct WriteTrap {
    pub memory: MemoryStore,
    pub snare: WriteSnare,
    /// Writes that count: of partitions whose names begin so.
    pub of: &'static [&'static str],
}

/// Each write counts.
pub const ANY: &[&str] = &[""];

impl Around for WriteTrap {
    fn inner(&self) -> &dyn Store {
        &self.memory
    }

    fn append(&self, append: Append, done: Callback<AppendOutcome>) {
        let counts = self.of.iter().any(|kind| append.partition.starts_with(kind));
        let mut snare = self.snare.lock().unwrap();
        if let Some((left, fate)) = snare.take_if(|_| counts) {
            match left {
                0 => self.memory.plan(fate),
                _ => *snare = Some((left - 1, fate)),
            }
        }
        drop(snare);
        self.memory.append(append, done);
    }
}
