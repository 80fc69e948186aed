//! The end of the feed's log: how it is found, followed and moved on.
//!
//! The feed's log has no owner. Every node appends to its end by a conditional statement that names
//! the end it knows. A node that is refused follows what others appended, and tries again.

use super::database::all_of;
use super::entry::{self, FEED, FramePlace};
use super::error::broken;
use super::rows::{FIRST, frame};
use super::tables::Tables;
use actors::store::{Frame, Position, StoreError};
use base::fresh;
use futures_util::TryStreamExt;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Frames of one entry.
pub const ENTRY: usize = 1000;
/// The feed's log is fenced by its end alone.
const NO_EPOCH: i64 = 0;

/// The feed's log, as far as it was followed.
pub struct FeedEnd {
    tables: Arc<Tables>,
    generation: i32,
    began: u64,
    at: Position,
    /// How far the partitions of the last entry came with it.
    last: BTreeMap<Arc<str>, (i32, u64)>,
    /// Whether `published` says so.
    is_told: bool,
}

impl FeedEnd {
    /// Finds the end of the feed's log, or makes it.
    pub async fn find(tables: Arc<Tables>) -> Result<FeedEnd, StoreError> {
        let generations = &tables.generations;
        let mut generation = generations.hinted(FEED).await?;
        loop {
            let Some(fence) = generations.fence(FEED, generation).await? else {
                generation = FIRST;
                generations.begin(FEED, generation, NO_EPOCH, Position::default()).await;
                continue;
            };
            let began = generations.beginning(FEED, generation).await?.ok_or_else(no_sentinel)?;
            let of_last = if began == fence.at { generation - 1 } else { generation };
            let last = match fence.at.seq {
                0 => None,
                seq => Some(tables.log.frame_at(FEED, of_last, seq).await?),
            };
            let mut end = FeedEnd {
                tables,
                generation,
                began: began.seq,
                at: fence.at,
                last: BTreeMap::new(),
                is_told: true,
            };
            if let Some(last) = last {
                end.enter(last.to, &entry::from_bytes(&last.records)?);
            }
            return Ok(end);
        }
    }

    pub fn position(&self) -> u64 {
        self.at.seq
    }

    /// One attempt to append these places. False if it is not known to have counted.
    pub async fn append(&mut self, places: &[FramePlace]) -> bool {
        if self.tell().await.is_err() {
            return false;
        }
        if self.at.seq - self.began >= self.tables.db.tuning.generation_records {
            // Whatever comes of it, following finds out.
            self.tables.generations.close_at(FEED, self.generation, NO_EPOCH, self.at).await;
            return false;
        }
        let to = Position { seq: self.at.seq + places.len() as u64, head: fresh::bytes() };
        let frame = Frame { from: self.at, to, records: entry::to_bytes(places) };
        let generation = (self.generation, NO_EPOCH);
        let counted = self.tables.log.try_append(FEED, generation, &frame).await;
        if counted {
            self.enter(to, places);
        }
        counted
    }

    /// Reads the entries that any node appended since, and shows them.
    pub async fn follow(&mut self, mut show: impl FnMut(&[FramePlace])) -> Result<(), StoreError> {
        loop {
            let (log, generations) = (&self.tables.log, &self.tables.generations);
            let fence = generations.fence(FEED, self.generation).await?.ok_or_else(no_sentinel)?;
            if fence.at.seq > self.at.seq {
                let rows = log.rows_after(FEED, self.generation, self.at.seq).await?;
                for row in rows.try_collect::<Vec<_>>().await? {
                    let (frame, _) = frame(row)?;
                    let places = entry::from_bytes(&frame.records)?;
                    show(&places);
                    self.enter(frame.to, &places);
                }
            }
            let Some(next) = fence.next else { return Ok(()) };
            self.tables.generations.begin(FEED, next, NO_EPOCH, fence.at).await;
            self.tables.generations.hint(FEED, next).await;
            (self.generation, self.began) = (next, fence.at.seq);
        }
    }

    /// How far the partition has come in the feed, up to this end.
    pub async fn reached(&self, name: &Arc<str>) -> Result<(i32, u64), StoreError> {
        let told = self.tables.published.of(name).await?.unwrap_or((FIRST, 0));
        Ok(self.last.get(name).copied().filter(|last| last.1 > told.1).unwrap_or(told))
    }

    /// Says how far the partitions of the last entry have come, before another entry follows it.
    async fn tell(&mut self) -> Result<(), StoreError> {
        if !self.is_told {
            let (published, end) = (&self.tables.published, self.at.seq);
            let told = self.last.iter().map(|(name, last)| published.put(name, *last, end));
            all_of(told).await?;
            self.is_told = true;
        }
        Ok(())
    }

    fn enter(&mut self, to: Position, places: &[FramePlace]) {
        self.at = to;
        self.last = places
            .iter()
            .map(|place| (place.name.clone(), (place.generation, place.seq)))
            .collect();
        self.is_told = false;
    }
}

fn no_sentinel() -> StoreError {
    broken("the feed has lost its sentinel")
}
