//! Every statement of the log store, prepared once, and the reading of what they answer.
//!
//! What a column is called here is what it is called in `cql/001-log.cql`; conditional statements
//! list the columns of their condition last.

use super::session::{Conditional, Cql, Error, broken, settling, unavailable};
use actors::store::{Frame, Head, Position, StoreError};
use futures_util::{Stream, TryStreamExt};
use scylla::deserialize::row::DeserializeRow;
use scylla::serialize::row::SerializeRow;
use scylla::statement::prepared::PreparedStatement;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The epoch of a closed generation. Nobody's is above it.
pub const CLOSED: i64 = i64::MAX;
/// How long to wait before something is tried again.
const PAUSE: Duration = Duration::from_millis(100);

/// How the store behaves; tests make it smaller.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// How long an outcome may stay unknown, and anything else may fail, before whoever waits is
    /// told so.
    pub give_up_after: Duration,
    /// A generation is closed after so many records, or so many bytes that this owner wrote, so
    /// that no CQL partition grows without end.
    pub generation_records: u64,
    pub generation_bytes: u64,
    /// Records beyond this are written in parts of that size, beside the row that counts: a server
    /// takes 16 MiB at most and dislikes far less.
    pub row_bytes: usize,
    /// How long published frames may gather when nobody asks for the feed.
    pub publish_every: Duration,
}

impl Default for Tuning {
    fn default() -> Tuning {
        Tuning {
            give_up_after: Duration::from_secs(15),
            generation_records: 200_000,
            generation_bytes: 32 << 20,
            row_bytes: 1 << 20,
            publish_every: Duration::from_millis(200),
        }
    }
}

pub struct Tables {
    pub cql: Arc<Cql>,
    pub tuning: Tuning,
    pub generation_hint: PreparedStatement,
    pub hint_generation: PreparedStatement,
    pub fence: PreparedStatement,
    pub sentinel: PreparedStatement,
    pub begin: Conditional,
    pub raise: Conditional,
    pub append: Conditional,
    pub confirm: Conditional,
    pub close: Conditional,
    pub frames_after: PreparedStatement,
    pub sequences_after: PreparedStatement,
    pub frame_at: PreparedStatement,
    /// The same, but it also completes what is under way.
    pub settled_head_at: PreparedStatement,
    pub put_part: PreparedStatement,
    pub part: PreparedStatement,
    pub snapshot: PreparedStatement,
    pub put_snapshot: PreparedStatement,
    pub drop_snapshot: PreparedStatement,
    pub chunk: PreparedStatement,
    pub put_chunk: PreparedStatement,
    pub drop_chunk: PreparedStatement,
    pub rows: PreparedStatement,
    pub put_row: PreparedStatement,
    pub take_row: PreparedStatement,
    pub sleepers: PreparedStatement,
    pub put_sleeper: PreparedStatement,
    pub take_sleeper: PreparedStatement,
    pub published: PreparedStatement,
    pub put_published: PreparedStatement,
}

impl Tables {
    pub async fn prepare(cql: Arc<Cql>, tuning: Tuning) -> Result<Tables, Error> {
        let plain = async |statement: &str| cql.prepare(statement).await;
        let conditional = async |statement: &str| cql.prepare_conditional(statement).await;
        let frame = "SELECT seq, from_seq, from_head, head, parts, records FROM log WHERE name = ? \
            AND generation = ?";
        let mine = "IF epoch = ? AND last_seq = ? AND last_head = ?";
        let mut settled_head_at =
            plain("SELECT head FROM log WHERE name = ? AND generation = ? AND seq = ?").await?;
        settled_head_at.set_consistency(settling(cql.settings().serial));
        Ok(Tables {
            generation_hint: plain("SELECT generation FROM generations WHERE name = ?").await?,
            hint_generation: plain(
                "INSERT INTO generations (name, generation) VALUES (?, ?) USING \
                TIMESTAMP ?",
            )
            .await?,
            fence: plain(
                "SELECT epoch, last_seq, last_head, next, closed_epoch FROM log WHERE \
                name = ? AND generation = ? LIMIT 1",
            )
            .await?,
            sentinel: plain(
                "SELECT from_seq, head FROM log WHERE name = ? AND generation = ? AND \
                seq = -1",
            )
            .await?,
            begin: conditional(
                "INSERT INTO log (name, generation, seq, epoch, last_seq, last_head, from_seq, \
                 from_head, head)
                VALUES (?, ?, -1, ?, ?, ?, ?, ?, ?) IF NOT EXISTS",
            )
            .await?,
            raise: conditional(
                "UPDATE log SET epoch = ? WHERE name = ? AND generation = ? IF \
                epoch = ?",
            )
            .await?,
            append: conditional(&format!(
                "UPDATE log SET last_seq = ?, last_head = ?, from_seq = ?, from_head = ?, head = \
                 ?, parts = ?, records = ?
                WHERE name = ? AND generation = ? AND seq = ? {mine}"
            ))
            .await?,
            confirm: conditional(&format!(
                "UPDATE log SET last_head = ? WHERE name = ? AND \
                generation = ? {mine}"
            ))
            .await?,
            close: conditional(&format!(
                "UPDATE log SET next = ?, closed_epoch = ?, epoch = {CLOSED} WHERE name = ? AND \
                 generation = ? {mine}"
            ))
            .await?,
            frames_after: plain(&format!("{frame} AND seq > ?")).await?,
            sequences_after: plain(
                "SELECT seq FROM log WHERE name = ? AND generation = ? AND seq \
                > ?",
            )
            .await?,
            frame_at: plain(&format!("{frame} AND seq = ?")).await?,
            settled_head_at,
            put_part: plain(
                "INSERT INTO log_parts (name, head, part, bytes) VALUES (?, ?, ?, \
                ?)",
            )
            .await?,
            part: plain(
                "SELECT bytes FROM log_parts WHERE name = ? AND head = ? AND part = \
                ?",
            )
            .await?,
            snapshot: plain(
                "SELECT id, generation, seq, head, due, chunks FROM snapshots WHERE \
                name = ?",
            )
            .await?,
            put_snapshot: plain(
                "INSERT INTO snapshots (name, id, generation, seq, head, due, chunks) VALUES (?, \
                 ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?",
            )
            .await?,
            drop_snapshot: plain("DELETE FROM snapshots USING TIMESTAMP ? WHERE name = ?").await?,
            chunk: plain(
                "SELECT bytes FROM snapshot_chunks WHERE name = ? AND id = ? AND chunk = \
                ?",
            )
            .await?,
            put_chunk: plain(
                "INSERT INTO snapshot_chunks (name, id, chunk, bytes) VALUES (?, ?, \
                ?, ?)",
            )
            .await?,
            drop_chunk: plain(
                "DELETE FROM snapshot_chunks WHERE name = ? AND id = ? AND chunk = \
                ?",
            )
            .await?,
            rows: plain(
                "SELECT key, body FROM lookups WHERE shelf = ? AND owner = ? AND key >= ? \
                LIMIT ?",
            )
            .await?,
            put_row: plain(
                "INSERT INTO lookups (shelf, owner, key, name, body) VALUES (?, ?, ?, \
                ?, ?) USING TIMESTAMP ?",
            )
            .await?,
            take_row: plain(
                "DELETE FROM lookups USING TIMESTAMP ? WHERE shelf = ? AND owner = ? \
                AND key = ? AND name = ?",
            )
            .await?,
            sleepers: plain("SELECT name, awake, due FROM sleepers WHERE bucket = ?").await?,
            put_sleeper: plain(
                "INSERT INTO sleepers (bucket, name, awake, due) VALUES (?, ?, ?, \
                ?) USING TIMESTAMP ?",
            )
            .await?,
            take_sleeper: plain(
                "DELETE FROM sleepers USING TIMESTAMP ? WHERE bucket = ? AND name \
                = ?",
            )
            .await?,
            published: plain("SELECT generation, seq FROM published WHERE name = ?").await?,
            put_published: plain(
                "INSERT INTO published (name, generation, seq) VALUES (?, ?, ?) \
                USING TIMESTAMP ?",
            )
            .await?,
            tuning,
            cql,
        })
    }

    /// The only row, if there is one.
    pub async fn one<R>(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<Option<R>, StoreError>
    where
        R: for<'f, 'm> DeserializeRow<'f, 'm>,
    {
        self.cql.read(statement, values).await?.maybe_first_row::<R>().map_err(broken)
    }

    /// All rows, page after page.
    pub async fn all<R, V: SerializeRow>(
        &self,
        statement: &PreparedStatement,
        values: V,
    ) -> Result<impl Stream<Item = Result<R, StoreError>> + Send + use<R, V>, StoreError>
    where
        R: for<'f, 'm> DeserializeRow<'f, 'm> + Send + 'static,
    {
        let pager = self
            .cql
            .session()
            .execute_iter(statement.clone(), values)
            .await
            .map_err(unavailable)?;
        Ok(pager.rows_stream::<R>().map_err(broken)?.map_err(unavailable))
    }

    /// Repeats what may be repeated until it succeeds or it is too late.
    pub async fn insist<T, F>(
        &self,
        until: Instant,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        loop {
            match attempt().await {
                Err(StoreError::Unavailable(_)) if Instant::now() < until => self.pause().await,
                settled => return settled,
            }
        }
    }

    pub fn deadline(&self) -> Instant {
        Instant::now() + self.tuning.give_up_after
    }

    pub async fn pause(&self) {
        tokio::time::sleep(PAUSE).await;
    }
}

/// A row of the log, as it is read.
pub type LogRow = (i64, i64, Vec<u8>, Vec<u8>, Option<i32>, Vec<u8>);

/// The frame that a row is, and in how many parts its records lie elsewhere.
pub fn frame(
    (seq, from_seq, from_head, head, parts, records): LogRow,
) -> Result<(Frame, i32), StoreError> {
    let frame = Frame { from: position(from_seq, &from_head)?, to: position(seq, &head)?, records };
    Ok((frame, parts.unwrap_or(0)))
}

pub fn position(seq: i64, head: &[u8]) -> Result<Position, StoreError> {
    Ok(Position {
        seq: seq as u64,
        head: Head::try_from(head).map_err(|_| broken("a head of the log is not 32 bytes long"))?,
    })
}
