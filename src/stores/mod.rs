//! Which store a process was told to use.
//!
//! Everything above sees two ports, `Store` and `Directory`, and the few things that only the
//! start, the stop and the health check ask of what is behind them.

mod destination;
/// What a keyspace can do for a node. Without the feature `cluster`: what says that it cannot.
#[cfg_attr(not(feature = "cluster"), path = "no_keyspace.rs")]
mod keyspace;

pub use keyspace::destination;

use actors::Time;
use anyhow::{Context, bail};
use base::progress::ProgressBar;
use config::{Choice, Config};
use ports::{Backend, History};
use products::table;
use std::sync::Arc;

/// Opens what the settings name.
pub async fn open(config: &Config) -> anyhow::Result<Arc<dyn Backend>> {
    match config.store {
        Choice::Sqlite => Ok(Arc::new(sqlite::SqliteBackend::open(&config.data, &table::rows)?)),
        Choice::Cql => keyspace::open(config).await,
    }
}

/// Everything that was ever written to what the settings name, to be read while others use it.
pub async fn history(config: &Config) -> anyhow::Result<Box<dyn History>> {
    match config.store {
        Choice::Sqlite => Ok(Box::new(sqlite::SqliteHistory::open(&config.data, &table::rows)?)),
        Choice::Cql => keyspace::history(config).await,
    }
}

const DAY_S: u32 = 86_400;

/// Archives what is older than so many days, or than the settings say.
pub async fn archive(
    config: &Config,
    days: Option<u32>,
    now: Time,
) -> anyhow::Result<sqlite::ArchiveReport> {
    if config.store == Choice::Cql {
        bail!(
            "store is cql: the database compresses its log by itself; there is nothing to archive"
        )
    }
    let days = days
        .or(config.archive_after_days)
        .context("how old? Say --older-than-days DAYS, or set archive_after_days")?;
    let until = now.minus_s(days * DAY_S);
    let mut bar = ProgressBar::on_terminal("segments");
    let mut tell = |made| bar.at(made, 0);
    Ok(sqlite::archive(&config.data, until, &table::rows, &mut tell).await?)
}

/// Brings the schema of a CQL database up to date. Answers what is to be said of it.
pub async fn migrate(config: &Config) -> anyhow::Result<String> {
    match config.store {
        Choice::Sqlite => Ok("the file in the data folder is brought up to date by every start; \
            there is nothing to do"
            .to_owned()),
        Choice::Cql => keyspace::migrate(config).await,
    }
}
