//! Where the log, the snapshots, the look-ups and the people are kept, and which store a process was told to use.
//!
//! Everything above sees two ports, `Store` and `Directory`, and the three things that only the start, the stop and the health check ask
//! of whatever is behind them.

mod copies;
#[cfg(feature = "cluster")]
pub mod cql;
pub mod sqlite;

pub use copies::{NotAReplication, Replication, Serial};

use crate::config::Config;
use crate::engine;
use crate::identity::Directory;
use actors::store::{Store, StoreError};
use sqlite::Sqlite;
use std::sync::Arc;

/// Which store the settings name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// A file of this machine.
    Sqlite,
    /// A database that several nodes share.
    Cql,
}

impl Choice {
    pub fn name(self) -> &'static str {
        match self {
            Choice::Sqlite => "sqlite",
            Choice::Cql => "cql",
        }
    }
}

/// The store of a process.
#[derive(Clone)]
pub enum Backend {
    Sqlite(Arc<Sqlite>),
}

impl Backend {
    pub async fn open(config: &Config) -> anyhow::Result<Backend> {
        match config.store {
            Choice::Sqlite => Ok(Backend::Sqlite(Arc::new(Sqlite::open(&config.data, &engine::rows)?))),
            Choice::Cql => anyhow::bail!("store: this stampede was built without the feature `cluster`, so it knows no CQL"),
        }
    }

    pub fn log(&self) -> Arc<dyn Store> {
        match self {
            Backend::Sqlite(store) => store.clone(),
        }
    }

    pub fn directory(&self) -> Arc<dyn Directory> {
        match self {
            Backend::Sqlite(store) => store.clone(),
        }
    }

    /// Whether it answers, and would take a write.
    pub async fn ready(&self) -> Result<(), StoreError> {
        match self {
            Backend::Sqlite(store) => store.write(|connection| connection.query_row("SELECT 1", [], |_| Ok(()))).await,
        }
    }

    /// Done when everything asked for before, snapshots too, is written or given up.
    pub async fn settled(&self) {
        match self {
            // The log says the same if the store is stuck.
            Backend::Sqlite(store) => drop(store.write(|_| Ok(())).await),
        }
    }
}
