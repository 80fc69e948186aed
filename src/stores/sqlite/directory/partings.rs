//! Marks of identifiers that members gave up who had logged in, each for so long.

use super::super::sums::PARTINGS;
use super::columns::IdColumn;
use actors::{Id, Time};
use rusqlite::{Connection, Result, params};

pub fn note(connection: &Connection, marks: &[Id], until: Time) -> Result<()> {
    let note = "INSERT INTO partings (mark, until) VALUES (?1, ?2) ON CONFLICT (mark) DO UPDATE \
                SET until = max(until, excluded.until)";
    let mut note = connection.prepare(note)?;
    marks.iter().try_for_each(|mark| note.execute(params![IdColumn(*mark), until.0]).map(drop))
}

pub fn has(connection: &Connection, marks: &[Id], at: Time) -> Result<bool> {
    let select = format!(
        "SELECT EXISTS (SELECT 1 FROM partings WHERE mark = ?1 AND {} AND until > ?2)",
        PARTINGS.whole()
    );
    let mut select = connection.prepare(&select)?;
    for mark in marks {
        if select.query_row(params![IdColumn(*mark), at.0], |row| row.get(0))? {
            return Ok(true);
        }
    }
    Ok(false)
}

pub fn forget(connection: &Connection, at: Time) -> Result<()> {
    connection.execute("DELETE FROM partings WHERE until <= ?1", [at.0]).map(drop)
}
