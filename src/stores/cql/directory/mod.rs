//! The people in CQL: members with their sessions, identifiers, service keys, outsiders, secrets.
//!
//! All that is asked about a member is decided on their one row (`member`, `step`), in one
//! conditional write. What spans rows is built so that a crash anywhere leaves only what readers
//! see through: claims to identifiers (`names`), and lists that may say too much and are checked
//! against the rows (`roll`, `ended`). No views, no secondary indexes, no counters; no time to live
//! but that of `deeds`, where it clears away what counts no more. A step goes on to its end
//! although its caller has gone, as in the other store.

mod accounts;
mod administrators;
mod arriving;
mod columns;
mod deeds;
mod ended;
mod homes;
mod keys;
mod member;
mod names;
mod note;
mod partings;
mod patience;
mod people;
mod roll;
mod seal;
mod secrets;
mod sessions;
mod statements;
mod step;
mod turns;

use super::error::Error;
use super::session::Cql;
use actors::store::StoreError;
use actors::{Id, Time};
use base::Secret;
use people::CqlPeople;
use ports::Answer;
use ports::deeds::{Deed, DeedAttempt};
use ports::directory::{
    Account, AccountRole, Begin, Begun, Changed, Changes, Created, Directory, Dismissed, Member,
    NewMember, NewPassword, Outsider, Owing, RefreshAttempt, Refreshed, Reset, ServiceKey, Session,
};
use std::sync::Arc;

/// The directory of a node.
pub struct CqlDirectory(Arc<CqlPeople>);

impl CqlDirectory {
    pub async fn open(cql: Arc<Cql>, cluster_key: &Secret) -> Result<CqlDirectory, Error> {
        Ok(CqlDirectory(Arc::new(CqlPeople::open(cql, cluster_key).await?)))
    }

    fn ask<T, F>(&self, ask: impl FnOnce(Arc<CqlPeople>) -> F) -> Answer<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let answer = self.0.cql.run(ask(self.0.clone()));
        Box::pin(async { answer.await? })
    }
}

impl Directory for CqlDirectory {
    fn prepare(&self) -> Answer<()> {
        self.ask(|people| async move { people.prove_key().await })
    }

    fn create_member(&self, new: NewMember) -> Answer<Created> {
        self.ask(|people| async move { people.create(&new).await })
    }

    fn registered(&self, key: Id, since: Time) -> Answer<Option<Account>> {
        self.ask(move |people| async move { people.registered(key, since).await })
    }

    fn account(&self, identifier: String) -> Answer<Option<Account>> {
        self.ask(|people| async move { people.named(&identifier).await })
    }

    fn account_of(&self, member: Id) -> Answer<Option<Account>> {
        self.ask(move |people| async move { Ok(people.row(member).await?.account) })
    }

    fn members_of(&self, ids: Vec<Id>) -> Answer<Vec<Member>> {
        self.ask(move |people| async move { people.those_of(ids).await })
    }

    fn members(&self, after: Option<Id>, limit: usize) -> Answer<Vec<Member>> {
        self.ask(move |people| async move { people.page(after, limit).await })
    }

    fn count_members(&self) -> Answer<u64> {
        self.ask(|people| async move { people.count().await })
    }

    fn change_member(&self, member: Id, changes: Changes) -> Answer<Changed> {
        self.ask(move |people| async move { people.change(member, &changes).await })
    }

    fn delete_member(&self, member: Id, at: Time) -> Answer<Dismissed> {
        self.ask(move |people| async move { people.delete(member, at).await })
    }

    fn change_role(&self, member: Id, role: AccountRole, at: Time) -> Answer<Dismissed> {
        self.ask(move |people| async move { people.put_role(member, role, at).await })
    }

    fn set_password(&self, new: NewPassword) -> Answer<Option<Vec<Id>>> {
        self.ask(|people| async move { people.put_password(&new).await })
    }

    fn offer_reset(&self, member: Id, reset: Reset) -> Answer<bool> {
        self.ask(move |people| async move { people.put_reset(member, reset).await })
    }

    fn begin_session(&self, begin: Begin) -> Answer<Option<Begun>> {
        self.ask(|people| async move { people.begin(&begin).await })
    }

    fn knows_home(&self, member: Id, home: Id) -> Answer<bool> {
        self.ask(move |people| async move { people.is_home(member, home).await })
    }

    fn refresh(&self, refresh: RefreshAttempt) -> Answer<Refreshed> {
        self.ask(move |people| async move { people.rotate(&refresh).await })
    }

    fn end_session(&self, member: Id, session: Id, at: Time) -> Answer<bool> {
        self.ask(move |people| async move { people.end(member, session, at).await })
    }

    fn end_sessions(&self, member: Id, except: Option<Id>, at: Time) -> Answer<Vec<Id>> {
        self.ask(move |people| async move { people.end_others(member, except, at).await })
    }

    fn sessions(
        &self,
        member: Id,
        after: Option<Id>,
        limit: usize,
        dead_before: Time,
    ) -> Answer<Vec<Session>> {
        self.ask(
            move |people| async move { people.living(member, after, limit, dead_before).await },
        )
    }

    fn ended_since(&self, since: Time) -> Answer<Vec<(Id, Time)>> {
        self.ask(move |people| async move { people.ended(since).await })
    }

    fn owing(&self, after: Option<Id>, limit: usize) -> Answer<Vec<Owing>> {
        self.ask(move |people| async move { people.owed(after, limit).await })
    }

    fn settle_owed(&self, member: Id, old: Vec<u8>, new: Option<Vec<u8>>) -> Answer<bool> {
        self.ask(move |people| async move { people.settle(member, &old, new.as_deref()).await })
    }

    fn create_service_key(&self, key: ServiceKey) -> Answer<(ServiceKey, bool)> {
        self.ask(|people| async move { people.make_key(key).await })
    }

    fn service_keys(&self) -> Answer<Vec<ServiceKey>> {
        self.ask(|people| async move { people.all_keys().await })
    }

    fn revoke_service_key(&self, key: Id, at: Time) -> Answer<bool> {
        self.ask(move |people| async move { people.revoke_key(key, at).await })
    }

    fn begin_deed(&self, attempt: DeedAttempt) -> Answer<Option<Deed>> {
        self.ask(move |people| async move { people.begin_deed(&attempt).await })
    }

    fn end_deed(&self, attempt: DeedAttempt, done: bool) -> Answer<()> {
        self.ask(move |people| async move { people.end_deed(&attempt, done).await })
    }

    fn deed(&self, key: Id) -> Answer<Option<Deed>> {
        self.ask(move |people| async move { people.find_deed(key).await })
    }

    fn outsiders_of(&self, members: Vec<Id>) -> Answer<Vec<Option<Outsider>>> {
        self.ask(move |people| async move { people.outsiders_of(members).await })
    }

    fn note_outsider(&self, outsider: Outsider) -> Answer<()> {
        self.ask(move |people| async move { people.note_outsider(outsider).await })
    }

    fn note_partings(&self, marks: Vec<Id>, until: Time) -> Answer<()> {
        self.ask(move |people| async move { people.note_partings(&marks, until).await })
    }

    fn has_parted(&self, marks: Vec<Id>, at: Time) -> Answer<bool> {
        self.ask(move |people| async move { people.has_parted(&marks, at).await })
    }

    fn forget_partings(&self, at: Time) -> Answer<()> {
        self.ask(move |people| async move { people.forget_partings(at).await })
    }

    fn secret(&self, name: &str, made: Vec<u8>) -> Answer<Vec<u8>> {
        let name = name.to_owned();
        self.ask(|people| async move { people.get_or_make(&name, &made).await })
    }

    fn replace_secret(&self, name: &str, old: Vec<u8>, new: Vec<u8>) -> Answer<bool> {
        let name = name.to_owned();
        self.ask(|people| async move { people.replace(&name, &old, &new).await })
    }

    fn forget_secret(&self, name: &str) -> Answer<bool> {
        let name = name.to_owned();
        self.ask(|people| async move { people.forget_secret(&name).await })
    }
}
