//! Reading the feed: entries tell where frames lie, and the frames are fetched from there.

use super::database::AT_ONCE;
use super::entry::{self, FEED, FramePlace};
use super::rows::{FIRST, frame};
use super::tables::Tables;
use actors::store::{FEED_BYTES, FeedFrame, FeedPage, StoreError};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::sync::{Arc, Mutex, MutexGuard};

/// Frames of one answer, however many are asked for.
const MOST: usize = 10_000;

pub struct FeedReader {
    tables: Arc<Tables>,
    /// Where each generation of the feed's log begins, as far as was looked. It never changes.
    beginnings: Mutex<Vec<u64>>,
}

impl FeedReader {
    pub fn new(tables: Arc<Tables>) -> FeedReader {
        FeedReader { tables, beginnings: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, Vec<u64>> {
        self.beginnings.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The generation with what comes after that position.
    async fn generation_after(&self, after: u64) -> Result<i32, StoreError> {
        loop {
            let looked_at = self.known().len() as i32;
            match self.tables.generations.beginning(FEED, FIRST + looked_at).await? {
                Some(began) => {
                    let mut known = self.known();
                    if known.len() as i32 == looked_at {
                        known.push(began.seq);
                    }
                }
                None => break,
            }
        }
        Ok(self.known().partition_point(|began| *began <= after).max(1) as i32 - 1 + FIRST)
    }

    /// The frames after that position, up to the end, which was asked before.
    pub async fn read(&self, after: u64, limit: usize, end: u64) -> Result<FeedPage, StoreError> {
        let mut feed = FeedPage { frames: Vec::new(), end };
        if after >= end || limit == 0 {
            return Ok(feed);
        }
        let generation = self.generation_after(after).await?;
        let places = self.places_after(generation, after, limit.min(MOST), end).await?;
        let fetched: Vec<_> =
            places.into_iter().map(|(position, place)| self.fetch(position, place)).collect();
        let mut frames = stream::iter(fetched).buffered(AT_ONCE);
        let mut bytes = 0;
        while bytes < FEED_BYTES
            && let Some(fed) = frames.try_next().await?
        {
            bytes += fed.frame.records.len();
            feed.frames.push(fed);
        }
        Ok(feed)
    }

    async fn fetch(
        &self,
        position: u64,
        FramePlace { name, generation, seq }: FramePlace,
    ) -> Result<FeedFrame, StoreError> {
        let frame = self.tables.log.frame_at(&name, generation, seq).await?;
        Ok(FeedFrame { position, partition: name, frame })
    }

    async fn places_after(
        &self,
        mut generation: i32,
        after: u64,
        limit: usize,
        end: u64,
    ) -> Result<Vec<(u64, FramePlace)>, StoreError> {
        let mut found = Vec::new();
        loop {
            let mut rows = self.tables.log.rows_after(FEED, generation, after).await?;
            while let Some(row) = rows.try_next().await? {
                let (frame, _) = frame(row)?;
                let positions = frame.from.seq + 1..;
                let places = positions.zip(entry::from_bytes(&frame.records)?);
                found.extend(places.filter(|(position, _)| *position > after && *position <= end));
                if found.len() >= limit || frame.to.seq >= end {
                    found.truncate(limit);
                    return Ok(found);
                }
            }
            match self
                .tables
                .generations
                .fence(FEED, generation)
                .await?
                .and_then(|fence| fence.next)
            {
                Some(next) => generation = next,
                None => return Ok(found),
            }
        }
    }
}
