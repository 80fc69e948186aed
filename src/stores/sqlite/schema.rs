//! The tables, and which versions of them this binary knows.
//!
//! `log` is the truth: one row for each frame, in the order of their commits, never changed, and
//! removed only when it is in a segment of the archive, which `segments` names. Each row names the
//! position of its partition's frame before it, so that no index has to be written in a commit.
//! `partitions` and `lookups` follow the log from behind, as far as `reach` in `meta` says; a start
//! makes the rest again. `lookups` keeps all rows of an owner together, so that what one member
//! does is written in one place. `snapshots` is a cache. The chain of hashes covers the frames of
//! the log, and the digests of snapshots their state; every other row has a sum. The version
//! stands beside the file's age (`age`).

use super::age;
use super::archive::catalogue::TABLE as SEGMENTS;
use super::directory::tables::PEOPLE;
use super::error::Error;
use super::sums;
use super::upgrades::{self, VERSION};
use rusqlite::Connection;
use std::path::Path;

/// Versions 1 to 3 were never released; they had no sums, no cards, and no segments.
const OLDEST: i64 = 4;

/// Says in the file's header that it is ours.
const APPLICATION: i64 = 0x7374_6d70;

const TABLES: &str = "
CREATE TABLE partitions (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    last INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    head BLOB NOT NULL,
    sum INTEGER NOT NULL
) STRICT;

CREATE TABLE log (
    position INTEGER PRIMARY KEY,
    partition INTEGER NOT NULL,
    previous INTEGER NOT NULL,
    from_seq INTEGER NOT NULL,
    to_seq INTEGER NOT NULL,
    head BLOB NOT NULL,
    records BLOB NOT NULL
) STRICT;

CREATE TABLE snapshots (
    partition INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    head BLOB NOT NULL,
    keys_after INTEGER NOT NULL,
    due INTEGER,
    state BLOB NOT NULL,
    sum INTEGER NOT NULL
) STRICT;

CREATE TABLE lookups (
    owner BLOB NOT NULL,
    shelf INTEGER NOT NULL,
    key BLOB NOT NULL,
    body BLOB NOT NULL,
    sum INTEGER NOT NULL,
    PRIMARY KEY (owner, shelf, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL,
    sum INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

INSERT INTO meta (name, value, sum) VALUES ('reach', 0, row_sum('reach', 0)), \
('outsiders', 0, row_sum('outsiders', 0)), ('doubts', 0, row_sum('doubts', 0));
";

/// A commit is flushed before it is answered. The writer itself says when the write-ahead log is
/// folded in, not some unlucky commit.
const MANNERS: &str = "
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 0;
PRAGMA cache_size = -32000;
PRAGMA temp_store = MEMORY;
";

/// Makes the tables of an empty database, and refuses one that is not ours to write.
pub fn prepare(connection: &Connection, file: &Path) -> Result<(), Error> {
    if is_empty(connection)? {
        teach_manners(connection, file)?;
        let ours = format!("PRAGMA application_id = {APPLICATION};");
        let later = upgrades::all();
        connection.execute_batch(&format!(
            "BEGIN IMMEDIATE; {TABLES} {SEGMENTS} {PEOPLE} {later} {ours}"
        ))?;
        age::say_version(connection, VERSION)?;
        connection.execute_batch("COMMIT")?;
        return Ok(sums::keep(connection)?);
    }
    check(connection, file)?;
    teach_manners(connection, file)?;
    upgrades::apply(connection)?;
    Ok(sums::keep(connection)?)
}

fn teach_manners(connection: &Connection, file: &Path) -> Result<(), Error> {
    set_journal(connection, "wal", file)?;
    Ok(connection.execute_batch(MANNERS)?)
}

/// Says how commits are kept. SQLite answers first and commits the change afterwards, so it is
/// followed to its end and asked again.
pub fn set_journal(connection: &Connection, mode: &'static str, file: &Path) -> Result<(), Error> {
    let mut change = connection.prepare(&format!("PRAGMA journal_mode = {mode}"))?;
    let mut answers = change.query([])?;
    while answers.next()?.is_some() {}
    let found: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    match found == mode {
        true => Ok(()),
        false => Err(Error::Journal { path: file.into(), mode, found }),
    }
}

/// Whether the database is ours, and of a version that this binary can read.
pub fn check(connection: &Connection, file: &Path) -> Result<(), Error> {
    use rusqlite::ErrorCode::NotADatabase;
    match pragma(connection, "application_id") {
        Ok(APPLICATION) => {}
        Err(error) if error.sqlite_error_code() != Some(NotADatabase) => return Err(error.into()),
        _ => return Err(Error::Foreign(file.into())),
    }
    match age::version(connection)? {
        found if found > VERSION => Err(Error::Newer { found, known: VERSION }),
        found if found < OLDEST => Err(Error::Older { found }),
        _ => Ok(()),
    }
}

/// What SQLite itself can see: pages, the order of rows, and that each index has what its table
/// has. It sees no flipped value.
pub fn check_pages(connection: &Connection) -> Result<(), Error> {
    match connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0))? {
        verdict if verdict == "ok" => Ok(()),
        verdict => Err(Error::Damaged(verdict)),
    }
}

fn is_empty(connection: &Connection) -> Result<bool, Error> {
    match connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))
    {
        Ok(tables) => Ok(tables == 0 && pragma(connection, "application_id")? == 0),
        // Something else than a database; `check` says so.
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}
