//! The store itself: its threads, and how they are asked.

use super::archive::{self, Archive, ArchiveJob};
use super::error::{Error, closed};
use super::folder::{self, Folder};
use super::health::DiskHealth;
use super::job::WriterJob;
use super::queue::{Sender, queue};
use super::reader::{self, Desk, ReaderJob, Surroundings};
use super::rows::{Fresh, RowsOf};
use super::{fold, log, writer};
use actors::store::{
    Append, AppendOutcome, Bodies, Callback, FeedPage, ListedRow, Opened, Page, RowKey, Sleeper,
    Snapshot, Store, StoreError,
};
use actors::{Id, Time};
use ports::directory::Outsider;
use ports::probe::Probe;
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use std::thread::{JoinHandle, ThreadId};
use tokio::sync::oneshot;

/// Threads that open partitions and look people up, and so many that read lists.
pub const READERS: usize = 2;
/// How many may wait for either, a fraction of a second's work; what waits costs memory, and an
/// answer that comes too late is no answer.
const LOOK_UPS_WAITING: usize = 16_384;
pub const LISTS_WAITING: usize = 8_192;
/// Bytes that are remembered of what was read of the archive last: a few segments, so that those
/// who follow the log unpack each block once.
const ARCHIVE_MEMORY: usize = 32 << 20;

/// A segment that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Archived {
    pub frames: u64,
    /// Of its file.
    pub bytes: u64,
}

pub struct SqliteStore {
    jobs: Sender<WriterJob>,
    /// Where people are looked up, one by one.
    look_ups: Desk,
    /// Where lists are read and the log is followed.
    lists: Desk,
    archive: Sender<ArchiveJob>,
    health: Arc<DiskHealth>,
    probe: Probe,
    /// It ends last: it waits for the readers.
    writer: Option<JoinHandle<()>>,
    own_threads: Vec<ThreadId>,
}

impl SqliteStore {
    /// Opens the database in the folder, and makes both if they are not there. The rows not yet
    /// written are made again with `rows_of`.
    pub fn open(folder: &Path, rows_of: &RowsOf) -> Result<SqliteStore, Error> {
        SqliteStore::start(Folder::lock(folder)?, rows_of)
    }

    /// The same for a database that must be there: it makes nothing.
    pub fn open_existing(folder: &Path, rows_of: &RowsOf) -> Result<SqliteStore, Error> {
        let folder = Folder::lock(folder)?;
        folder.must_hold_database()?;
        SqliteStore::start(folder, rows_of)
    }

    pub fn start(folder: Folder, rows_of: &RowsOf) -> Result<SqliteStore, Error> {
        let connection = folder.connect()?;
        let archive = Archive::new(folder.archive(), ARCHIVE_MEMORY);
        archive.look(&connection)?;
        let fresh = Arc::new(Fresh::default());
        let health = Arc::new(DiskHealth::default());
        let log = log::load(&connection, &fresh, rows_of)?;

        let (ready, is_ready) = queue();
        let (look_ups, look_ups_to_do) = Desk::open("look-ups", LOOK_UPS_WAITING);
        let (lists, lists_to_do) = Desk::open("lists", LISTS_WAITING);
        let (jobs, jobs_to_do) = queue();
        let mut readers = Vec::new();
        for (desk, to_do) in [(&look_ups, look_ups_to_do), (&lists, lists_to_do)] {
            for _ in 0..READERS {
                let connection = folder.connect_to_read()?;
                let (to_do, waiting, fresh, ready) =
                    (to_do.clone(), desk.waiting(), fresh.clone(), ready.clone());
                let (health, archive) = (health.clone(), archive.clone());
                let read = move || {
                    let beside = Surroundings { archive: &archive, fresh: &fresh, health: &health };
                    reader::run(&connection, &to_do, &waiting, beside, &ready)
                };
                readers.push(spawn("store-reader", read, &folder)?);
            }
        }
        let (archiving, to_archive) = queue();
        let (reading, to_writer) = (folder.connect_to_read()?, jobs.clone());
        let (knows, tells) = (health.clone(), ready.clone());
        let archive =
            move || archive::run(&reading, archive, &to_archive, to_writer, knows, &tells);
        readers.push(spawn("store-archive", archive, &folder)?);
        let mut own_threads: Vec<ThreadId> =
            readers.iter().map(|reader| reader.thread().id()).collect();
        let (beside, helper) = fold::beside(&health);
        let (second, file) = folder.connect_beside()?;
        let database = file.clone();
        let folding = spawn("store-fold", move || helper.run(&second, &database), &folder)?;
        let path = folder.clone();
        let (to_readers, knows) = (look_ups.clone(), health.clone());
        let write = move || {
            writer::run(&connection, &jobs_to_do, to_readers, log, &fresh, beside, &ready);
            // The writer's connection closes last, because only that one can fold the write-ahead
            // log into the database.
            readers.into_iter().chain([folding]).for_each(|other| drop(other.join()));
            if !knows.is_broken() {
                // If that cannot be said, the log stays, and the next start folds it in.
                let _ = folder::let_closing_fold(&connection);
            }
            drop(connection);
            // Closing a file lets go of all locks that the process has on it, so this one is closed
            // after all connections.
            drop(file);
            drop(folder);
        };
        let writer = spawn("store-writer", write, &path)?;
        own_threads.push(writer.thread().id());
        // The readers, the archiver and the writer.
        for _ in 0..2 * READERS + 2 {
            is_ready.take_one().unwrap_or(Err(rusqlite::Error::InvalidQuery))?;
        }
        Ok(SqliteStore {
            jobs,
            look_ups,
            lists,
            archive: archiving,
            health,
            probe: Probe::default(),
            writer: Some(writer),
            own_threads,
        })
    }

    /// Runs in the next commit, undone if it fails, and is answered when that commit is durable. It
    /// must not begin or end a transaction.
    pub fn write<R, F>(
        &self,
        write: F,
    ) -> impl Future<Output = Result<R, StoreError>> + Send + use<R, F>
    where
        R: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<R> + Send + 'static,
    {
        let (to, answer) = oneshot::channel();
        // The caller may be gone.
        self.submit(write, move |result| drop(to.send(result)));
        async { answer.await.unwrap_or_else(|_| Err(closed())) }
    }

    /// The same, with a callback. A job that cannot be sent is dropped, and its teller with it.
    fn submit<R, F>(&self, write: F, tell: impl FnOnce(Result<R, StoreError>) + Send + 'static)
    where
        R: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<R> + Send + 'static,
    {
        let _ = self.jobs.send(WriterJob::write(write, &self.health, tell));
    }

    /// Notes a member of a service, in the next commit.
    pub fn note(
        &self,
        outsider: Outsider,
    ) -> impl Future<Output = Result<(), StoreError>> + Send + use<> {
        let (to, noted) = oneshot::channel();
        // The caller may be gone.
        let _ = self
            .jobs
            .send(WriterJob::Note(outsider, Box::new(move |result| drop(to.send(result)))));
        async { noted.await.unwrap_or_else(|_| Err(closed())) }
    }

    /// Whom these ids stand for, in their order.
    pub fn find_outsiders(
        &self,
        members: Vec<Id>,
    ) -> impl Future<Output = Result<Vec<Option<Outsider>>, StoreError>> + Send + use<> {
        let (to, found) = oneshot::channel();
        let done = Box::new(move |result| drop(to.send(result)));
        let asked = self.look_ups.ask(ReaderJob::Outsiders(members, done));
        async move {
            asked?;
            found.await.unwrap_or_else(|_| Err(closed()))
        }
    }

    /// Whether a small write is taken and flushed, and nothing is known against the disk.
    pub fn ready(&self) -> impl Future<Output = Result<(), StoreError>> + Send + use<> {
        let health = self.health.clone();
        let taken = self.probe.ask(|told| self.submit(touch, |result| told.tell(result)));
        async move { taken.await.and(Ok(())).and_then(|()| health.verdict()) }
    }

    /// Everything asked for so far is written, and what can wait is, too: the process may end
    /// without waiting for this to be dropped.
    pub fn settle(&self) -> impl Future<Output = Result<(), StoreError>> + Send + use<> {
        let (to, settled) = oneshot::channel();
        let _ = self.jobs.send(WriterJob::Settle(Box::new(move |result| drop(to.send(result)))));
        async { settled.await.unwrap_or_else(|_| Err(closed())) }
    }

    /// Moves the oldest frames into a segment of the archive: those of `until` or before, as many
    /// as fit; if they do not fill one, only where the oldest is of `few_until` or before. None if
    /// nothing was moved.
    pub fn archive(
        &self,
        until: Time,
        few_until: Time,
    ) -> impl Future<Output = Result<Option<Archived>, StoreError>> + Send + use<> {
        let (to, archived) = oneshot::channel();
        let done = Box::new(move |result| drop(to.send(result)));
        // A job that cannot be sent is dropped, and its callback with it.
        let _ = self.archive.send(ArchiveJob { until, few_until, done });
        async {
            let made = archived.await.unwrap_or_else(|_| Err(closed()))?;
            Ok(made.map(|made| Archived {
                frames: (made.last - made.first + 1) as u64,
                bytes: made.bytes as u64,
            }))
        }
    }

    /// Runs on a reader, and sees every write answered before. For a look-up of a few rows by their
    /// keys.
    pub fn read<R, F>(
        &self,
        read: F,
    ) -> impl Future<Output = Result<R, StoreError>> + Send + use<R, F>
    where
        R: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<R> + Send + 'static,
    {
        ask(&self.look_ups, &self.health, read)
    }

    /// The same for a list, which takes longer and may wait behind others.
    pub fn read_list<R, F>(
        &self,
        read: F,
    ) -> impl Future<Output = Result<R, StoreError>> + Send + use<R, F>
    where
        R: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<R> + Send + 'static,
    {
        ask(&self.lists, &self.health, read)
    }
}

impl Store for SqliteStore {
    fn append(&self, append: Append, done: Callback<AppendOutcome>) {
        if let Err(unsent) = self.jobs.send(WriterJob::Append(append, done)) {
            unsent.refuse();
        }
    }

    fn open(&self, partition: &str, done: Callback<Result<Opened, StoreError>>) {
        if let Err(unsent) = self.jobs.send(WriterJob::Open(partition.into(), done)) {
            unsent.refuse();
        }
    }

    fn save(&self, partition: &str, snapshot: Snapshot) {
        // A snapshot is a cache: when it is not taken, nothing is lost.
        let _ = self.jobs.send(WriterJob::Save(partition.into(), snapshot));
    }

    fn forget_snapshot(&self, partition: &str) {
        let _ = self.jobs.send(WriterJob::Forget(partition.into()));
    }

    fn rows(&self, page: Page, done: Callback<Result<Vec<ListedRow>, StoreError>>) {
        // The caller was told if it cannot be done.
        let _ = self.lists.ask(ReaderJob::Rows(page, done));
    }

    fn find(&self, keys: Vec<RowKey>, done: Callback<Result<Bodies, StoreError>>) {
        let _ = self.look_ups.ask(ReaderJob::Find(keys, done));
    }

    fn sleepers(&self, until: Time, done: Callback<Result<Vec<Sleeper>, StoreError>>) {
        if let Err(unsent) = self.jobs.send(WriterJob::Sleepers(until, done)) {
            unsent.refuse();
        }
    }

    fn feed(&self, after: u64, limit: usize, done: Callback<Result<FeedPage, StoreError>>) {
        let _ = self.lists.ask(ReaderJob::Feed(after, limit, done));
    }
}

impl Drop for SqliteStore {
    /// Everything asked for is still done, the waiting rows are written, and the folder is free
    /// again afterwards.
    fn drop(&mut self) {
        self.archive = queue().0;
        self.jobs = queue().0;
        (self.look_ups, self.lists) = (Desk::closed(), Desk::closed());
        // The last to let go of the store may be an answer on one of its own threads, which cannot
        // wait for itself.
        if !self.own_threads.contains(&std::thread::current().id())
            && let Some(writer) = self.writer.take()
        {
            let _ = writer.join();
        }
    }
}

fn spawn(
    name: &str,
    run: impl FnOnce() + Send + 'static,
    folder: &Folder,
) -> Result<JoinHandle<()>, Error> {
    std::thread::Builder::new()
        .name(name.into())
        .spawn(run)
        .map_err(|error| Error::File { path: folder.path().into(), error })
}

fn ask<R, F>(
    desk: &Desk,
    health: &Arc<DiskHealth>,
    read: F,
) -> impl Future<Output = Result<R, StoreError>> + Send + use<R, F>
where
    R: Send + 'static,
    F: FnOnce(&Connection) -> rusqlite::Result<R> + Send + 'static,
{
    let (to, answer) = oneshot::channel();
    let health = health.clone();
    let read = Box::new(move |connection: &Connection| {
        let _ = to.send(read(connection).map_err(|error| health.tell(error)));
    });
    let asked = desk.ask(ReaderJob::Read(read));
    async move {
        asked?;
        answer.await.unwrap_or_else(|_| Err(closed()))
    }
}

/// A row that says nothing, so that a write can be tried.
fn touch(connection: &Connection) -> rusqlite::Result<()> {
    let touch = "INSERT INTO meta (name, value) VALUES ('touched', 1) ON CONFLICT (name) DO UPDATE \
        SET value = value + 1";
    connection.execute(touch, []).map(drop)
}
