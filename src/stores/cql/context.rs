//! What the workers of all partitions need, and a count of what they have under way.

use super::publisher::News;
use super::tables::Tables;
use actors::store::{Frame, Row};
use base::meters::commits::Commits;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use tokio::sync::mpsc;

/// The look-up rows that a frame declares, made from the log again.
pub type DeclareRows = dyn Fn(&str, &Frame) -> Vec<Row> + Send + Sync;

pub struct Context {
    pub tables: Arc<Tables>,
    pub rows_of: Box<DeclareRows>,
    pub commits: Commits,
    news: mpsc::UnboundedSender<News>,
    under_way: UnderWay,
}

impl Context {
    pub fn new(
        tables: Arc<Tables>,
        rows_of: Box<DeclareRows>,
        news: mpsc::UnboundedSender<News>,
    ) -> Arc<Context> {
        let (commits, under_way) = Default::default();
        Arc::new(Context { tables, rows_of, commits, news, under_way })
    }

    /// Does it on the session's threads. The end of the store waits for it.
    pub fn work(self: &Arc<Self>, work: impl Future<Output = ()> + Send + 'static) {
        let under_way = self.under_way.begin(self.clone());
        self.tables.db.cql.spawn(async move {
            work.await;
            drop(under_way);
        });
    }

    pub fn wait_until_done(&self) {
        self.under_way.wait_until_done();
    }

    pub fn tell(&self, news: News) {
        // Nobody listens only when the store is being given up. The next opening of the partition
        // finds it.
        let _ = self.news.send(news);
    }
}

/// Counts what is under way, so that giving up can wait for it.
#[derive(Default)]
struct UnderWay {
    count: Mutex<usize>,
    done: Condvar,
}

/// One piece of work, until it is dropped.
struct Piece(Arc<Context>);

impl UnderWay {
    fn begin(&self, context: Arc<Context>) -> Piece {
        *self.count() += 1;
        Piece(context)
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
