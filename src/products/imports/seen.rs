//! Which row of a file brought a code first, for a pass that only checks: on disk, because a file
//! may have more codes than fit into memory.
//!
//! A row that brings its code again, because a crash came between, is still the first. Removed when
//! the pass is over.

use actors::Id;
use actors::domain::coupons::rack::Spelling;
use rusqlite::Connection;
use std::fs;
use std::path::{Path, PathBuf};

const NAME: &str = "seen.db";
const SCHEMA: &str = "
PRAGMA cache_size = -8192;
CREATE TABLE IF NOT EXISTS seen (code BLOB PRIMARY KEY, row INTEGER NOT NULL) STRICT, WITHOUT ROWID;
";

pub struct Seen(Connection);

impl Seen {
    pub fn open(folder: &Path) -> rusqlite::Result<Seen> {
        Seen::at(&folder.join(NAME))
    }

    /// Of a file that is no job.
    pub fn beside(file: &Path) -> rusqlite::Result<Seen> {
        Seen::at(&name_beside(file))
    }

    fn at(path: &Path) -> rusqlite::Result<Seen> {
        let connection = Connection::open(path)?;
        // Where that is not possible, the old journal is kept, and is as safe only if its folder is
        // flushed with it.
        connection.pragma_update(None, "synchronous", "EXTRA")?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.execute_batch(SCHEMA)?;
        Ok(Seen(connection))
    }

    /// Whether each row is the first with its code. Durable when it returns.
    pub fn first(
        &mut self,
        spelling: Spelling,
        lines: &[(u64, Box<str>)],
    ) -> rusqlite::Result<Vec<bool>> {
        let commit = self.0.transaction()?;
        let mut first = Vec::with_capacity(lines.len());
        {
            let mut put = commit.prepare("INSERT OR IGNORE INTO seen VALUES (?1, ?2)")?;
            let mut get = commit.prepare("SELECT row FROM seen WHERE code = ?1")?;
            for (row, code) in lines {
                // A hash that no two codes share keeps the rows short.
                let code = Id::digest(&[spelling.key(code).as_bytes()]).0;
                let is_new = put.execute((code, *row as i64))? == 1;
                first.push(
                    is_new || get.query_row([code], |found| found.get::<_, i64>(0))? as u64 == *row,
                );
            }
        }
        commit.commit()?;
        Ok(first)
    }

    /// Whether each row is the first with all of its names; one that is not leaves its names to
    /// those after it.
    pub fn all_first(&mut self, rows: &[(u64, Vec<String>)]) -> rusqlite::Result<Vec<bool>> {
        let commit = self.0.transaction()?;
        let mut first = Vec::with_capacity(rows.len());
        {
            let mut put = commit.prepare("INSERT OR IGNORE INTO seen VALUES (?1, ?2)")?;
            let mut get = commit.prepare("SELECT 1 FROM seen WHERE code = ?1")?;
            for (row, names) in rows {
                let names: Vec<_> =
                    names.iter().map(|name| Id::digest(&[name.as_bytes()]).0).collect();
                let mut is_first = true;
                for name in &names {
                    is_first &= !get.exists([name])?;
                }
                if is_first {
                    names.iter().try_for_each(|name| put.execute((name, *row as i64)).map(drop))?;
                }
                first.push(is_first);
            }
        }
        commit.commit()?;
        Ok(first)
    }

    /// Nothing is missed if it was not there.
    pub fn remove(folder: &Path) {
        remove(&folder.join(NAME));
    }

    pub fn remove_beside(file: &Path) {
        remove(&name_beside(file));
    }
}

fn name_beside(file: &Path) -> PathBuf {
    file.with_extension(NAME)
}

fn remove(path: &Path) {
    for part in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(part);
        let _ = fs::remove_file(name);
    }
}
