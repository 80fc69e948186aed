//! The people: members, sessions, service keys, outsiders, partings and secrets as rows beside the
//! log, written in the same commits.
//!
//! Every call is one closure on the writer's or a reader's thread, so each is atomic; every
//! statement in it is a look-up by key. One table keeps all identifiers, folded, so that each names
//! one member. Of a deleted member only the id and the times stay. Every row has a sum, and a
//! damaged row is never believed.

mod accounts;
pub mod columns;
mod deeds;
mod homes;
mod identifiers;
mod leaving;
mod members;
mod partings;
mod secrets;
mod sessions;
pub mod tables;

#[cfg(test)]
mod flips;

use super::store::SqliteStore;
use actors::{Id, Time};
use ports::Answer;
use ports::deeds::{Deed, DeedAttempt};
use ports::directory::{
    Account, AccountRole, Begin, Begun, Changed, Changes, Created, Directory, Dismissed, Member,
    NewMember, NewPassword, Outsider, Owing, RefreshAttempt, Refreshed, Reset, ServiceKey, Session,
};
use rusqlite::{Connection, Result};

impl SqliteStore {
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

impl Directory for SqliteStore {
    /// The tables are made with the others.
    fn prepare(&self) -> Answer<()> {
        self.change(|_| Ok(()))
    }

    fn create_member(&self, new: NewMember) -> Answer<Created> {
        self.change(move |connection| members::create(connection, &new))
    }

    fn registered(&self, key: Id, since: Time) -> Answer<Option<Account>> {
        self.look(move |connection| accounts::registered(connection, key, since))
    }

    fn account(&self, identifier: String) -> Answer<Option<Account>> {
        self.look(move |connection| accounts::named(connection, &identifier))
    }

    fn account_of(&self, member: Id) -> Answer<Option<Account>> {
        self.look(move |connection| accounts::account(connection, member))
    }

    fn members_of(&self, ids: Vec<Id>) -> Answer<Vec<Member>> {
        self.list(move |connection| accounts::those_of(connection, &ids))
    }

    fn members(&self, after: Option<Id>, limit: usize) -> Answer<Vec<Member>> {
        self.list(move |connection| accounts::page(connection, after, limit))
    }

    fn count_members(&self) -> Answer<u64> {
        self.look(|connection| accounts::count(connection, AccountRole::Member))
    }

    fn change_member(&self, member: Id, changes: Changes) -> Answer<Changed> {
        self.change(move |connection| members::change(connection, member, changes))
    }

    fn delete_member(&self, member: Id, at: Time) -> Answer<Dismissed> {
        self.change(move |connection| members::delete(connection, member, at))
    }

    fn change_role(&self, member: Id, role: AccountRole, at: Time) -> Answer<Dismissed> {
        self.change(move |connection| members::change_role(connection, member, role, at))
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

    fn refresh(&self, refresh: RefreshAttempt) -> Answer<Refreshed> {
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
        self.list(move |connection| accounts::owing(connection, after, limit))
    }

    fn settle_owed(&self, member: Id, old: Vec<u8>, new: Option<Vec<u8>>) -> Answer<bool> {
        self.change(move |connection| {
            accounts::settle_owed(connection, member, &old, new.as_deref())
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

    fn begin_deed(&self, attempt: DeedAttempt) -> Answer<Option<Deed>> {
        self.change(move |connection| deeds::begin(connection, &attempt))
    }

    fn end_deed(&self, attempt: DeedAttempt, done: bool) -> Answer<()> {
        self.change(move |connection| deeds::end(connection, &attempt, done))
    }

    fn deed(&self, key: Id) -> Answer<Option<Deed>> {
        self.look(move |connection| deeds::find(connection, key))
    }

    fn outsiders_of(&self, members: Vec<Id>) -> Answer<Vec<Option<Outsider>>> {
        Box::pin(self.find_outsiders(members))
    }

    fn note_outsider(&self, outsider: Outsider) -> Answer<()> {
        Box::pin(self.note(outsider))
    }

    fn note_partings(&self, marks: Vec<Id>, until: Time) -> Answer<()> {
        self.change(move |connection| partings::note(connection, &marks, until))
    }

    fn has_parted(&self, marks: Vec<Id>, at: Time) -> Answer<bool> {
        self.look(move |connection| partings::has(connection, &marks, at))
    }

    fn forget_partings(&self, at: Time) -> Answer<()> {
        self.change(move |connection| partings::forget(connection, at))
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
