//! A store around another: it changes the calls that a test wants changed, and hands on all others.

use actors::Time;
use actors::store::{
    Append, AppendOutcome, Bodies, Callback, FeedPage, ListedRow, Opened, Page, RowKey, Sleeper,
    Snapshot, Store, StoreError,
};
use std::sync::Arc;

pub trait Around: Send + Sync + 'static {
    fn inner(&self) -> &dyn Store;

    fn append(&self, append: Append, done: Callback<AppendOutcome>) {
        self.inner().append(append, done);
    }

    fn append_and_go_on(
        &self,
        append: Append,
        _stands: Callback<()>,
        done: Callback<AppendOutcome>,
    ) {
        self.append(append, done);
    }

    fn open(&self, partition: &str, done: Callback<Result<Opened, StoreError>>) {
        self.inner().open(partition, done);
    }
}

/// The same as a store, for a node to live on.
pub fn as_store(around: Arc<impl Around>) -> Arc<dyn Store> {
    Arc::new(Handing(around))
}

struct Handing<A>(Arc<A>);

impl<A: Around> Store for Handing<A> {
    fn append(&self, append: Append, done: Callback<AppendOutcome>) {
        self.0.append(append, done);
    }

    fn append_and_go_on(
        &self,
        append: Append,
        stands: Callback<()>,
        done: Callback<AppendOutcome>,
    ) {
        self.0.append_and_go_on(append, stands, done);
    }

    fn open(&self, partition: &str, done: Callback<Result<Opened, StoreError>>) {
        self.0.open(partition, done);
    }

    fn save(&self, partition: &str, snapshot: Snapshot) {
        self.0.inner().save(partition, snapshot);
    }

    fn forget_snapshot(&self, partition: &str) {
        self.0.inner().forget_snapshot(partition);
    }

    fn rows(&self, page: Page, done: Callback<Result<Vec<ListedRow>, StoreError>>) {
        self.0.inner().rows(page, done);
    }

    fn find(&self, keys: Vec<RowKey>, done: Callback<Result<Bodies, StoreError>>) {
        self.0.inner().find(keys, done);
    }

    fn sleepers(&self, until: Time, done: Callback<Result<Vec<Sleeper>, StoreError>>) {
        self.0.inner().sleepers(until, done);
    }

    fn feed(&self, after: u64, limit: usize, done: Callback<Result<FeedPage, StoreError>>) {
        self.0.inner().feed(after, limit, done);
    }

    fn confirms_reads(&self) -> bool {
        self.0.inner().confirms_reads()
    }
}
