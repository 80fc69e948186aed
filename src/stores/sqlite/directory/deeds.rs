//! What is done under idempotency keys: one row each, until its key is forgotten.

use super::super::sums::DEEDS;
use super::columns::{IdColumn, start};
use actors::{Id, Time};
use ports::deeds::{Deed, DeedAttempt};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

/// How many of the forgotten ones a new one takes away, so that they become fewer.
const SWEPT: i64 = 4;

pub fn begin(connection: &Connection, attempt: &DeedAttempt) -> Result<Option<Deed>> {
    let there = find(connection, attempt.deed.key)?.filter(|there| attempt.yields_to(there));
    if there.is_some() {
        return Ok(there);
    }
    sweep(connection, attempt.keys_since)?;
    let Deed { key, meaning, at, mark, done } = attempt.deed;
    let put = "INSERT OR REPLACE INTO deeds (key, meaning, at, mark, done) VALUES (?1, ?2, ?3, ?4, \
        ?5)";
    let values = params![IdColumn(key), IdColumn(meaning), at.0, IdColumn(mark), done];
    connection.execute(put, values)?;
    Ok(None)
}

pub fn end(connection: &Connection, attempt: &DeedAttempt, done: bool) -> Result<()> {
    let end = match done {
        true => "UPDATE deeds SET done = 1 WHERE key = ?1 AND mark = ?2",
        false => "DELETE FROM deeds WHERE key = ?1 AND mark = ?2",
    };
    let values = params![IdColumn(attempt.deed.key), IdColumn(attempt.deed.mark)];
    connection.execute(end, values).map(drop)
}

pub fn find(connection: &Connection, key: Id) -> Result<Option<Deed>> {
    let select = format!("SELECT {COLUMNS} FROM deeds WHERE key = ?1 AND {}", DEEDS.whole());
    connection.query_row(&select, [IdColumn(key)], deed).optional()
}

pub fn page(connection: &Connection, after: Option<Id>, limit: usize) -> Result<Vec<Deed>> {
    let select = format!(
        "SELECT {COLUMNS} FROM deeds WHERE key > ?1 AND {} ORDER BY key LIMIT ?2",
        DEEDS.whole()
    );
    let mut select = connection.prepare(&select)?;
    select.query_map(params![start(after), limit as i64], deed)?.collect()
}

const COLUMNS: &str = "key, meaning, at, mark, done";

fn deed(row: &Row) -> Result<Deed> {
    Ok(Deed {
        key: row.get::<_, IdColumn>(0)?.0,
        meaning: row.get::<_, IdColumn>(1)?.0,
        at: Time(row.get(2)?),
        mark: row.get::<_, IdColumn>(3)?.0,
        done: row.get(4)?,
    })
}

fn sweep(connection: &Connection, before: Time) -> Result<()> {
    let sweep = "DELETE FROM deeds WHERE key IN (SELECT key FROM deeds WHERE at < ?1 ORDER BY at \
        LIMIT ?2)";
    connection.execute(sweep, params![before.0, SWEPT]).map(drop)
}
