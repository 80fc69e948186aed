//! What every question about people needs: the session, its statements, and how one is asked again
//! while it fails.

use super::columns::FoundRow;
use super::patience::Patience;
use super::seal::Seal;
use super::statements::PeopleStatements;
use super::turns::Turns;
use crate::error::{Error, unavailable};
use crate::session::{Conditional, Cql};
use actors::store::StoreError;
use base::Secret;
use scylla::serialize::row::SerializeRow;
use scylla::statement::prepared::PreparedStatement;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Instant;
use tokio::sync::Mutex;

pub struct CqlPeople {
    pub cql: Arc<Cql>,
    pub statements: PeopleStatements,
    pub seal: Seal,
    pub names_in_turn: Turns,
    pub members_in_turn: Turns,
    /// The hour of which this node has noted that sessions ended in it.
    pub hour_noted: AtomicI64,
    /// The last count of members, and until when it is good enough.
    pub last_count: Mutex<Option<(u64, Instant)>>,
}

impl CqlPeople {
    pub async fn open(cql: Arc<Cql>, cluster_key: &Secret) -> Result<CqlPeople, Error> {
        let statements = PeopleStatements::prepare(&cql).await?;
        Ok(CqlPeople {
            cql,
            statements,
            seal: Seal::new(cluster_key),
            names_in_turn: Turns::new(),
            members_in_turn: Turns::new(),
            hour_noted: AtomicI64::new(i64::MIN),
            last_count: Mutex::default(),
        })
    }

    /// Reads, and repeats it while that fails.
    pub async fn look(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<Vec<FoundRow>, StoreError> {
        let mut patience = Patience::new();
        loop {
            match self.cql.read(statement, &values).await {
                Err(StoreError::Unavailable(_)) if patience.lasts().await => {}
                answer => return FoundRow::all(&answer?),
            }
        }
    }

    /// Writes plainly, and repeats it while that fails; every plain write here may be.
    pub async fn put(
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
    pub async fn insist(
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
pub struct Insisted {
    /// The attempt that was answered counted.
    pub applied: bool,
    /// One before it may have.
    pub doubted: bool,
}
