//! From where members have logged in, so that strangers who try their passwords do not shut them
//! out.
//!
//! What is kept names no address: it can only be compared with one. Of a member the latest few are
//! kept.

use super::super::sums::HOMES as HOMES_KEPT;
use super::columns::IdColumn;
use actors::{Id, Time};
use ports::directory::HOMES;
use ports::moving::Home;
use rusqlite::{Connection, Result, Row, params};

pub fn note(connection: &Connection, member: Id, home: Id, at: Time) -> Result<()> {
    let insert = "INSERT OR REPLACE INTO homes (member, home, at) VALUES (?1, ?2, ?3)";
    connection.execute(insert, params![IdColumn(member), IdColumn(home), at.0])?;
    let forget = "DELETE FROM homes WHERE member = ?1 AND home NOT IN \
                  (SELECT home FROM homes WHERE member = ?1 ORDER BY at DESC, home LIMIT ?2)";
    connection.execute(forget, params![IdColumn(member), HOMES as i64]).map(drop)
}

pub fn is_known(connection: &Connection, member: Id, home: Id) -> Result<bool> {
    let select = format!(
        "SELECT EXISTS (SELECT 1 FROM homes WHERE member = ?1 AND home = ?2 AND {})",
        HOMES_KEPT.whole()
    );
    connection.query_row(&select, [IdColumn(member), IdColumn(home)], |row| row.get(0))
}

pub fn forget_all(connection: &Connection, member: Id) -> Result<()> {
    connection.execute("DELETE FROM homes WHERE member = ?1", [IdColumn(member)]).map(drop)
}

/// In the order of what is kept of them.
pub fn of(connection: &Connection, member: Id) -> Result<Vec<Home>> {
    let home = |row: &Row| Ok(Home { home: row.get::<_, IdColumn>(0)?.0, at: Time(row.get(1)?) });
    let select = format!(
        "SELECT home, at FROM homes WHERE member = ?1 AND {} ORDER BY home",
        HOMES_KEPT.whole()
    );
    connection.prepare(&select)?.query_map([IdColumn(member)], home)?.collect()
}
