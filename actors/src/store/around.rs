//! A store around another: it sees what is asked, and hands on whatever it does not want to change.

use super::{
    Append, Done, Feed, Listed, Opened, Outcome, Page, Sleeper, Snapshot, Store, StoreError,
};
use crate::time::Time;

pub trait Around: Send + Sync + 'static {
    fn inner(&self) -> &dyn Store;

    fn append(&self, append: Append, done: Done<Outcome>) {
        self.inner().append(append, done);
    }

    fn open(&self, partition: &str, done: Done<Result<Opened, StoreError>>) {
        self.inner().open(partition, done);
    }
}

impl<A: Around> Store for A {
    fn append(&self, append: Append, done: Done<Outcome>) {
        Around::append(self, append, done);
    }

    fn open(&self, partition: &str, done: Done<Result<Opened, StoreError>>) {
        Around::open(self, partition, done);
    }

    fn save(&self, partition: &str, snapshot: Snapshot) {
        self.inner().save(partition, snapshot);
    }

    fn forget_snapshot(&self, partition: &str) {
        self.inner().forget_snapshot(partition);
    }

    fn rows(&self, page: Page, done: Done<Result<Vec<Listed>, StoreError>>) {
        self.inner().rows(page, done);
    }

    fn sleepers(&self, until: Time, done: Done<Result<Vec<Sleeper>, StoreError>>) {
        self.inner().sleepers(until, done);
    }

    fn feed(&self, after: u64, limit: usize, done: Done<Result<Feed, StoreError>>) {
        self.inner().feed(after, limit, done);
    }

    fn confirms_reads(&self) -> bool {
        self.inner().confirms_reads()
    }
}
