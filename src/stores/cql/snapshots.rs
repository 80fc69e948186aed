//! Snapshots, in pieces, behind one row that names them.
//!
//! The pieces are written first, under a number of their own; then the row, at a time above that of
//! all former ones; then the old pieces are removed. A snapshot that does not fit the log, or lacks
//! a piece, is not used: it is only a cache.

use super::claim::Claim;
use super::log::all_of;
use super::tables::{Tables, position};
use actors::Time;
use actors::store::{Position, Snapshot, StoreError};

const CHUNK: usize = 1 << 20;

/// The row that names a snapshot.
pub struct Manifest {
    id: i64,
    pub generation: i32,
    pub at: Position,
    due: Option<Time>,
    chunks: i32,
}

type ManifestRow = (i64, i32, i64, Vec<u8>, Option<i64>, i32);

impl Tables {
    pub async fn manifest(&self, name: &str) -> Result<Option<Manifest>, StoreError> {
        let row: Option<ManifestRow> = self.one(&self.snapshot, (name,)).await?;
        let manifest = |(id, generation, seq, head, due, chunks): ManifestRow| {
            Ok(Manifest { id, generation, at: position(seq, &head)?, due: due.map(Time), chunks })
        };
        row.map(manifest).transpose()
    }

    /// The newest snapshot, and in which generation it stands.
    pub async fn load_snapshot(&self, name: &str) -> Result<Option<(i32, Snapshot)>, StoreError> {
        let Some(manifest) = self.manifest(name).await? else { return Ok(None) };
        if !self.has(name, manifest.generation, manifest.at).await? {
            return Ok(None);
        }
        let chunk = |chunk| self.one::<(Vec<u8>,)>(&self.chunk, (name, manifest.id, chunk));
        let chunks = all_of((0..manifest.chunks).map(chunk)).await?;
        let whole: Option<Vec<Vec<u8>>> =
            chunks.into_iter().map(|chunk| chunk.map(|(bytes,)| bytes)).collect();
        Ok(whole.map(|chunks| {
            (
                manifest.generation,
                Snapshot { at: manifest.at, due: manifest.due, state: chunks.concat() },
            )
        }))
    }

    /// Loses the row that names the snapshot. Its pieces are written over or left behind; nobody
    /// reads them.
    pub async fn forget_snapshot(&self, name: &str, claim: &mut Claim) -> Result<(), StoreError> {
        self.cql.write(&self.drop_snapshot, (claim.stamp(), name)).await
    }

    /// Keeps the snapshot, unless it is of another log or older than the one that is kept.
    pub async fn save_snapshot(
        &self,
        name: &str,
        claim: &mut Claim,
        snapshot: &Snapshot,
    ) -> Result<bool, StoreError> {
        let (at, older) = (snapshot.at, self.manifest(name).await?);
        let is_newer = older.as_ref().is_none_or(|older| older.at.seq <= at.seq);
        let is_ours = at == claim.at
            || (at.seq >= claim.began
                && at.seq < claim.at.seq
                && self.has(name, claim.generation, at).await?);
        if at.seq == 0 || !is_newer || !is_ours {
            return Ok(false);
        }
        let id = claim.stamp();
        let chunks: Vec<&[u8]> = snapshot.state.chunks(CHUNK).collect();
        for (chunk, bytes) in chunks.iter().enumerate() {
            self.cql.write(&self.put_chunk, (name, id, chunk as i32, *bytes)).await?;
        }
        let due = snapshot.due.map(|due| due.0);
        let row =
            (name, id, claim.generation, at.seq as i64, &at.head[..], due, chunks.len() as i32, id);
        self.cql.write(&self.put_snapshot, row).await?;
        if let Some(older) = older {
            all_of(
                (0..older.chunks)
                    .map(|chunk| self.cql.write(&self.drop_chunk, (name, older.id, chunk))),
            )
            .await?;
        }
        Ok(true)
    }
}
