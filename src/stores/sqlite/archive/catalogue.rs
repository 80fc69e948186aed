//! The table `segments`: which there are, and the digest of each.

use crate::sums::SEGMENTS;
use rusqlite::{Connection, OptionalExtension, Result, Row};

pub const TABLE: &str = "
CREATE TABLE segments (
    number INTEGER PRIMARY KEY,
    first INTEGER NOT NULL UNIQUE,
    last INTEGER NOT NULL,
    digest BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    sum INTEGER NOT NULL DEFAULT 0
) STRICT;
";

/// What the database knows of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentRow {
    pub number: i64,
    /// The positions of its first and last frame.
    pub first: i64,
    pub last: i64,
    pub digest: [u8; 32],
    /// Of the file.
    pub bytes: i64,
}

/// All of them, in their order.
pub fn all(connection: &Connection) -> Result<Vec<SegmentRow>> {
    let mut select = connection.prepare(&format!("{} ORDER BY number", select()))?;
    let rows = select.query_map([], segment)?;
    rows.collect()
}

pub fn newest(connection: &Connection) -> Result<Option<SegmentRow>> {
    let newest = format!("{} ORDER BY number DESC LIMIT 1", select());
    connection.query_row(&newest, [], segment).optional()
}

/// The statement that finds the newest segment that begins at or before a position.
pub fn begun_by() -> String {
    format!("{} AND first <= ?1 ORDER BY first DESC LIMIT 1", select())
}

pub fn add(connection: &Connection, row: &SegmentRow) -> Result<()> {
    let SegmentRow { number, first, last, digest, bytes } = row;
    let insert =
        "INSERT INTO segments (number, first, last, digest, bytes) VALUES (?1, ?2, ?3, ?4, ?5)";
    connection.execute(insert, (number, first, last, digest, bytes)).map(drop)
}

fn select() -> String {
    format!("SELECT number, first, last, digest, bytes FROM segments WHERE {}", SEGMENTS.whole())
}

pub fn segment(row: &Row) -> Result<SegmentRow> {
    Ok(SegmentRow {
        number: row.get(0)?,
        first: row.get(1)?,
        last: row.get(2)?,
        digest: row.get(3)?,
        bytes: row.get(4)?,
    })
}
