//! The readers: threads that open partitions and read lists, beside the writer and never in its way.

use super::log::{Finder, Follower, Tail};
use super::queue::{Receiver, Sender};
use super::rows::{Fresh, Lists};
use super::{closed, store_error};
use actors::Time;
use actors::store::{Done, Feed, Listed, Opened, Page, Sleeper, StoreError};
use rusqlite::{Connection, Statement};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

pub enum Job {
    Open(Tail, Done<Result<Opened, StoreError>>),
    Rows(Page, Done<Result<Vec<Listed>, StoreError>>),
    /// With the partitions that are awake, as the writer knows them.
    Sleepers(Time, BTreeSet<Arc<str>>, Done<Result<Vec<Sleeper>, StoreError>>),
    Feed(u64, usize, Done<Result<Feed, StoreError>>),
    Read(Box<dyn FnOnce(&Connection) + Send>),
}

impl Job {
    /// Answers that nobody will do it.
    pub fn refuse(self) {
        match self {
            Job::Open(_, done) => done(Err(closed())),
            Job::Rows(_, done) => done(Err(closed())),
            Job::Sleepers(_, _, done) => done(Err(closed())),
            Job::Feed(_, _, done) => done(Err(closed())),
            Job::Read(_) => {}
        }
    }
}

struct Reader<'c> {
    connection: &'c Connection,
    finder: Finder<'c>,
    follower: Follower<'c>,
    lists: Lists<'c>,
    due: Statement<'c>,
    fresh: &'c Fresh,
}

pub fn run(connection: &Connection, jobs: &Receiver<Job>, fresh: &Fresh, ready: &Sender<rusqlite::Result<()>>) {
    match Reader::new(connection, fresh) {
        Ok(mut reader) => {
            // Nobody listens only if the store is being given up already.
            let _ = ready.send(Ok(()));
            while let Some(job) = jobs.take_one() {
                // An answer may run a machine's own code on this thread. If it panics, only that answer is lost.
                let _ = catch_unwind(AssertUnwindSafe(|| reader.serve(job)));
            }
        }
        Err(error) => drop(ready.send(Err(error))),
    }
}

impl<'c> Reader<'c> {
    fn new(connection: &'c Connection, fresh: &'c Fresh) -> rusqlite::Result<Reader<'c>> {
        let due = "SELECT p.name, s.due FROM snapshots s JOIN partitions p ON p.id = s.partition WHERE s.due <= ?1";
        Ok(Reader {
            connection,
            finder: Finder::new(connection)?,
            follower: Follower::new(connection)?,
            lists: Lists::new(connection)?,
            due: connection.prepare(due)?,
            fresh,
        })
    }

    fn serve(&mut self, job: Job) {
        match job {
            Job::Open(tail, done) => done(self.open(&tail).map_err(store_error)),
            Job::Rows(page, done) => done(self.lists.page(self.fresh, &page).map_err(store_error)),
            Job::Sleepers(until, awake, done) => done(self.sleepers(until, &awake).map_err(store_error)),
            Job::Feed(after, limit, done) => done(self.feed(after, limit).map_err(store_error)),
            Job::Read(read) => read(self.connection),
        }
    }

    /// One transaction for all the frames, and none any more while they are replayed.
    fn open(&mut self, tail: &Tail) -> rusqlite::Result<Opened> {
        let _transaction = self.connection.unchecked_transaction()?;
        self.finder.open(tail)
    }

    /// One transaction, so that the end is the end of the very log that was read.
    fn feed(&mut self, after: u64, limit: usize) -> rusqlite::Result<Feed> {
        let _transaction = self.connection.unchecked_transaction()?;
        self.follower.feed(after, limit)
    }

    fn sleepers(&mut self, until: Time, awake: &BTreeSet<Arc<str>>) -> rusqlite::Result<Vec<Sleeper>> {
        let mut sleepers: Vec<Sleeper> = awake.iter().map(|partition| Sleeper { partition: partition.to_string(), due: None }).collect();
        let mut rows = self.due.query([until.0])?;
        while let Some(row) = rows.next()? {
            let partition = row.get_ref(0)?.as_str()?;
            if !awake.contains(partition) {
                sleepers.push(Sleeper { partition: partition.into(), due: Some(Time(row.get(1)?)) });
            }
        }
        Ok(sleepers)
    }
}
