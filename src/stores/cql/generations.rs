//! The generations of a partition's log: which is the newest, who may write to it, and how the next
//! one begins, so that no CQL partition grows without end.
//!
//! A node that takes over raises the epoch first, by a conditional statement, and reads afterwards.
//! Only an epoch that the database said was raised by this very attempt is one's own; when in doubt
//! it is raised again. A full generation is closed first, by one conditional statement that names
//! the next and raises the epoch above all others. Then the next one's sentinel is made, from what
//! the closed one says; it is the same whichever node makes it. A crash between the two is finished
//! by the next node that opens. Nothing is ever removed.

use super::claim::{Fence, WriteClaim};
use super::database::Database;
use super::error::{Error, broken};
use super::rows::{CLOSED, FIRST, IF_UNCHANGED, position};
use super::session::Conditional;
use actors::store::{Position, StoreError};
use scylla::statement::prepared::PreparedStatement;

pub struct Generations {
    db: Database,
    generation_hint: PreparedStatement,
    hint_generation: PreparedStatement,
    fence: PreparedStatement,
    sentinel: PreparedStatement,
    begin: Conditional,
    raise: Conditional,
    close: Conditional,
}

type FenceRow = (Option<i64>, Option<i64>, Option<Vec<u8>>, Option<i32>, Option<i64>);

impl Generations {
    pub async fn prepare(db: Database) -> Result<Generations, Error> {
        let cql = &db.cql;
        Ok(Generations {
            generation_hint: cql
                .prepare("SELECT generation FROM generations WHERE name = ?")
                .await?,
            hint_generation: cql
                .prepare(
                    "INSERT INTO generations (name, generation) VALUES (?, ?) USING TIMESTAMP ?",
                )
                .await?,
            fence: cql
                .prepare(
                    "SELECT epoch, last_seq, last_head, next, closed_epoch FROM log WHERE name \
                 = ? AND generation = ? LIMIT 1",
                )
                .await?,
            sentinel: cql
                .prepare(
                    "SELECT from_seq, head FROM log WHERE name = ? AND generation = ? AND seq = \
                 -1",
                )
                .await?,
            begin: cql
                .prepare_conditional(
                    "INSERT INTO log (name, generation, seq, epoch, last_seq, last_head, \
                 from_seq, from_head, head) VALUES (?, ?, -1, ?, ?, ?, ?, ?, ?) IF NOT \
                 EXISTS",
                )
                .await?,
            raise: cql
                .prepare_conditional(
                    "UPDATE log SET epoch = ? WHERE name = ? AND generation = ? IF epoch = ?",
                )
                .await?,
            close: cql
                .prepare_conditional(&format!(
                    "UPDATE log SET next = ?, closed_epoch = ?, epoch = {CLOSED} WHERE name = ? \
                 AND generation = ? {IF_UNCHANGED}"
                ))
                .await?,
            db,
        })
    }

    pub async fn fence(&self, name: &str, generation: i32) -> Result<Option<Fence>, StoreError> {
        let row: Option<FenceRow> = self.db.one(&self.fence, (name, generation)).await?;
        let Some((Some(epoch), Some(seq), Some(head), next, closed_epoch)) = row else {
            return Ok(None);
        };
        Ok(Some(Fence {
            epoch,
            at: position(seq, &head)?,
            next,
            closed_epoch: closed_epoch.unwrap_or(0),
        }))
    }

    /// Where a generation began.
    pub async fn beginning(
        &self,
        name: &str,
        generation: i32,
    ) -> Result<Option<Position>, StoreError> {
        let row: Option<(i64, Vec<u8>)> = self.db.one(&self.sentinel, (name, generation)).await?;
        row.map(|(seq, head)| position(seq, &head)).transpose()
    }

    /// The generation that has the record after `seq`; it is that one, or one before it.
    pub async fn of(&self, name: &str, seq: u64, mut latest: i32) -> Result<i32, StoreError> {
        while latest > FIRST
            && self.beginning(name, latest).await?.is_some_and(|began| began.seq > seq)
        {
            latest -= 1;
        }
        Ok(latest)
    }

    /// The newest generation, as far as a hint knows.
    pub async fn hinted(&self, name: &str) -> Result<i32, StoreError> {
        let hint: Option<(Option<i32>,)> = self.db.one(&self.generation_hint, (name,)).await?;
        Ok(hint.and_then(|(hint,)| hint).unwrap_or(FIRST))
    }

    /// Makes the sentinel of a generation. True if it was made by this very attempt; false if it is
    /// there, or perhaps.
    pub async fn begin(&self, name: &str, generation: i32, epoch: i64, at: Position) -> bool {
        let (seq, head) = (at.seq as i64, &at.head[..]);
        let begun = self
            .db
            .cql
            .decide(&self.begin, (name, generation, epoch, seq, head, seq, head, head), false)
            .await;
        begun.is_ok_and(|answer| answer.applied)
    }

    /// Raises the epoch of the newest generation above all others, and says where the log stands.
    pub async fn take_over(&self, name: &str) -> Result<WriteClaim, StoreError> {
        let until = self.db.deadline();
        let mut generation = self.db.insist(until, || self.hinted(name)).await?;
        while tokio::time::Instant::now() < until {
            match self.db.insist(until, || self.fence(name, generation)).await? {
                None if generation == FIRST => {
                    if self.begin(name, generation, 1, Position::default()).await {
                        return Ok(WriteClaim::new(generation, 1, Position::default(), 0));
                    }
                }
                // A hint cannot be ahead of the log; if it is, it is no hint.
                None => generation = FIRST,
                Some(Fence { next: Some(next), closed_epoch, at, .. }) => {
                    self.begin(name, next, closed_epoch, at).await;
                    if self.db.insist(until, || self.fence(name, next)).await?.is_some() {
                        generation = next;
                    }
                }
                Some(fence) if fence.epoch == CLOSED => {
                    return Err(broken(format!(
                        "generation {generation} of {name} is closed and has no next"
                    )));
                }
                Some(fence) => {
                    let raised = self
                        .db
                        .cql
                        .decide(
                            &self.raise,
                            (fence.epoch + 1, name, generation, fence.epoch),
                            false,
                        )
                        .await;
                    if raised.is_ok_and(|answer| answer.applied) {
                        return self
                            .db
                            .insist(until, || self.claimed(name, generation, fence.epoch + 1))
                            .await;
                    }
                }
            }
        }
        Err(StoreError::Unavailable(format!("{name} could not be taken over in time")))
    }

    async fn claimed(
        &self,
        name: &str,
        generation: i32,
        epoch: i64,
    ) -> Result<WriteClaim, StoreError> {
        let missing = || broken(format!("generation {generation} of {name} has lost its sentinel"));
        let fence = self.fence(name, generation).await?.ok_or_else(missing)?;
        let began = self.beginning(name, generation).await?.ok_or_else(missing)?;
        Ok(WriteClaim::new(generation, epoch, fence.at, began.seq))
    }

    pub fn is_full(&self, claim: &WriteClaim) -> bool {
        claim.at.seq - claim.began >= self.db.tuning.generation_records
            || claim.bytes >= self.db.tuning.generation_bytes
    }

    /// Moves the claim to the next generation. None when it cannot be known to be still one's own:
    /// then it must be taken over again.
    pub async fn rotate(&self, name: &str, claim: WriteClaim) -> Option<WriteClaim> {
        let next = claim.generation + 1;
        if !self.close(name, &claim).await || !self.begin(name, next, claim.epoch, claim.at).await {
            return None;
        }
        self.hint(name, next).await;
        Some(claim.moved_to(next))
    }

    /// True if it was closed by this very attempt.
    async fn close(&self, name: &str, claim: &WriteClaim) -> bool {
        self.close_at(name, claim.generation, claim.epoch, claim.at).await
    }

    /// The same for a log that has no owner, and so no claim.
    pub async fn close_at(&self, name: &str, generation: i32, epoch: i64, at: Position) -> bool {
        let row = (generation + 1, epoch, name, generation, epoch, at.seq as i64, &at.head[..]);
        self.db.cql.decide(&self.close, row, false).await.is_ok_and(|answer| answer.applied)
    }

    /// Where to begin to look for the newest generation. Without it, an opening follows the
    /// generations from the first.
    pub async fn hint(&self, name: &str, generation: i32) {
        let _ =
            self.db.cql.write(&self.hint_generation, (name, generation, generation as i64)).await;
    }
}
