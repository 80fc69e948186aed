//! Everything about people as it lies here, for the command that carries it into another store.

use super::super::sums::{MEMBERS, PARTINGS, SECRETS, SESSIONS};
use super::columns::{IdColumn, start};
use super::{accounts, deeds, homes};
use crate::outsiders;
use crate::store::SqliteStore;
use actors::{Id, Time};
use ports::Answer;
use ports::deeds::Deed;
use ports::directory::{Outsider, Session};
use ports::moving::{Kept, NamedSecret, Person};
use rusqlite::{Connection, Result, Row, params};

impl SqliteStore {
    /// In the order of their ids, the deleted too.
    pub fn people(&self, after: Option<Id>, limit: usize) -> Answer<Vec<Person>> {
        self.look(move |connection| people(connection, after, limit))
    }

    /// In the order in which they were noted, each with its place in it.
    pub fn outsiders(&self, after: i64, limit: usize) -> Answer<Vec<(i64, Outsider)>> {
        self.look(move |connection| outsiders::page(connection, after, limit))
    }

    /// Each mark with its end.
    pub fn partings(&self) -> Answer<Vec<(Id, Time)>> {
        self.look(|connection| {
            let select = format!("SELECT mark, until FROM partings WHERE {}", PARTINGS.whole());
            let parting =
                |row: &Row| Ok((row.get::<_, IdColumn>(0)?.0, Time(row.get::<_, i64>(1)?)));
            connection.prepare(&select)?.query_map([], parting)?.collect()
        })
    }

    /// What is done under idempotency keys, in the order of these.
    pub fn deeds(&self, after: Option<Id>, limit: usize) -> Answer<Vec<Deed>> {
        self.look(move |connection| deeds::page(connection, after, limit))
    }

    pub fn secrets(&self) -> Answer<Vec<NamedSecret>> {
        self.look(secrets)
    }
}

pub fn secrets(connection: &Connection) -> Result<Vec<NamedSecret>> {
    let select = format!("SELECT name, value FROM secrets WHERE {} ORDER BY name", SECRETS.whole());
    let secret = |row: &Row| Ok(NamedSecret { name: row.get(0)?, value: row.get(1)? });
    connection.prepare(&select)?.query_map([], secret)?.collect()
}

pub fn people(connection: &Connection, after: Option<Id>, limit: usize) -> Result<Vec<Person>> {
    let select = format!(
        "SELECT id, deleted_at, owed FROM members WHERE id > ?1 AND {} ORDER BY id LIMIT ?2",
        MEMBERS.whole()
    );
    let mut select = connection.prepare(&select)?;
    let row = |row: &Row| {
        Ok((
            row.get::<_, IdColumn>(0)?.0,
            row.get::<_, Option<i64>>(1)?,
            row.get::<_, Option<Vec<u8>>>(2)?,
        ))
    };
    let found: Vec<_> =
        select.query_map(params![start(after), limit as i64], row)?.collect::<Result<_>>()?;
    let person = |(id, deleted_at, owed): (Id, Option<i64>, _)| {
        let (account, sessions) = (accounts::account(connection, id)?, sessions(connection, id)?);
        let homes = homes::of(connection, id)?;
        Ok(Person { id, account, deleted_at: deleted_at.map(Time), owed, sessions, homes })
    };
    found.into_iter().map(person).collect()
}

fn sessions(connection: &Connection, member: Id) -> Result<Vec<Kept>> {
    let (columns, whole) = ("id, began_at, refreshed_at, agent, step, ended_at", SESSIONS.whole());
    let select =
        format!("SELECT {columns} FROM sessions WHERE member = ?1 AND {whole} ORDER BY id");
    let kept = |row: &Row| {
        let id = row.get::<_, IdColumn>(0)?.0;
        let session = Session {
            id,
            began_at: Time(row.get(1)?),
            refreshed_at: Time(row.get(2)?),
            agent: row.get(3)?,
        };
        Ok(Kept { session, step: row.get(4)?, ended_at: row.get::<_, Option<i64>>(5)?.map(Time) })
    };
    connection.prepare(&select)?.query_map([IdColumn(member)], kept)?.collect()
}
