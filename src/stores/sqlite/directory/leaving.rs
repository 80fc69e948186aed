//! Everything about people as it lies here, for whoever carries it into another store.

use super::{Key, homes, members, start};
use crate::identity::directory::{Answer, Session};
use crate::stores::moving::{Kept, NamedSecret, Outsider, Person};
use crate::stores::sqlite::Sqlite;
use actors::{Id, Time};
use rusqlite::{Connection, Result, Row, params};

impl Sqlite {
    /// In the order of their ids, the deleted too.
    pub fn people(&self, after: Option<Id>, limit: usize) -> Answer<Vec<Person>> {
        self.look(move |connection| people(connection, after, limit))
    }

    pub fn outsiders(&self) -> Answer<Vec<Outsider>> {
        let outsider = |row: &Row| Ok(Outsider { member: row.get::<_, Key>(0)?.0, service: row.get(1)?, theirs: row.get(2)? });
        self.look(move |connection| {
            connection.prepare("SELECT member, service, theirs FROM outsiders ORDER BY member")?.query_map([], outsider)?.collect()
        })
    }

    pub fn secrets(&self) -> Answer<Vec<NamedSecret>> {
        let secret = |row: &Row| Ok(NamedSecret { name: row.get(0)?, value: row.get(1)? });
        self.look(move |connection| connection.prepare("SELECT name, value FROM secrets ORDER BY name")?.query_map([], secret)?.collect())
    }
}

fn people(connection: &Connection, after: Option<Id>, limit: usize) -> Result<Vec<Person>> {
    let mut select = connection.prepare("SELECT id, deleted_at, owed FROM members WHERE id > ?1 ORDER BY id LIMIT ?2")?;
    let row = |row: &Row| Ok((row.get::<_, Key>(0)?.0, row.get::<_, Option<i64>>(1)?, row.get::<_, Option<Vec<u8>>>(2)?));
    let found: Vec<_> = select.query_map(params![start(after), limit as i64], row)?.collect::<Result<_>>()?;
    let person = |(id, deleted_at, owed): (Id, Option<i64>, _)| {
        let (account, sessions) = (members::account(connection, id)?, sessions(connection, id)?);
        let homes = homes::of(connection, id)?;
        Ok(Person { id, account, deleted_at: deleted_at.map(Time), owed, sessions, homes })
    };
    found.into_iter().map(person).collect()
}

fn sessions(connection: &Connection, member: Id) -> Result<Vec<Kept>> {
    let select = "SELECT id, began_at, refreshed_at, agent, step, ended_at FROM sessions WHERE member = ?1 ORDER BY id";
    let kept = |row: &Row| {
        let id = row.get::<_, Key>(0)?.0;
        let session = Session { id, began_at: Time(row.get(1)?), refreshed_at: Time(row.get(2)?), agent: row.get(3)? };
        Ok(Kept { session, step: row.get(4)?, ended_at: row.get::<_, Option<i64>>(5)?.map(Time) })
    };
    connection.prepare(select)?.query_map([Key(member)], kept)?.collect()
}
