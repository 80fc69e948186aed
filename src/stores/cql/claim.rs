//! Owning a partition: the epoch that fences everybody else, and how it is taken over.
//!
//! Whoever takes over raises the epoch first, by a conditional statement, and reads afterwards:
//! from then on nobody else's append can count, so what is read is the end. Only an epoch that the
//! database said was raised by this very attempt is one's own; when in doubt it is raised again.

use super::log;
use super::session::broken;
use super::tables::{CLOSED, Tables, position};
use actors::store::{Position, StoreError};

/// One opening's right to write, as long as nobody takes over.
#[derive(Clone, Debug)]
pub struct Claim {
    pub generation: i32,
    pub epoch: i64,
    /// Where the log stands.
    pub at: Position,
    /// Where this generation began.
    pub began: u64,
    /// Bytes that this owner wrote to this generation.
    pub bytes: u64,
    /// Whether the sleepers' table says that the partition is awake.
    pub is_awake: bool,
    stamps: i64,
}

impl Claim {
    fn new(generation: i32, epoch: i64, at: Position, began: u64) -> Claim {
        Claim { generation, epoch, at, began, bytes: 0, is_awake: false, stamps: 0 }
    }

    /// A number above all that this partition's owners before gave out, and above this one's own.
    /// It is the time of plain rows that only owners write, so that nothing late of a former owner
    /// ever wins.
    pub fn stamp(&mut self) -> i64 {
        self.stamps = (self.stamps + 1).min((1 << STAMP_BITS) - 1);
        self.epoch << STAMP_BITS | self.stamps
    }

    pub fn moved_to(self, generation: i32) -> Claim {
        Claim { generation, began: self.at.seq, bytes: 0, ..self }
    }
}

/// Four million stamps for each of two trillion epochs.
const STAMP_BITS: u32 = 22;

/// The static columns of one generation.
#[derive(Clone, Debug)]
pub struct Fence {
    pub epoch: i64,
    pub at: Position,
    pub next: Option<i32>,
    pub closed_epoch: i64,
}

type FenceRow = (Option<i64>, Option<i64>, Option<Vec<u8>>, Option<i32>, Option<i64>);

impl Tables {
    pub async fn fence(&self, name: &str, generation: i32) -> Result<Option<Fence>, StoreError> {
        let row: Option<FenceRow> = self.one(&self.fence, (name, generation)).await?;
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
        let row: Option<(i64, Vec<u8>)> = self.one(&self.sentinel, (name, generation)).await?;
        row.map(|(seq, head)| position(seq, &head)).transpose()
    }

    /// The newest generation, as far as a hint knows.
    pub async fn hinted(&self, name: &str) -> Result<i32, StoreError> {
        let hint: Option<(Option<i32>,)> = self.one(&self.generation_hint, (name,)).await?;
        Ok(hint.and_then(|(hint,)| hint).unwrap_or(log::FIRST))
    }

    /// Makes the sentinel of a generation. True if it was made by this very attempt; false if it is
    /// there, or perhaps.
    pub async fn begin(&self, name: &str, generation: i32, epoch: i64, at: Position) -> bool {
        let (seq, head) = (at.seq as i64, &at.head[..]);
        let begun = self
            .cql
            .decide(&self.begin, (name, generation, epoch, seq, head, seq, head, head), false)
            .await;
        begun.is_ok_and(|verdict| verdict.applied)
    }

    /// Raises the epoch of the newest generation above everybody's, and says where the log stands.
    pub async fn take_over(&self, name: &str) -> Result<Claim, StoreError> {
        let until = self.deadline();
        let mut generation = self.insist(until, || self.hinted(name)).await?;
        while tokio::time::Instant::now() < until {
            match self.insist(until, || self.fence(name, generation)).await? {
                None if generation == log::FIRST => {
                    if self.begin(name, generation, 1, Position::default()).await {
                        return Ok(Claim::new(generation, 1, Position::default(), 0));
                    }
                }
                // A hint cannot be ahead of the log; if it is, it is no hint.
                None => generation = log::FIRST,
                Some(Fence { next: Some(next), closed_epoch, at, .. }) => {
                    self.begin(name, next, closed_epoch, at).await;
                    if self.insist(until, || self.fence(name, next)).await?.is_some() {
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
                        .cql
                        .decide(
                            &self.raise,
                            (fence.epoch + 1, name, generation, fence.epoch),
                            false,
                        )
                        .await;
                    if raised.is_ok_and(|verdict| verdict.applied) {
                        return self
                            .insist(until, || self.claimed(name, generation, fence.epoch + 1))
                            .await;
                    }
                }
            }
        }
        Err(StoreError::Unavailable(format!("{name} could not be taken over in time")))
    }

    async fn claimed(&self, name: &str, generation: i32, epoch: i64) -> Result<Claim, StoreError> {
        let missing = || broken(format!("generation {generation} of {name} has lost its sentinel"));
        let fence = self.fence(name, generation).await?.ok_or_else(missing)?;
        let began = self.beginning(name, generation).await?.ok_or_else(missing)?;
        Ok(Claim::new(generation, epoch, fence.at, began.seq))
    }
}
