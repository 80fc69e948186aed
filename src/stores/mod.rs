//! Where the log, the snapshots, the look-ups and the people are kept, and which store a process
//! was told to use.
//!
//! Everything above sees two ports, `Store` and `Directory`, and the few things that only the
//! start, the stop and the health check ask of whatever is behind them.

#[cfg(feature = "cluster")]
pub mod cql;
pub mod sqlite;

use config::{Choice, Config};
use ports::{Backend, History};
use std::sync::Arc;

/// Opens what the settings name.
pub async fn open(config: &Config) -> anyhow::Result<Arc<dyn Backend>> {
    match config.store {
        Choice::Sqlite => Ok(Arc::new(sqlite::Installed::open(config)?)),
        #[cfg(feature = "cluster")]
        Choice::Cql => Ok(Arc::new(cql::Keyspace::open(config).await?)),
        #[cfg(not(feature = "cluster"))]
        Choice::Cql => Err(no_cluster()),
    }
}

/// Everything that was ever written to what the settings name, to be read while others use it.
pub async fn history(config: &Config) -> anyhow::Result<Box<dyn History>> {
    match config.store {
        Choice::Sqlite => Ok(Box::new(sqlite::View::open(&config.data, &crate::engine::rows)?)),
        #[cfg(feature = "cluster")]
        Choice::Cql => Ok(Box::new(cql::View::open(config).await?)),
        #[cfg(not(feature = "cluster"))]
        Choice::Cql => Err(no_cluster()),
    }
}

/// Brings the schema of a CQL database up to date. Answers what is to be said of it.
pub async fn migrate(config: &Config) -> anyhow::Result<String> {
    match config.store {
        Choice::Sqlite => Ok("the file in the data folder is brought up to date by every start; \
            there is nothing to do"
            .to_owned()),
        #[cfg(feature = "cluster")]
        Choice::Cql => cql::migrate(config).await,
        #[cfg(not(feature = "cluster"))]
        Choice::Cql => Err(no_cluster()),
    }
}

/// Carries everything from the data folder into the keyspace, and answers what is to be said of it.
pub async fn copy(config: &Config) -> anyhow::Result<String> {
    #[cfg(feature = "cluster")]
    return cql::copy(config).await.map(|arrived| arrived.to_string());
    #[cfg(not(feature = "cluster"))]
    Err(no_cluster())
}

#[cfg(not(feature = "cluster"))]
fn no_cluster() -> anyhow::Error {
    anyhow::anyhow!("store is cql, but this stampede was built without the feature `cluster`")
}
