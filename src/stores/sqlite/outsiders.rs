//! The members of services. They are noted one after the other, and found by rows that are written
//! behind, as the lines of lists are: so a crowd of new members costs no scattered writes in the
//! commits that it waits for.

use super::directory::columns::IdColumn;
use super::rows::{Fresh, ListReader};
use super::sums::{META, OUTSIDERS};
use actors::Id;
use actors::store::{Row, RowKey, Shelf};
use ports::directory::Outsider;
use rusqlite::{Connection, OptionalExtension, Result, Statement};

/// No partition's.
pub const SHELF: Shelf = Shelf(0);

/// How far the notes have come, and up to which of them the rows are written.
#[derive(Clone, Copy)]
pub struct Noted {
    pub end: i64,
    pub reach: i64,
}

/// The row by which a note is found.
pub fn row(member: Id, position: i64) -> Row {
    let RowKey { owner, shelf, key } = row_key(member);
    Row { shelf, owner, key, body: Some(position.to_be_bytes().to_vec()) }
}

fn row_key(member: Id) -> RowKey {
    RowKey { owner: member, shelf: SHELF, key: Vec::new() }
}

/// Shows the row of every note whose row may not be written yet.
pub fn load(connection: &Connection, mut unseen: impl FnMut(Row)) -> Result<Noted> {
    let reach = format!("SELECT value FROM meta WHERE name = 'outsiders' AND {}", META.whole());
    let reach: i64 = connection.query_row(&reach, [], |row| row.get(0))?;
    let mut noted = Noted { end: reach, reach };
    let newer = "SELECT position, member FROM outsiders WHERE position > ?1 ORDER BY position";
    let mut newer = connection.prepare(newer)?;
    let mut rows = newer.query([reach])?;
    while let Some(found) = rows.next()? {
        noted.end = found.get(0)?;
        unseen(row(found.get::<_, IdColumn>(1)?.0, noted.end));
    }
    Ok(noted)
}

/// The notes after that one.
pub fn page(connection: &Connection, after: i64, limit: usize) -> Result<Vec<(i64, Outsider)>> {
    let select = format!(
        "SELECT position, member, service, theirs FROM outsiders WHERE position > ?1 AND {} ORDER \
         BY position LIMIT ?2",
        OUTSIDERS.whole()
    );
    let noted = |row: &rusqlite::Row| {
        let member = row.get::<_, IdColumn>(1)?.0;
        Ok((row.get(0)?, Outsider { member, service: row.get(2)?, theirs: row.get(3)? }))
    };
    connection.prepare(&select)?.query_map((after, limit as i64), noted)?.collect()
}

pub struct NoteStatements<'c> {
    note: Statement<'c>,
}

impl<'c> NoteStatements<'c> {
    pub fn new(connection: &'c Connection) -> Result<NoteStatements<'c>> {
        Ok(NoteStatements {
            note: connection.prepare(
                "INSERT INTO outsiders (position, member, service, theirs, sum) VALUES (?1, ?2, \
                 ?3, ?4, row_sum(?1, ?2, ?3, ?4))",
            )?,
        })
    }

    pub fn note(&mut self, position: i64, outsider: &Outsider) -> Result<()> {
        let Outsider { member, service, theirs } = outsider;
        self.note.execute((position, IdColumn(*member), service, theirs)).map(drop)
    }
}

pub struct OutsiderReader<'c> {
    one: Statement<'c>,
}

impl<'c> OutsiderReader<'c> {
    pub fn new(connection: &'c Connection) -> Result<OutsiderReader<'c>> {
        let one = format!(
            "SELECT service, theirs FROM outsiders WHERE position = ?1 AND member = ?2 AND {}",
            OUTSIDERS.whole()
        );
        Ok(OutsiderReader { one: connection.prepare(&one)? })
    }

    pub fn find(
        &mut self,
        rows: &mut ListReader<'_>,
        fresh: &Fresh,
        member: Id,
    ) -> Result<Option<Outsider>> {
        let Some(position) = rows.find(fresh, &row_key(member))? else { return Ok(None) };
        let position = position.try_into().map(i64::from_be_bytes).unwrap_or_default();
        let noted = |row: &rusqlite::Row| {
            Ok(Outsider { member, service: row.get(0)?, theirs: row.get(1)? })
        };
        self.one.query_row((position, IdColumn(member)), noted).optional()
    }
}
