//! The contract that every store passes, on a real Cassandra.

use actors::store::Store;
use cql::{CqlStore, Tuning};
use harness::database::{TestKeyspace, connect, database, store, wait};
use testing::contract::StoreHarness;
use testing::memory::MemoryStore;

enum Place {
    /// The store goes before its keyspace.
    Cassandra { store: Option<CqlStore>, tuning: Tuning, settings: Box<TestKeyspace> },
    /// There is none, which was said loudly.
    Nowhere(MemoryStore),
}

impl Place {
    fn new(tuning: Tuning) -> Place {
        match database() {
            Some(database) => {
                let settings = Box::new(database.fresh());
                let store = Some(store(&settings, tuning));
                Place::Cassandra { settings, tuning, store }
            }
            None => Place::Nowhere(MemoryStore::default()),
        }
    }

    fn reopen_after(&mut self, happens: Option<&str>) {
        match self {
            Place::Cassandra { settings, tuning, store: place } => {
                *place = None;
                if let Some(statement) = happens {
                    wait(connect(settings).session().query_unpaged(statement, ())).unwrap();
                }
                *place = Some(store(settings, *tuning));
            }
            Place::Nowhere(memory) => {
                memory.crash(|_| true);
                happens.into_iter().for_each(|_| memory.forget_snapshots());
            }
        }
    }
}

impl StoreHarness for Place {
    fn store(&self) -> &dyn Store {
        match self {
            Place::Cassandra { store, .. } => store.as_ref().unwrap(),
            Place::Nowhere(memory) => memory,
        }
    }

    fn reopen(&mut self) {
        self.reopen_after(None);
    }

    fn lose_snapshots(&mut self) {
        self.reopen_after(Some("TRUNCATE snapshots"));
    }
}

mod as_it_is_used {
    use super::*;

    testing::store_contract!(Place::new(Tuning::default()));
}

/// Every few frames a generation ends, and what is larger than a few bytes lies in parts.
mod with_generations_of_four_records {
    use super::*;

    fn small() -> Tuning {
        Tuning { generation_records: 4, row_bytes: 400_000, ..Tuning::default() }
    }

    testing::store_contract!(Place::new(small()));
}
