//! The people in CQL: members with their sessions, identifiers, service keys, outsiders, secrets.
//!
//! All that is asked about a member is decided on one row of his (`member`, `step`), in one
//! conditional write. What spans rows is built so that a crash anywhere leaves only what readers
//! see through: claims to identifiers (`names`), and lists that may say too much and are checked
//! against the rows (`roll`, `ended`). No views, no secondary indexes, no counters, no time to
//! live. A step goes on to its end although nobody waits for it any more, as in the other store.

mod accounts;
mod arriving;
mod columns;
mod ended;
mod homes;
mod keys;
mod member;
mod names;
mod roll;
mod seal;
mod secrets;
mod sessions;
mod statements;
mod step;
mod turns;

use super::{Conditional, Cql, Error, unavailable};
use actors::store::StoreError;
use actors::{Id, Time};
use base::Secret;
use columns::Found;
use ports::Answer;
use ports::directory::{
    Account, Begin, Begun, Changed, Changes, Created, Directory, Member, NewMember, NewPassword,
    Owing, RefreshAttempt, Refreshed, Reset, ServiceKey, Session,
};
use scylla::serialize::row::SerializeRow;
use scylla::statement::prepared::PreparedStatement;
use seal::Seal;
use statements::Statements;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use step::Patience;
use tokio::sync::Mutex;
use turns::Turns;

/// The directory of a node.
pub struct CqlDirectory(Arc<People>);

pub struct People {
    cql: Arc<Cql>,
    statements: Statements,
    seal: Seal,
    names_in_turn: Turns,
    members_in_turn: Turns,
    /// The hour of which this node has noted that sessions ended in it.
    hour_noted: AtomicI64,
    last_count: Mutex<roll::LastCount>,
}

impl CqlDirectory {
    pub async fn open(cql: Arc<Cql>, cluster_key: &Secret) -> Result<CqlDirectory, Error> {
        let statements = Statements::prepare(&cql).await?;
        Ok(CqlDirectory(Arc::new(People {
            cql,
            statements,
            seal: Seal::new(cluster_key),
            names_in_turn: Turns::new(),
            members_in_turn: Turns::new(),
            hour_noted: AtomicI64::new(i64::MIN),
            last_count: Mutex::default(),
        })))
    }

    fn ask<T, F>(&self, ask: impl FnOnce(Arc<People>) -> F) -> Answer<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let answer = self.0.cql.run(ask(self.0.clone()));
        Box::pin(async { answer.await? })
    }
}

impl People {
    /// Reads, and repeats it while that fails.
    async fn look(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<Vec<Found>, StoreError> {
        let mut patience = Patience::new();
        loop {
            match self.cql.read(statement, &values).await {
                Err(StoreError::Unavailable(_)) if patience.lasts().await => {}
                answer => return Found::all(&answer?),
            }
        }
    }

    /// Writes plainly, and repeats it while that fails; every plain write here may be.
    async fn put(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<(), StoreError> {
        let mut patience = Patience::new();
        loop {
            match self.cql.write(statement, &values).await {
                Err(StoreError::Unavailable(_)) if patience.lasts().await => {}
                written => return written,
            }
        }
    }

    /// Repeats a conditional statement whose repeat does no harm until something is known.
    async fn insist(
        &self,
        statement: &Conditional,
        values: &impl SerializeRow,
    ) -> Result<Insisted, StoreError> {
        let (mut patience, mut doubted) = (Patience::new(), false);
        loop {
            match self.cql.decide(statement, values, doubted).await {
                Ok(verdict) => return Ok(Insisted { applied: verdict.applied, doubted }),
                Err(_) if patience.lasts().await => doubted = true,
                Err(lost) => return Err(unavailable(lost)),
            }
        }
    }
}

/// What became of a statement that was perhaps sent more than once.
struct Insisted {
    /// The attempt that was answered counted.
    applied: bool,
    /// One before it may have.
    doubted: bool,
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

    fn delete_member(&self, member: Id, at: Time) -> Answer<Option<Vec<Id>>> {
        self.ask(move |people| async move { people.delete(member, at).await })
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

    fn remembers_outsider(&self, member: Id) -> Answer<bool> {
        self.ask(move |people| async move { people.knows_outsider(member).await })
    }

    fn remember_outsider(&self, member: Id, service: String, theirs: String) -> Answer<()> {
        self.ask(move |people| async move { people.note_outsider(member, &service, &theirs).await })
    }

    fn secret(&self, name: &str, made: Vec<u8>) -> Answer<Vec<u8>> {
        let name = name.to_owned();
        self.ask(|people| async move { people.kept(&name, &made).await })
    }

    fn replace_secret(&self, name: &str, old: Vec<u8>, new: Vec<u8>) -> Answer<bool> {
        let name = name.to_owned();
        self.ask(|people| async move { people.replaced(&name, &old, &new).await })
    }

    fn forget_secret(&self, name: &str) -> Answer<bool> {
        let name = name.to_owned();
        self.ask(|people| async move { people.forgotten(&name).await })
    }
}
