//! The readers: threads that open partitions and read lists, beside the writer and never in its
//! way.
//!
//! They sit at two desks. At one partitions are opened, and cards and people are looked up; at the
//! other lists are read and the log is followed. So a crowd that reads lists does not make logins
//! wait. At each desk so many may wait, and one more is told so at once; openings and followers
//! always may, because the engine and the feed bound them.

use super::archive::Archive;
use super::error::closed;
use super::health::DiskHealth;
use super::log::{Finder, Follower, Tail};
use super::meters::DeskMeters;
use super::outsiders::OutsiderReader;
use super::queue::{Receiver, Sender, Unsent, queue};
use super::rows::{Fresh, ListReader};
use actors::Id;
use actors::store::{Bodies, Callback, FeedPage, ListedRow, Opened, Page, RowKey, StoreError};
use ports::directory::Outsider;
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

pub enum ReaderJob {
    Open(Tail, Callback<Result<Opened, StoreError>>),
    Rows(Page, Callback<Result<Vec<ListedRow>, StoreError>>),
    Find(Vec<RowKey>, Callback<Result<Bodies, StoreError>>),
    Feed(u64, usize, Callback<Result<FeedPage, StoreError>>),
    Outsiders(Vec<Id>, Callback<Result<Vec<Option<Outsider>>, StoreError>>),
    Read(Box<dyn FnOnce(&Connection) + Send>),
}

impl ReaderJob {
    /// Answers that it will not be done. The caller of a `Read` is answered by `Desk::ask`.
    pub fn refuse(self, why: StoreError) {
        match self {
            ReaderJob::Open(_, done) => done(Err(why)),
            ReaderJob::Rows(_, done) => done(Err(why)),
            ReaderJob::Find(_, done) => done(Err(why)),
            ReaderJob::Feed(_, _, done) => done(Err(why)),
            ReaderJob::Outsiders(_, done) => done(Err(why)),
            ReaderJob::Read(_) => {}
        }
    }

    fn is_bounded_elsewhere(&self) -> bool {
        !matches!(self, ReaderJob::Rows(..) | ReaderJob::Outsiders(..) | ReaderJob::Read(_))
    }
}

/// Where readers of one kind are asked.
#[derive(Clone)]
pub struct Desk {
    jobs: Sender<ReaderJob>,
    most: usize,
    waiting: DeskMeters,
}

impl Desk {
    /// A desk at which so many may wait, and where its readers take their work.
    pub fn open(name: &'static str, most: usize) -> (Desk, Receiver<ReaderJob>) {
        let (jobs, to_do) = queue();
        (Desk { jobs, most, waiting: DeskMeters::at(name) }, to_do)
    }

    /// A desk without readers.
    pub fn closed() -> Desk {
        Desk { jobs: queue().0, most: 0, waiting: DeskMeters::nowhere() }
    }

    pub fn waiting(&self) -> DeskMeters {
        self.waiting.clone()
    }

    /// Answers why it will not be done, if it will not.
    pub fn ask(&self, job: ReaderJob) -> Result<(), StoreError> {
        let most = if job.is_bounded_elsewhere() { usize::MAX } else { self.most };
        let (unsent, why) = match self.jobs.send_within(most, job) {
            Ok(()) => return Ok(()),
            Err(Unsent::Full(job)) => (job, self.waiting.refuse()),
            Err(Unsent::Gone(job)) => (job, closed()),
        };
        unsent.refuse(why.clone());
        Err(why)
    }
}

struct Reader<'c> {
    connection: &'c Connection,
    finder: Finder<'c>,
    follower: Follower<'c>,
    lists: ListReader<'c>,
    outsiders: OutsiderReader<'c>,
    around: Surroundings<'c>,
}

/// What a reader needs beside its connection.
#[derive(Clone, Copy)]
pub struct Surroundings<'c> {
    pub archive: &'c Arc<Archive>,
    pub fresh: &'c Fresh,
    pub health: &'c DiskHealth,
}

pub fn run(
    connection: &Connection,
    jobs: &Receiver<ReaderJob>,
    waiting: &DeskMeters,
    around: Surroundings<'_>,
    ready: &Sender<rusqlite::Result<()>>,
) {
    match Reader::new(connection, around) {
        Ok(mut reader) => {
            // If there is no listener, the store is being given up already.
            let _ = ready.send(Ok(()));
            while let Some(job) = jobs.take_one() {
                waiting.show(jobs.len());
                // An answer may run a machine's own code on this thread. If it panics, only that
                // answer is lost.
                let _ = catch_unwind(AssertUnwindSafe(|| reader.serve(job)));
            }
        }
        Err(error) => drop(ready.send(Err(error))),
    }
}

impl<'c> Reader<'c> {
    fn new(connection: &'c Connection, around: Surroundings<'c>) -> rusqlite::Result<Reader<'c>> {
        Ok(Reader {
            connection,
            finder: Finder::new(connection, around.archive)?,
            follower: Follower::new(connection, around.archive)?,
            lists: ListReader::new(connection)?,
            outsiders: OutsiderReader::new(connection)?,
            around,
        })
    }

    fn serve(&mut self, job: ReaderJob) {
        let Surroundings { fresh, health, .. } = self.around;
        let told = |error| health.tell(error);
        match job {
            ReaderJob::Open(tail, done) => done(self.open(&tail).map_err(told)),
            ReaderJob::Rows(page, done) => done(self.lists.page(fresh, &page).map_err(told)),
            ReaderJob::Find(keys, done) => done(self.find(&keys).map_err(told)),
            ReaderJob::Feed(after, limit, done) => done(self.feed(after, limit).map_err(told)),
            ReaderJob::Outsiders(members, done) => done(self.outsiders(&members).map_err(told)),
            ReaderJob::Read(read) => read(self.connection),
        }
    }

    /// One transaction for all the frames, and none any more while they are replayed.
    fn open(&mut self, tail: &Tail) -> rusqlite::Result<Opened> {
        let _transaction = self.connection.unchecked_transaction()?;
        self.finder.open(tail)
    }

    fn find(&mut self, keys: &[RowKey]) -> rusqlite::Result<Bodies> {
        keys.iter().map(|key| self.lists.find(self.around.fresh, key)).collect()
    }

    fn outsiders(&mut self, members: &[Id]) -> rusqlite::Result<Vec<Option<Outsider>>> {
        let (rows, fresh) = (&mut self.lists, self.around.fresh);
        members.iter().map(|member| self.outsiders.find(rows, fresh, *member)).collect()
    }

    /// One transaction, so that the end is the end of the very log that was read.
    fn feed(&mut self, after: u64, limit: usize) -> rusqlite::Result<FeedPage> {
        let _transaction = self.connection.unchecked_transaction()?;
        self.follower.feed(after, limit)
    }
}
