//! Snapshots, in pieces, behind one row that names them.
//!
//! The pieces are written first, under a number of their own; then the row, at a time above that of
//! all former ones; then the old pieces are removed. A snapshot that does not fit the log, or lacks
//! a piece, is not used: it is only a cache.

use super::claim::WriteClaim;
use super::database::{Database, all_of};
use super::error::Error;
use super::log::FrameLog;
use super::rows::position;
use actors::Time;
use actors::store::{Position, Snapshot, StoreError};
use scylla::statement::prepared::PreparedStatement;
use std::sync::Arc;

const CHUNK: usize = 1 << 20;

/// The row that names a snapshot.
struct Manifest {
    id: i64,
    generation: i32,
    at: Position,
    keys_after: u64,
    due: Option<Time>,
    chunks: i32,
}

type ManifestRow = (i64, i32, i64, Vec<u8>, Option<i64>, Option<i64>, i32);

pub struct Snapshots {
    db: Database,
    log: Arc<FrameLog>,
    snapshot: PreparedStatement,
    put_snapshot: PreparedStatement,
    drop_snapshot: PreparedStatement,
    chunk: PreparedStatement,
    put_chunk: PreparedStatement,
    drop_chunk: PreparedStatement,
}

impl Snapshots {
    pub async fn prepare(db: Database, log: Arc<FrameLog>) -> Result<Snapshots, Error> {
        let cql = &db.cql;
        Ok(Snapshots {
            snapshot: cql
                .prepare(
                    "SELECT id, generation, seq, head, keys_after, due, chunks FROM snapshots \
                 WHERE name = ?",
                )
                .await?,
            put_snapshot: cql
                .prepare(
                    "INSERT INTO snapshots (name, id, generation, seq, head, keys_after, due, \
                 chunks) VALUES (?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?",
                )
                .await?,
            drop_snapshot: cql
                .prepare("DELETE FROM snapshots USING TIMESTAMP ? WHERE name = ?")
                .await?,
            chunk: cql
                .prepare(
                    "SELECT bytes FROM snapshot_chunks WHERE name = ? AND id = ? AND chunk = ?",
                )
                .await?,
            put_chunk: cql
                .prepare("INSERT INTO snapshot_chunks (name, id, chunk, bytes) VALUES (?, ?, ?, ?)")
                .await?,
            drop_chunk: cql
                .prepare("DELETE FROM snapshot_chunks WHERE name = ? AND id = ? AND chunk = ?")
                .await?,
            log,
            db,
        })
    }

    async fn manifest(&self, name: &str) -> Result<Option<Manifest>, StoreError> {
        let row: Option<ManifestRow> = self.db.one(&self.snapshot, (name,)).await?;
        let manifest = |(id, generation, seq, head, keys_after, due, chunks): ManifestRow| {
            let (at, keys_after) = (position(seq, &head)?, keys_after.unwrap_or(0) as u64);
            Ok(Manifest { id, generation, at, keys_after, due: due.map(Time), chunks })
        };
        row.map(manifest).transpose()
    }

    /// The newest snapshot, and in which generation it stands.
    pub async fn load(&self, name: &str) -> Result<Option<(i32, Snapshot)>, StoreError> {
        let Some(manifest) = self.manifest(name).await? else { return Ok(None) };
        if !self.log.has(name, manifest.generation, manifest.at).await? {
            return Ok(None);
        }
        let chunk = |chunk| self.db.one::<(Vec<u8>,)>(&self.chunk, (name, manifest.id, chunk));
        let chunks = all_of((0..manifest.chunks).map(chunk)).await?;
        let whole: Option<Vec<Vec<u8>>> =
            chunks.into_iter().map(|chunk| chunk.map(|(bytes,)| bytes)).collect();
        let Manifest { generation, at, keys_after, due, .. } = manifest;
        Ok(whole
            .map(|chunks| (generation, Snapshot { at, keys_after, due, state: chunks.concat() })))
    }

    /// Loses the row that names the snapshot. Its pieces are written over or left behind; nobody
    /// reads them.
    pub async fn forget(&self, name: &str, claim: &mut WriteClaim) -> Result<(), StoreError> {
        self.db.cql.write(&self.drop_snapshot, (claim.stamp(), name)).await
    }

    /// Keeps the snapshot, unless it is of another log or older than the one that is kept.
    pub async fn save(
        &self,
        name: &str,
        claim: &mut WriteClaim,
        snapshot: &Snapshot,
    ) -> Result<bool, StoreError> {
        let (at, older) = (snapshot.at, self.manifest(name).await?);
        let is_newer = older.as_ref().is_none_or(|older| older.at.seq <= at.seq);
        let is_ours = at == claim.at
            || (at.seq >= claim.began
                && at.seq < claim.at.seq
                && self.log.has(name, claim.generation, at).await?);
        if at.seq == 0 || !is_newer || !is_ours {
            return Ok(false);
        }
        let id = claim.stamp();
        let chunks: Vec<&[u8]> = snapshot.state.chunks(CHUNK).collect();
        for (chunk, bytes) in chunks.iter().enumerate() {
            self.db.cql.write(&self.put_chunk, (name, id, chunk as i32, *bytes)).await?;
        }
        let (keys_after, due) = (snapshot.keys_after as i64, snapshot.due.map(|due| due.0));
        let (seq, head, chunks) = (at.seq as i64, &at.head[..], chunks.len() as i32);
        let row = (name, id, claim.generation, seq, head, keys_after, due, chunks, id);
        self.db.cql.write(&self.put_snapshot, row).await?;
        if let Some(older) = older {
            all_of(
                (0..older.chunks)
                    .map(|chunk| self.db.cql.write(&self.drop_chunk, (name, older.id, chunk))),
            )
            .await?;
        }
        Ok(true)
    }
}
