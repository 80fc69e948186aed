//! What can go wrong with the database and its folder, and what the engine is told of it.

use super::age::FileAge;
use actors::store::StoreError;
use std::path::PathBuf;

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
        behind(*commits)
    )]
    LosesCommits { log: PathBuf, frame: u64, commits: u64 },
    #[error(
        "the write-ahead log {} was not written upon the database {} (it goes from age {} to {}, \
         the database has age {found}): an older or another one was put beside it, and what lies \
         between them is in neither; put back the database that belongs to the log, or restore a \
         backup into another folder, or give up the log with `stampede accept-loss`, which keeps \
         it beside",
        log.display(), database.display(), ages.0, ages.1
    )]
    OtherDatabase { database: PathBuf, log: PathBuf, found: FileAge, ages: (FileAge, FileAge) },
    #[error("there is no database in the folder {}", .0.display())]
    NoDatabase(PathBuf),
    #[error("the file {} exists already and is not overwritten", .0.display())]
    Exists(PathBuf),
    #[error("{} is no database of stampede", .0.display())]
    Foreign(PathBuf),
    #[error(
        "the database was written by a newer stampede (its version is {found}, this one \
         knows {known})"
    )]
    Newer { found: i64, known: i64 },
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
    #[error("the segment {} {why}", path.display())]
    Segment { path: PathBuf, why: String },
    #[error("{}: {error}", path.display())]
    File { path: PathBuf, error: std::io::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the database: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// What is lost, in words.
fn behind(commits: u64) -> String {
    match commits {
        0 => "what came behind is gone".to_owned(),
        1 => "1 commit behind it would be lost without a word".to_owned(),
        commits => format!("{commits} commits behind it would be lost without a word"),
    }
}

/// How an error begins that `whole` raised.
pub const DAMAGED_ROW: &str = "damaged is the row";

pub fn closed() -> StoreError {
    StoreError::Unavailable("it is closed".into())
}

/// What the engine is told of an error of SQLite.
pub fn store_error(error: rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    if let rusqlite::Error::UserFunctionError(other) = &error
        && let Some(Error::File { .. }) = other.downcast_ref()
    {
        return StoreError::Unavailable(error.to_string());
    }
    match error.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase) => StoreError::Broken(error.to_string()),
        _ if matches!(error, rusqlite::Error::UserFunctionError(_)) => {
            StoreError::Broken(error.to_string())
        }
        _ if error.to_string().contains(DAMAGED_ROW) => StoreError::Broken(error.to_string()),
        _ => StoreError::Unavailable(error.to_string()),
    }
}
