//! The port, over CQL.
//!
//! Nothing here blocks: each partition's jobs are worked off by the session's own threads, one
//! after the other, and everything else beside them. When the store is given up, what was asked for
//! is still done. An owner that was fenced elsewhere finds out at its next append, so refusals and
//! reads are confirmed, too: by a look at the fence.

use super::context::Context;
use super::database::Tuning;
use super::error::Error;
use super::feed::FeedReader;
use super::owner::{Owner, PartitionJob};
use super::publisher::{Asked, Publisher};
use super::session::Cql;
use super::tables::Tables;
use actors::Time;
use actors::store::{
    Append, AppendOutcome, Bodies, Callback, FeedPage, Frame, ListedRow, Opened, Page, Row, RowKey,
    Sleeper, Snapshot, Store, StoreError,
};
use hashbrown::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::{mpsc, oneshot};

pub struct CqlStore {
    context: Arc<Context>,
    owners: Mutex<HashMap<Box<str>, Arc<Owner>>>,
    feed: Arc<FeedReader>,
    asked: mpsc::UnboundedSender<Asked>,
}

impl CqlStore {
    /// The rows not yet written are made again with `rows_of`, when a partition is opened.
    pub async fn open(
        cql: Arc<Cql>,
        tuning: Tuning,
        rows_of: impl Fn(&str, &Frame) -> Vec<Row> + Send + Sync + 'static,
    ) -> Result<CqlStore, Error> {
        let preparing = cql.clone();
        let tables = cql.run(async move { Tables::prepare(preparing, tuning).await }).await;
        let tables = Arc::new(tables.map_err(|error| Error::Failed(error.to_string()))??);
        let (news, to_publish) = mpsc::unbounded_channel();
        let (asked, to_answer) = mpsc::unbounded_channel();
        cql.spawn(Publisher::new(tables.clone(), to_publish, to_answer).run());
        let feed = Arc::new(FeedReader::new(tables.clone()));
        let context = Context::new(tables, Box::new(rows_of), news);
        Ok(CqlStore { context, owners: Mutex::default(), feed, asked })
    }

    fn ask(&self, partition: &str, job: PartitionJob) {
        self.owner(partition).ask(job, &self.context);
    }

    fn owner(&self, partition: &str) -> Arc<Owner> {
        self.owners()
            .entry(partition.into())
            .or_insert_with(|| Arc::new(Owner::new(partition)))
            .clone()
    }

    /// Where the feed ends, with all that was durable before this was asked.
    fn end_of_feed(&self) -> impl Future<Output = Result<u64, StoreError>> + Send + use<> {
        let closed = || StoreError::Unavailable("it is closed".into());
        let (asked, end) = oneshot::channel();
        let sent = self.asked.send(asked).map_err(|_| closed());
        async move {
            sent?;
            end.await.unwrap_or_else(|_| Err(closed()))
        }
    }

    /// Waits for those that write a snapshot, which are to be seen asleep.
    fn settle_snapshots(&self) -> Vec<oneshot::Receiver<()>> {
        let saving: Vec<Arc<Owner>> =
            self.owners().values().filter(|owner| owner.saves()).cloned().collect();
        let settle = |owner: Arc<Owner>| {
            let (settled, is_settled) = oneshot::channel();
            owner.ask(PartitionJob::Settle(settled), &self.context);
            is_settled
        };
        saving.into_iter().map(settle).collect()
    }

    fn owners(&self) -> MutexGuard<'_, HashMap<Box<str>, Arc<Owner>>> {
        self.owners.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Store for CqlStore {
    fn append(&self, append: Append, done: Callback<AppendOutcome>) {
        self.append_and_go_on(append, Box::new(|()| ()), done);
    }

    fn append_and_go_on(
        &self,
        append: Append,
        stands: Callback<()>,
        done: Callback<AppendOutcome>,
    ) {
        let owner = self.owner(&append.partition);
        owner.ask(PartitionJob::Append(append, stands, done), &self.context);
    }

    fn open(&self, partition: &str, done: Callback<Result<Opened, StoreError>>) {
        self.ask(partition, PartitionJob::Open(done));
    }

    fn save(&self, partition: &str, snapshot: Snapshot) {
        self.ask(partition, PartitionJob::Save(snapshot));
    }

    fn forget_snapshot(&self, partition: &str) {
        self.ask(partition, PartitionJob::Forget);
    }

    fn rows(&self, page: Page, done: Callback<Result<Vec<ListedRow>, StoreError>>) {
        let tables = self.context.tables.clone();
        self.context.work(async move { done(tables.lookups.page(&page).await) });
    }

    fn find(&self, keys: Vec<RowKey>, done: Callback<Result<Bodies, StoreError>>) {
        let tables = self.context.tables.clone();
        self.context.work(async move { done(tables.lookups.find(&keys).await) });
    }

    fn sleepers(&self, until: Time, done: Callback<Result<Vec<Sleeper>, StoreError>>) {
        let tables = self.context.tables.clone();
        let settled = self.settle_snapshots();
        self.context.work(async move {
            for settled in settled {
                let _ = settled.await;
            }
            done(tables.sleepers.to_be_woken(until).await);
        });
    }

    fn feed(&self, after: u64, limit: usize, done: Callback<Result<FeedPage, StoreError>>) {
        let (feed, end) = (self.feed.clone(), self.end_of_feed());
        self.context.work(async move {
            done(match end.await {
                Ok(end) => feed.read(after, limit, end).await,
                Err(error) => Err(error),
            });
        });
    }

    fn confirms_reads(&self) -> bool {
        true
    }
}

impl Drop for CqlStore {
    fn drop(&mut self) {
        // The last to let go of the store may be an answer on one of its own threads, which cannot
        // wait for itself.
        if !self.context.tables.db.cql.is_own_thread() {
            self.context.wait_until_done();
            // What cannot be published now is found by the next opening of its partition.
            let end = self.end_of_feed();
            self.context.work(async move { drop(end.await) });
            self.context.wait_until_done();
        }
    }
}
