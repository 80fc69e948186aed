//! How old the database file is, so that a write-ahead log can tell whether it was written upon it.
//!
//! SQLite keeps 32 bits in the first page for whoever uses a database (`user_version`). The lowest
//! eight are the version of our tables, the others are its *age*. A commit makes it older by one if
//! it may be the first of a log that begins anew, or if an older part of the log is folded in
//! meanwhile. So a file that lay still has an age that no other state of it has, and what the log
//! has of the first page says which age that was: the first one is older by one. No other bytes
//! would do: SQLite's own counter of changes stands still while a log grows, and a table may move.

use rusqlite::{Connection, Result};

/// Where SQLite has these bits in the first page.
const PLACE: std::ops::Range<usize> = 60..64;
const VERSION_BITS: u32 = 8;
/// SQLite's number has a sign, which stays clear.
const AGES: u32 = 1 << (31 - VERSION_BITS);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileAge(u32);

impl FileAge {
    /// Of the first page, or of as much of it as is there.
    pub fn of_page(page: &[u8]) -> Option<FileAge> {
        let bits = page.get(PLACE)?.first_chunk()?;
        Some(FileAge((u32::from_be_bytes(*bits) >> VERSION_BITS) % AGES))
    }

    fn next(self) -> FileAge {
        FileAge((self.0 + 1) % AGES)
    }

    pub fn before(self) -> FileAge {
        FileAge((self.0 + AGES - 1) % AGES)
    }

    /// Whether a write of this one over that one, cut short, may have left the third.
    pub fn may_leave(self, over: FileAge, left: FileAge) -> bool {
        let whole_bytes = |bytes: u32| AGES * 2 - (1 << (24 - 8 * bytes));
        (0..=3).any(|bytes| {
            let mask = whole_bytes(bytes);
            self.0 & mask == left.0 & mask && over.0 & !mask == left.0 & !mask
        })
    }
}

impl std::fmt::Display for FileAge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The version of the tables.
pub fn version(connection: &Connection) -> Result<i64> {
    Ok(read(connection)? % (1 << VERSION_BITS))
}

/// In the transaction under way: the tables are of that version now, and the database is older.
pub fn say_version(connection: &Connection, version: i64) -> Result<()> {
    let age = FileAge((read(connection)? >> VERSION_BITS) as u32 % AGES).next();
    let bits = i64::from(age.0) << VERSION_BITS | version;
    connection.pragma_update(None, "user_version", bits)
}

/// In the transaction under way.
pub fn grow_older(connection: &Connection) -> Result<()> {
    say_version(connection, version(connection)?)
}

fn read(connection: &Connection) -> Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_stands_beside_the_version_and_neither_changes_the_other() {
        let connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", 7).unwrap();
        for _ in 0..300 {
            grow_older(&connection).unwrap();
        }
        assert_eq!((version(&connection), read(&connection)), (Ok(7), Ok(300 << 8 | 7)));
        say_version(&connection, 8).unwrap();
        assert_eq!(read(&connection), Ok(301 << 8 | 8));
        connection.pragma_update(None, "user_version", i32::MAX).unwrap();
        grow_older(&connection).unwrap();
        assert_eq!(read(&connection), Ok(255), "after the last age comes the first");
    }

    #[test]
    fn a_write_that_was_cut_short_leaves_a_beginning_of_the_new_and_the_rest_of_the_old() {
        let (old, new) = (FileAge(0x01_02_ff), FileAge(0x01_03_00));
        for left in [0x01_02_ff, 0x01_03_ff, 0x01_03_00] {
            assert!(new.may_leave(old, FileAge(left)), "{left:x}");
        }
        for left in [0x01_02_fe, 0x01_02_00, 0x01_01_ff, 0x00_03_00] {
            assert!(!new.may_leave(old, FileAge(left)), "{left:x}");
        }
        assert_eq!(FileAge(0).before().next(), FileAge(0));
        assert_eq!(FileAge(0).before(), FileAge(AGES - 1));
    }
}
