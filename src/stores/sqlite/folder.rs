//! The data folder: who owns it, what the files in it are called, and who may read them.
//!
//! The owner holds a lock on the folder itself and on the file `lock` in it for as long as it
//! lives; the operating system lets go of both even after a kill. The file alone could be removed,
//! and then two would own the folder. A database is never made where the rest of one lies. Secrets
//! live in the database, so only its owner may read it. Paths are never text: they need not be
//! UTF-8.

use super::error::Error;
use super::files::{absolute, at, keep_private, make_folder, private};
use super::wal::LogFlaw;
use super::{schema, sums, wal};
use ports::backend::IMPORTS;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const DATABASE: &str = "stampede.db";
const ARCHIVE: &str = "archive";

/// The files of a folder that grow, each with what it is.
pub fn growing_files(folder: &Path) -> [(&'static str, PathBuf); 2] {
    [("database", folder.join(DATABASE)), ("wal", folder.join(format!("{DATABASE}-wal")))]
}

/// A folder that is ours alone until the last clone is dropped.
#[derive(Clone)]
pub struct Folder {
    path: PathBuf,
    /// Open for as long as it is ours, so that it hears of a failed flush of its names, also of one
    /// that another asked for.
    names: Arc<File>,
    _locks: Arc<FolderLocks>,
}

struct FolderLocks {
    folder: Option<File>,
    file: File,
}

/// The file last, because it is what others wait for. To close them would not do: a process that
/// another thread starts has copies of them until it becomes another program, and their locks.
impl Drop for FolderLocks {
    fn drop(&mut self) {
        for lock in self.folder.iter().chain([&self.file]) {
            // The operating system lets go of it in the end.
            let _ = lock.unlock();
        }
    }
}

impl Folder {
    /// Makes the folder if need be, and takes possession of it.
    pub fn lock(path: &Path) -> Result<Folder, Error> {
        let path = absolute(path)?;
        make_folder(&path).map_err(at(&path))?;
        let names = Arc::new(File::open(&path).map_err(at(&path))?);
        let file = path.join("lock");
        let lock = private(OpenOptions::new().write(true).create(true).truncate(false))
            .open(&file)
            .map_err(at(&file))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::InUse(path)),
            Err(TryLockError::Error(error)) => return Err(Error::File { path: file, error }),
        }
        let locks = FolderLocks { folder: lock_itself(&path)?, file: lock };
        Ok(Folder { path, names, _locks: Arc::new(locks) })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// Where its segments are.
    pub fn archive(&self) -> PathBuf {
        self.path.join(ARCHIVE)
    }

    /// Refuses where a database is, or a part of one: a write-ahead log left alone would be taken
    /// for that of the next database. Files of imports may stay: the jobs of the database that
    /// comes look for them there.
    pub fn must_hold_no_database(&self) -> Result<(), Error> {
        self.must_have_left(&self.left_logs())?;
        match ["", "-journal"].iter().any(|part| self.beside_database(part).exists()) {
            true => Err(Error::HoldsDatabase(self.path.clone())),
            false => Ok(()),
        }
    }

    /// Refuses where there is nothing to read.
    pub fn must_hold_database(&self) -> Result<(), Error> {
        self.must_be_whole_or_new()?;
        if self.database().is_file() { Ok(()) } else { Err(Error::NoDatabase(self.path.clone())) }
    }

    fn must_be_whole_or_new(&self) -> Result<(), Error> {
        let mut left = self.left_logs();
        let has_files = |folder: &&str| {
            std::fs::read_dir(self.path.join(folder)).is_ok_and(|mut files| files.next().is_some())
        };
        let folders = [IMPORTS, ARCHIVE].into_iter().filter(has_files);
        left.extend(folders.map(|folder| format!("{folder}/")));
        self.must_have_left(&left)
    }

    /// Refuses where the database is gone and these are not: SQLite would remove its logs, and jobs
    /// would lose their files.
    fn must_have_left(&self, left: &[String]) -> Result<(), Error> {
        let database = match std::fs::metadata(self.database()) {
            Ok(file) if file.len() > 0 => return Ok(()),
            Ok(_) => "empty",
            Err(error) if error.kind() == io::ErrorKind::NotFound => "gone",
            Err(error) => return Err(at(&self.database())(error)),
        };
        match left {
            [] => Ok(()),
            left => Err(Error::Remains {
                folder: self.path.clone(),
                database,
                left: left.join(" and "),
            }),
        }
    }

    /// A rollback journal is not among them: a first start that was killed leaves one.
    fn left_logs(&self) -> Vec<String> {
        let left = ["-wal", "-shm"].into_iter().filter(|part| self.beside_database(part).exists());
        left.map(|part| format!("{DATABASE}{part}")).collect()
    }

    fn beside_database(&self, part: &str) -> PathBuf {
        self.path.join(format!("{DATABASE}{part}"))
    }

    /// The connection that writes, to a database that is made if need be.
    pub fn connect(&self) -> Result<Connection, Error> {
        self.must_be_whole_or_new()?;
        let database = self.database();
        wal::check(&database)?;
        wal::write_again(&database)?;
        private(OpenOptions::new().write(true).create(true).truncate(false))
            .open(&database)
            .and_then(keep_private)
            .map_err(at(&database))?;
        self.sync().inspect_err(|_| remove_empty(&database))?;
        let connection = connect(&database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        schema::prepare(&connection, &database)?;
        // The name of the write-ahead log: SQLite flushes it, too, but does not mind if it cannot.
        self.sync()?;
        Ok(connection)
    }

    pub fn connect_to_read(&self) -> Result<Connection, Error> {
        connect(&self.database(), OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    /// To a database that is prepared already, and to its file, which must not be closed before the
    /// last connection is.
    pub fn connect_beside(&self) -> Result<(Connection, Arc<File>), Error> {
        let database = self.database();
        let file = OpenOptions::new().write(true).open(&database).map_err(at(&database))?;
        Ok((connect(&database, OpenFlags::SQLITE_OPEN_READ_WRITE)?, Arc::new(file)))
    }

    /// Makes sure that a power cut does not lose the names of new files.
    pub fn sync(&self) -> Result<(), Error> {
        self.names.sync_all().map_err(at(&self.path))
    }
}

/// A name whose flush failed may count as flushed from then on. So the next start shall make the
/// database anew, as long as there is nothing in it.
fn remove_empty(database: &Path) {
    if std::fs::metadata(database).is_ok_and(|file| file.len() == 0) {
        // If this fails, too, the next start is as badly off as without it.
        let _ = std::fs::remove_file(database);
    }
}

/// A connection to read the database of a folder that a running server may own, and where its
/// segments are.
pub fn look_into(folder: &Path) -> Result<(Connection, PathBuf), Error> {
    let (database, archive) = (absolute(folder)?.join(DATABASE), absolute(folder)?.join(ARCHIVE));
    if !database.is_file() {
        return Err(Error::NoDatabase(folder.into()));
    }
    wal::check(&database)?;
    let connection = connect(&database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    schema::check(&connection, &database)?;
    Ok((connection, archive))
}

/// Gives up the commits that a damaged write-ahead log has lost, so that the folder can be opened.
/// Says what was done.
pub fn accept_loss(folder: &Path) -> Result<String, Error> {
    let folder = Folder::lock(folder)?;
    folder.must_hold_database()?;
    let done = wal::accept_loss(&folder.database())?;
    folder.sync()?;
    Ok(match done {
        None => {
            "the write-ahead log is whole as far as can be seen; nothing was given up".to_owned()
        }
        Some((LogFlaw::Stray(stray), kept)) => format!(
            "gave up the write-ahead log, which was not written upon this database ({} whole \
             commits); it is kept as {}",
            stray.commits,
            kept.display()
        ),
        Some((LogFlaw::Loss(loss), kept)) => format!(
            "gave up what stood behind frame {} of the write-ahead log ({} whole commits); the \
             damaged log is kept as {}",
            loss.frame,
            loss.commits,
            kept.display()
        ),
    })
}

/// Every connection is used by one thread at a time, so it needs no mutex of its own.
pub fn connect(file: &Path, flags: OpenFlags) -> Result<Connection, Error> {
    let connection = Connection::open_with_flags(file, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    // After a failed flush nothing may be folded in, not even by the connection that closes last.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    sums::teach(&connection)?;
    Ok(connection)
}

/// When this connection is the last that is closed, it folds all of the write-ahead log in and
/// removes it.
pub fn let_closing_fold(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).map(drop)
}

/// The folder's own lock cannot be removed while the folder stays. Some network file systems cannot
/// lock a folder; there the file alone has to do.
#[cfg(unix)]
fn lock_itself(path: &Path) -> Result<Option<File>, Error> {
    let folder = File::open(path).map_err(at(path))?;
    match folder.try_lock() {
        Ok(()) => Ok(Some(folder)),
        Err(TryLockError::WouldBlock) => Err(Error::InUse(path.into())),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

#[cfg(not(unix))]
fn lock_itself(_: &Path) -> Result<Option<File>, Error> {
    Ok(None)
}
