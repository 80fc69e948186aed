//! The port, over CQL.
//!
//! Nothing here blocks: each partition's jobs are worked off by the session's own threads, one
//! after the other, and everything else beside them. When the store is given up, what was asked for
//! is still done. An owner that was fenced elsewhere finds out at its next append, so refusals and
//! reads are confirmed too.

use super::feed::Beginnings;
use super::owner::{Job, Owner};
use super::publisher::{Asked, News, Publisher};
use super::session::{Cql, Error};
use super::tables::{Tables, Tuning};
use actors::Time;
use actors::store::{
    Append, AppendOutcome, Callback, Feed, Frame, ListedRow, Opened, Page, Row, Sleeper, Snapshot,
    Store, StoreError,
};
use base::meters::commits::Commits;
use hashbrown::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use tokio::sync::{mpsc, oneshot};

/// The look-up rows that a frame declares, made from the log again.
pub type RowsOf = dyn Fn(&str, &Frame) -> Vec<Row> + Send + Sync;

pub struct CqlStore {
    shared: Arc<Shared>,
}

/// What every partition's worker needs.
pub struct Shared {
    pub tables: Arc<Tables>,
    pub rows_of: Box<RowsOf>,
    pub commits: Commits,
    owners: Mutex<HashMap<Box<str>, Arc<Owner>>>,
    news: mpsc::UnboundedSender<News>,
    asked: mpsc::UnboundedSender<Asked>,
    beginnings: Beginnings,
    under_way: UnderWay,
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
        let (commits, owners, beginnings, under_way) = Default::default();
        let rows_of = Box::new(rows_of);
        Ok(CqlStore {
            shared: Arc::new(Shared {
                tables,
                rows_of,
                commits,
                owners,
                news,
                asked,
                beginnings,
                under_way,
            }),
        })
    }

    fn ask(&self, partition: &str, job: Job) {
        let owner = self.shared.owner(partition);
        owner.ask(job, &self.shared);
    }
}

impl Store for CqlStore {
    fn append(&self, append: Append, done: Callback<AppendOutcome>) {
        let owner = self.shared.owner(&append.partition);
        owner.ask(Job::Append(append, done), &self.shared);
    }

    fn open(&self, partition: &str, done: Callback<Result<Opened, StoreError>>) {
        self.ask(partition, Job::Open(done));
    }

    fn save(&self, partition: &str, snapshot: Snapshot) {
        self.ask(partition, Job::Save(snapshot));
    }

    fn forget_snapshot(&self, partition: &str) {
        self.ask(partition, Job::Forget);
    }

    fn rows(&self, page: Page, done: Callback<Result<Vec<ListedRow>, StoreError>>) {
        let shared = self.shared.clone();
        self.shared.work(async move { done(shared.tables.page(&page).await) });
    }

    fn sleepers(&self, until: Time, done: Callback<Result<Vec<Sleeper>, StoreError>>) {
        let shared = self.shared.clone();
        let settled = shared.settle_snapshots();
        self.shared.work(async move {
            for settled in settled {
                let _ = settled.await;
            }
            done(shared.tables.to_be_woken(until).await);
        });
    }

    fn feed(&self, after: u64, limit: usize, done: Callback<Result<Feed, StoreError>>) {
        let shared = self.shared.clone();
        self.shared.work(async move {
            done(match shared.end_of_feed().await {
                Ok(end) => shared.tables.feed(&shared.beginnings, after, limit, end).await,
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
        if !self.shared.tables.cql.is_own_thread() {
            self.shared.under_way.wait_until_done();
            let shared = self.shared.clone();
            // What cannot be published now is found by whoever opens its partition.
            self.shared.work(async move { drop(shared.end_of_feed().await) });
            self.shared.under_way.wait_until_done();
        }
    }
}

impl Shared {
    /// Does it on the session's threads; whoever gives the store up waits for it.
    pub fn work(self: &Arc<Self>, work: impl Future<Output = ()> + Send + 'static) {
        let under_way = self.under_way.begin(self.clone());
        self.tables.cql.spawn(async move {
            work.await;
            drop(under_way);
        });
    }

    pub fn tell(&self, news: News) {
        // Nobody listens only when the store is being given up; whoever opens the partition finds
        // it.
        let _ = self.news.send(news);
    }

    fn owner(&self, partition: &str) -> Arc<Owner> {
        self.owners()
            .entry(partition.into())
            .or_insert_with(|| Arc::new(Owner::new(partition)))
            .clone()
    }

    /// Where the feed ends, with all that was durable before this was asked.
    async fn end_of_feed(&self) -> Result<u64, StoreError> {
        let closed = || StoreError::Unavailable("it is closed".into());
        let (asked, end) = oneshot::channel();
        self.asked.send(asked).map_err(|_| closed())?;
        end.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Waits for those that write a snapshot, which are to be seen asleep.
    fn settle_snapshots(self: &Arc<Self>) -> Vec<oneshot::Receiver<()>> {
        let saving: Vec<Arc<Owner>> =
            self.owners().values().filter(|owner| owner.saves()).cloned().collect();
        let settle = |owner: Arc<Owner>| {
            let (settled, is_settled) = oneshot::channel();
            owner.ask(Job::Settle(settled), self);
            is_settled
        };
        saving.into_iter().map(settle).collect()
    }

    fn owners(&self) -> MutexGuard<'_, HashMap<Box<str>, Arc<Owner>>> {
        self.owners.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Counts what is under way, so that giving up can wait for it.
#[derive(Default)]
struct UnderWay {
    count: Mutex<usize>,
    done: Condvar,
}

/// One piece of work, until it is dropped.
struct Piece(Arc<Shared>);

impl UnderWay {
    fn begin(&self, shared: Arc<Shared>) -> Piece {
        *self.count() += 1;
        Piece(shared)
    }

    fn count(&self) -> MutexGuard<'_, usize> {
        self.count.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn wait_until_done(&self) {
        let mut count = self.count();
        while *count > 0 {
            count = self.done.wait(count).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        *self.0.under_way.count() -= 1;
        self.0.under_way.done.notify_all();
    }
}
