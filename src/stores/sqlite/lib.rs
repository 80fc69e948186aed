//! The embedded store: one SQLite file in a locked folder, and nothing else to install.
//!
//! One thread writes: whatever waits, of all partitions, becomes one transaction with one flush.
//! Another folds the write-ahead log in. Four threads read, two of them only lists. An opening goes
//! through the writer first, so that it finds everything asked for before it. The queue to the
//! writer has no bound of its own, because the engine bounds what may be under way in front of it.
//! One process owns the folder, so a stale owner is refused by sequence and head alone.

mod backup;
mod directory;
mod fold;
mod folder;
mod health;
mod installed;
mod job;
mod log;
mod meters;
mod queue;
mod reader;
mod rows;
mod schema;
mod statements;
mod sums;
mod sweep;
mod view;
mod wal;
mod writer;

#[cfg(test)]
mod on_disk;

pub use backup::{backup, restore};
pub use folder::{Folder, accept_loss};
pub use installed::Installed;
pub use meters::measure_files;
pub use view::View;

use actors::Time;
use actors::store::{
    Append, AppendOutcome, Callback, Feed, Frame, ListedRow, Opened, Page, Row, Sleeper, Snapshot,
    Store, StoreError,
};
use health::Health;
use job::{Job, Written};
use ports::probe::Probe;
use queue::{Sender, queue};
use reader::Desk;
use rows::Fresh;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{JoinHandle, ThreadId};
use tokio::sync::oneshot;

/// The look-up rows that a frame declares, made from the log again when they had not been written
/// yet.
pub type RowsOf = dyn Fn(&str, &Frame) -> Vec<Row>;

/// Threads that open partitions and look people up, and so many that read lists.
const READERS: usize = 2;
/// How many may wait for either, a fraction of a second's work; what waits costs memory, and an
/// answer that comes too late is no answer.
const LOOK_UPS_WAITING: usize = 16_384;
const LISTS_WAITING: usize = 8_192;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the folder {} is in use by another stampede", .0.display())]
    InUse(PathBuf),
    #[error("the folder {} holds a database already", .0.display())]
    HoldsDatabase(PathBuf),
    #[error(
        "the folder {} holds {left}, but its stampede.db is {database}: a new installation would \
         destroy what is left of the one there; \
         put its stampede.db back, or move the folder away",
        folder.display()
    )]
    Remains { folder: PathBuf, database: &'static str, left: String },
    #[error(
        "the write-ahead log {} is damaged or cut at frame {frame}: {}; restore a backup into \
         another folder, or give up what is lost \
         with `stampede accept-loss`, which keeps the damaged log beside",
        log.display(),
        wal::behind(*commits)
    )]
    LosesCommits { log: PathBuf, frame: u64, commits: u64 },
    #[error("there is no database in the folder {}", .0.display())]
    NoDatabase(PathBuf),
    #[error("the file {} exists already and is not overwritten", .0.display())]
    Exists(PathBuf),
    #[error("{} is no database of stampede", .0.display())]
    Foreign(PathBuf),
    #[error(
        "the database was written by a newer stampede (its version is {found}, this one knows {})",
        schema::VERSION
    )]
    Newer { found: i64 },
    #[error("{}: its journal could not be made {mode} and is {found}; is the disk full or \
        broken?", path.display())]
    Journal { path: PathBuf, mode: &'static str, found: String },
    #[error(
        "the database was written by a stampede before 0.1 (its version is {found}); this one \
         cannot read it"
    )]
    Older { found: i64 },
    #[error("the database is damaged: {0}")]
    Damaged(String),
    #[error("{}: {error}", path.display())]
    File { path: PathBuf, error: std::io::Error },
    #[error("the database: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

pub struct Sqlite {
    jobs: Sender<Job>,
    /// Where people are looked up, one by one.
    look_ups: Desk,
    /// Where lists are read and the log is followed.
    lists: Desk,
    health: Arc<Health>,
    probe: Probe,
    /// It ends last: it waits for the readers.
    writer: Option<JoinHandle<()>>,
    own_threads: Vec<ThreadId>,
}

impl Sqlite {
    /// Opens the database in the folder, and makes both if they are not there. The rows not yet
    /// written are made again with `rows_of`.
    pub fn open(folder: &Path, rows_of: &RowsOf) -> Result<Sqlite, Error> {
        Sqlite::start(Folder::lock(folder)?, rows_of)
    }

    /// The same, for whoever wants what is there: it makes nothing.
    pub fn open_existing(folder: &Path, rows_of: &RowsOf) -> Result<Sqlite, Error> {
        let folder = Folder::lock(folder)?;
        folder.must_hold_database()?;
        Sqlite::start(folder, rows_of)
    }

    fn start(folder: Folder, rows_of: &RowsOf) -> Result<Sqlite, Error> {
        let connection = folder.connect()?;
        let fresh = Arc::new(Fresh::default());
        let health = Arc::new(Health::default());
        let log =
            log::load(&connection, |partition, frame| fresh.gather(rows_of(partition, &frame)))?;

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
                let health = health.clone();
                let read =
                    move || reader::run(&connection, &to_do, &waiting, &fresh, &health, &ready);
                readers.push(spawn("store-reader", read, &folder)?);
            }
        }
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
        for _ in 0..=2 * READERS {
            is_ready.take_one().unwrap_or(Err(rusqlite::Error::InvalidQuery))?;
        }
        Ok(Sqlite {
            jobs,
            look_ups,
            lists,
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
        // Whoever asked may be gone.
        self.submit(write, move |result| drop(to.send(result)));
        async { answer.await.unwrap_or_else(|_| Err(closed())) }
    }

    /// The same, for whom it is to be told. A job that cannot be sent is dropped, and its teller
    /// with it.
    fn submit<R, F>(&self, write: F, tell: impl FnOnce(Result<R, StoreError>) + Send + 'static)
    where
        R: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<R> + Send + 'static,
    {
        let health = self.health.clone();
        let write = Box::new(move |connection: &Connection| {
            let result = write(connection);
            Written {
                failed: result.is_err(),
                answer: Box::new(move |committed| {
                    tell(committed.and_then(|()| result.map_err(|error| health.tell(error))))
                }),
            }
        });
        let _ = self.jobs.send(Job::Write(write));
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
        let _ = self.jobs.send(Job::Settle(Box::new(move |result| drop(to.send(result)))));
        async { settled.await.unwrap_or_else(|_| Err(closed())) }
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

impl Store for Sqlite {
    fn append(&self, append: Append, done: Callback<AppendOutcome>) {
        if let Err(unsent) = self.jobs.send(Job::Append(append, done)) {
            unsent.refuse();
        }
    }

    fn open(&self, partition: &str, done: Callback<Result<Opened, StoreError>>) {
        if let Err(unsent) = self.jobs.send(Job::Open(partition.into(), done)) {
            unsent.refuse();
        }
    }

    fn save(&self, partition: &str, snapshot: Snapshot) {
        // A snapshot is a cache: when nobody takes it, nothing is lost.
        let _ = self.jobs.send(Job::Save(partition.into(), snapshot));
    }

    fn forget_snapshot(&self, partition: &str) {
        let _ = self.jobs.send(Job::Forget(partition.into()));
    }

    fn rows(&self, page: Page, done: Callback<Result<Vec<ListedRow>, StoreError>>) {
        // Whoever asked was told if it cannot be done.
        let _ = self.lists.ask(reader::Job::Rows(page, done));
    }

    fn sleepers(&self, until: Time, done: Callback<Result<Vec<Sleeper>, StoreError>>) {
        if let Err(unsent) = self.jobs.send(Job::Sleepers(until, done)) {
            unsent.refuse();
        }
    }

    fn feed(&self, after: u64, limit: usize, done: Callback<Result<Feed, StoreError>>) {
        let _ = self.lists.ask(reader::Job::Feed(after, limit, done));
    }
}

impl Drop for Sqlite {
    /// Everything asked for is still done, the waiting rows are written, and the folder is free
    /// again afterwards.
    fn drop(&mut self) {
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
    health: &Arc<Health>,
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
    let asked = desk.ask(reader::Job::Read(read));
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

fn closed() -> StoreError {
    StoreError::Unavailable("it is closed".into())
}

fn store_error(error: rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    match error.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase) => StoreError::Broken(error.to_string()),
        _ if error.to_string().contains(sums::DAMAGED_ROW) => StoreError::Broken(error.to_string()),
        _ => StoreError::Unavailable(error.to_string()),
    }
}
