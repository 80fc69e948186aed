//! The people: members, sessions, service keys, outsiders and secrets as rows beside the log,
//! written in the same commits.
//!
//! Every call is one closure on the writer's or a reader's thread, so each is atomic; every
//! statement in it is a look-up by key. One table keeps all identifiers, folded, so that each names
//! one member. Of somebody deleted only the id and the times stay. Every row has a sum, and nobody
//! is believed whose row is damaged.

mod homes;
mod leaving;
mod members;
mod secrets;
mod sessions;

#[cfg(test)]
mod flips;

use super::Sqlite;
use actors::{Id, Time};
use ports::Answer;
use ports::directory::{
    Account, Begin, Begun, Changed, Changes, Created, Directory, Member, NewMember, NewPassword,
    Owing, Refresh, Refreshed, Reset, ServiceKey, Session,
};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Error, Result};

pub const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS members (
    id BLOB PRIMARY KEY,
    role INTEGER NOT NULL,
    username TEXT,
    email TEXT,
    phone TEXT,
    full_name TEXT,
    birthday TEXT,
    password_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    first_login_at INTEGER,
    last_login_at INTEGER,
    deleted_at INTEGER,
    owed BLOB,
    registration_key BLOB,
    registration_body BLOB,
    reset_token BLOB,
    reset_until INTEGER,
    sum INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS members_owed ON members (id) WHERE owed IS NOT NULL;

CREATE INDEX IF NOT EXISTS members_registration ON members (registration_key) WHERE \
registration_key IS NOT NULL;

CREATE TABLE IF NOT EXISTS identifiers (
    folded TEXT PRIMARY KEY,
    member BLOB NOT NULL,
    sum INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS member_counts (
    role INTEGER PRIMARY KEY,
    members INTEGER NOT NULL,
    sum INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE IF NOT EXISTS sessions (
    member BLOB NOT NULL,
    id BLOB NOT NULL,
    step INTEGER NOT NULL,
    began_at INTEGER NOT NULL,
    refreshed_at INTEGER NOT NULL,
    ended_at INTEGER,
    agent TEXT,
    sum INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (member, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS sessions_by_end ON sessions (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS homes (
    member BLOB NOT NULL,
    home BLOB NOT NULL,
    at INTEGER NOT NULL,
    sum INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (member, home)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS service_keys (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    sum INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS outsiders (
    member BLOB PRIMARY KEY,
    service TEXT NOT NULL,
    theirs TEXT NOT NULL,
    sum INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS secrets (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL,
    sum INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
";

impl Sqlite {
    fn change<R: Send + 'static>(
        &self,
        write: impl FnOnce(&Connection) -> Result<R> + Send + 'static,
    ) -> Answer<R> {
        Box::pin(self.write(write))
    }

    fn list<R: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<R> + Send + 'static,
    ) -> Answer<R> {
        Box::pin(self.read_list(read))
    }

    fn look<R: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<R> + Send + 'static,
    ) -> Answer<R> {
        Box::pin(self.read(read))
    }
}

impl Directory for Sqlite {
    /// The tables are made with the others.
    fn prepare(&self) -> Answer<()> {
        self.change(|_| Ok(()))
    }

    fn create_member(&self, new: NewMember) -> Answer<Created> {
        self.change(move |connection| members::create(connection, &new))
    }

    fn registered(&self, key: Id, since: Time) -> Answer<Option<Account>> {
        self.look(move |connection| members::registered(connection, key, since))
    }

    fn account(&self, identifier: String) -> Answer<Option<Account>> {
        self.look(move |connection| members::named(connection, &identifier))
    }

    fn account_of(&self, member: Id) -> Answer<Option<Account>> {
        self.look(move |connection| members::account(connection, member))
    }

    fn members_of(&self, ids: Vec<Id>) -> Answer<Vec<Member>> {
        self.list(move |connection| members::those_of(connection, &ids))
    }

    fn members(&self, after: Option<Id>, limit: usize) -> Answer<Vec<Member>> {
        self.list(move |connection| members::page(connection, after, limit))
    }

    fn count_members(&self) -> Answer<u64> {
        self.look(members::count)
    }

    fn change_member(&self, member: Id, changes: Changes) -> Answer<Changed> {
        self.change(move |connection| members::change(connection, member, changes))
    }

    fn delete_member(&self, member: Id, at: Time) -> Answer<Option<Vec<Id>>> {
        self.change(move |connection| members::delete(connection, member, at))
    }

    fn set_password(&self, new: NewPassword) -> Answer<Option<Vec<Id>>> {
        self.change(move |connection| members::set_password(connection, &new))
    }

    fn offer_reset(&self, member: Id, reset: Reset) -> Answer<bool> {
        self.change(move |connection| members::offer_reset(connection, member, reset))
    }

    fn begin_session(&self, begin: Begin) -> Answer<Option<Begun>> {
        self.change(move |connection| sessions::begin(connection, &begin))
    }

    fn knows_home(&self, member: Id, home: Id) -> Answer<bool> {
        self.look(move |connection| homes::is_known(connection, member, home))
    }

    fn refresh(&self, refresh: Refresh) -> Answer<Refreshed> {
        self.change(move |connection| sessions::refresh(connection, &refresh))
    }

    fn end_session(&self, member: Id, session: Id, at: Time) -> Answer<bool> {
        self.change(move |connection| sessions::end(connection, member, session, at))
    }

    fn end_sessions(&self, member: Id, except: Option<Id>, at: Time) -> Answer<Vec<Id>> {
        self.change(move |connection| sessions::end_all(connection, member, except, at))
    }

    fn sessions(
        &self,
        member: Id,
        after: Option<Id>,
        limit: usize,
        dead_before: Time,
    ) -> Answer<Vec<Session>> {
        self.look(move |connection| sessions::page(connection, member, after, limit, dead_before))
    }

    fn ended_since(&self, since: Time) -> Answer<Vec<(Id, Time)>> {
        self.list(move |connection| sessions::ended_since(connection, since))
    }

    fn owing(&self, after: Option<Id>, limit: usize) -> Answer<Vec<Owing>> {
        self.list(move |connection| members::owing(connection, after, limit))
    }

    fn settle_owed(&self, member: Id, old: Vec<u8>, new: Option<Vec<u8>>) -> Answer<bool> {
        self.change(move |connection| {
            members::settle_owed(connection, member, &old, new.as_deref())
        })
    }

    fn create_service_key(&self, key: ServiceKey) -> Answer<(ServiceKey, bool)> {
        self.change(move |connection| secrets::create_service_key(connection, &key))
    }

    fn service_keys(&self) -> Answer<Vec<ServiceKey>> {
        self.look(secrets::service_keys)
    }

    fn revoke_service_key(&self, key: Id, at: Time) -> Answer<bool> {
        self.change(move |connection| secrets::revoke_service_key(connection, key, at))
    }

    fn remembers_outsider(&self, member: Id) -> Answer<bool> {
        self.look(move |connection| secrets::remembers_outsider(connection, member))
    }

    fn remember_outsider(&self, member: Id, service: String, theirs: String) -> Answer<()> {
        self.change(move |connection| {
            secrets::remember_outsider(connection, member, &service, &theirs)
        })
    }

    fn secret(&self, name: &str, made: Vec<u8>) -> Answer<Vec<u8>> {
        let name = name.to_owned();
        self.change(move |connection| secrets::secret(connection, &name, &made))
    }

    fn replace_secret(&self, name: &str, old: Vec<u8>, new: Vec<u8>) -> Answer<bool> {
        let name = name.to_owned();
        self.change(move |connection| secrets::replace_secret(connection, &name, &old, &new))
    }

    fn forget_secret(&self, name: &str) -> Answer<bool> {
        let name = name.to_owned();
        self.change(move |connection| secrets::forget_secret(connection, &name))
    }
}

/// An id as a column has it.
struct Key(Id);

impl ToSql for Key {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(&self.0.0)))
    }
}

impl FromSql for Key {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value
            .as_blob()?
            .try_into()
            .map_err(|_| FromSqlError::InvalidBlobSize { expected_size: 16, blob_size: 0 })?;
        Ok(Key(Id(bytes)))
    }
}

/// Counted as damage of a row, because another one says that it is there.
fn missing(what: &str, id: Id) -> Error {
    let failure = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ERROR);
    Error::SqliteFailure(
        failure,
        Some(format!("{} {id} of the {what}s: it is gone", super::sums::DAMAGED_ROW)),
    )
}

/// The key of the row before the first, for a page that begins at the beginning.
fn start(after: Option<Id>) -> Key {
    Key(after.unwrap_or(Id::SYSTEM))
}
