//! A session with the store's tuning, and how it is asked: one row, all rows, or again until it
//! is too late.

use super::error::{broken, unavailable};
use super::session::Cql;
use actors::store::StoreError;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use scylla::deserialize::row::DeserializeRow;
use scylla::serialize::row::SerializeRow;
use scylla::statement::prepared::PreparedStatement;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Plain statements of one piece of work that may be under way at the same time.
pub const AT_ONCE: usize = 32;
/// How long to wait before something is tried again.
const PAUSE: Duration = Duration::from_millis(100);

/// How the store behaves; tests make it smaller.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// How long an outcome may stay unknown, and anything else may fail, before the caller is told
    /// so.
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

#[derive(Clone)]
pub struct Database {
    pub cql: Arc<Cql>,
    pub tuning: Tuning,
}

impl Database {
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

/// Does them all, some at a time, and gives their results in order, or what failed first.
pub async fn all_of<T, F>(work: impl IntoIterator<Item = F>) -> Result<Vec<T>, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    // Futures that are made beforehand need no closure that outlives their references.
    let work: Vec<F> = work.into_iter().collect();
    stream::iter(work).buffered(AT_ONCE).try_collect().await
}
