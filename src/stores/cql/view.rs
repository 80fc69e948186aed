//! Everything that was ever written to a keyspace, read from beside.
//!
//! It reads what a quorum knows and takes nothing over, so what is written meanwhile may be seen or
//! not; every frame seen is one that counted. A generation of one partition is in memory at a time.

use super::database::Tuning;
use super::entry::FEED;
use super::error::unavailable;
use super::rows::{BEFORE_ALL, FIRST};
use super::schema;
use super::settings::{CqlSettings, SchemaMode};
use super::tables::Tables;
use actors::store::{Frame, Snapshot, StoreError};
use futures_util::TryStreamExt;
use ports::history::History;
use std::collections::BTreeSet;
use std::sync::Arc;

pub struct CqlHistory(Arc<Tables>);

impl CqlHistory {
    pub async fn open(settings: CqlSettings) -> anyhow::Result<CqlHistory> {
        let cql = schema::connect(settings, SchemaMode::Check).await?;
        Ok(CqlHistory(Arc::new(Tables::prepare(cql, Tuning::default()).await?)))
    }

    /// Waits for the answer on a thread that is not the session's own.
    fn ask<T, F>(&self, ask: impl FnOnce(Arc<Tables>) -> F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let (to, answer) = std::sync::mpsc::channel();
        let asked = ask(self.0.clone());
        self.0.db.cql.spawn(async move { drop(to.send(asked.await)) });
        answer.recv().unwrap_or_else(|_| Err(unavailable("it is closed")))
    }
}

impl History for CqlHistory {
    fn partitions(&self) -> anyhow::Result<Vec<String>> {
        let names = self.ask(async |tables| {
            let all = tables
                .db
                .cql
                .prepare("SELECT DISTINCT name, generation FROM log")
                .await
                .map_err(unavailable)?;
            let rows = tables.db.all::<(String, i32), _>(&all, ()).await?;
            rows.map_ok(|(name, _)| name).try_collect::<BTreeSet<String>>().await
        })?;
        let written = |name: &String| name != FEED;
        let mut partitions = Vec::new();
        for name in names.into_iter().filter(written) {
            // One that was only ever opened has not written anything.
            let asked = name.clone();
            let begun = self.ask(async move |tables| {
                Ok(tables
                    .generations
                    .fence(&asked, FIRST)
                    .await?
                    .is_some_and(|fence| fence.at.seq > 0))
            })?;
            if begun {
                partitions.push(name);
            }
        }
        Ok(partitions)
    }

    fn snapshot_of(&self, partition: &str) -> anyhow::Result<Option<Snapshot>> {
        let name = partition.to_owned();
        Ok(self
            .ask(async move |tables| tables.snapshots.load(&name).await)?
            .map(|(_, snapshot)| snapshot))
    }

    fn frames_of(
        &self,
        partition: &str,
        visit: &mut dyn FnMut(Frame) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut generation = Some(FIRST);
        while let Some(here) = generation {
            let name = partition.to_owned();
            let (frames, next) = self.ask(async move |tables| {
                tables.log.generation_after(&name, here, BEFORE_ALL).await
            })?;
            frames.into_iter().try_for_each(&mut *visit)?;
            generation = next;
        }
        Ok(())
    }
}
