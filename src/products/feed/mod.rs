//! The feed: what the log tells the outside, event by event, in the order in which it became
//! durable.
//!
//! `topics` lists what there is to hear; `told` says, per kind of partition, which facts become
//! which events; `references` gives coupons the names that the outside knows; `draws` says which
//! lots have won, `members` what services call their members; `recent` keeps the newest events in
//! memory; `bulletin` says what a while came to. Nothing is told that is not durable, and a frame
//! that this version cannot read stops the feed rather than be left out. Of members with an
//! account, events carry ids, never names.

mod bulletin;
mod draws;
mod event;
mod listener;
mod members;
mod not_now;
mod read;
mod recent;
mod references;

#[cfg(test)]
mod tests;

pub use bulletin::Bulletin;
pub use event::{Event, FeedPlace};
pub use listener::Listener;
pub use read::Read;

use crate::coupons::Coupons;
use crate::promotions::Promotions;
use crate::table::{self, Engine};
use crate::telling::said::Said;
use actors::Time;
use actors::engine::record;
use actors::store::{FeedFrame, StoreError};
use ports::{AskOutsiders, OutsiderNames};
use recent::Recent;
use references::References;
use std::sync::{Arc, RwLock};
use tokio::sync::{oneshot, watch};

/// Frames that are read at a time.
const FRAMES: usize = 200;

pub struct Feed {
    engine: Arc<Engine>,
    references: References,
    outsiders: AskOutsiders,
    recent: RwLock<Recent>,
    turns: watch::Sender<Turn>,
}

/// What listeners are woken with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Turn {
    /// The server stops: write down what must not be forgotten, and end.
    pub stopping: bool,
}

impl Feed {
    pub fn new(
        engine: Arc<Engine>,
        promotions: Arc<Promotions>,
        coupons: Arc<Coupons>,
        outsiders: AskOutsiders,
    ) -> Feed {
        let (recent, turns) = (RwLock::default(), watch::Sender::default());
        Feed { references: References { promotions, coupons }, outsiders, engine, recent, turns }
    }

    /// The position of the last durable frame.
    pub async fn end(&self) -> Result<u64, StoreError> {
        Ok(self.frames(u64::MAX, 0).await?.end)
    }

    /// When the newest frame of the log was begun.
    pub async fn written_until(&self) -> Result<Option<Time>, StoreError> {
        let newest = self.frames(self.end().await?.saturating_sub(1), 1).await?;
        Ok(newest.frames.last().and_then(|fed| record::began_at(&fed.frame)))
    }

    /// Wakes its holder, several times a second: something may have happened, or come due.
    pub fn turns(&self) -> watch::Receiver<Turn> {
        self.turns.subscribe()
    }

    /// What was told after that position: from memory if it is recent, else from the log. No events
    /// and `to == end`: that is all.
    pub async fn after(&self, position: u64) -> Result<Read, StoreError> {
        if let Some(read) = self.recent().after(position) {
            return Ok(read);
        }
        self.read(position).await
    }

    /// Takes what is new into memory, if anybody listens, and wakes them.
    pub async fn turn(&self) -> Result<(), StoreError> {
        if self.turns.receiver_count() == 0 {
            self.recent_to_change().forget();
            return Ok(());
        }
        let followed = self.follow().await;
        self.turns.send_modify(|_| {});
        followed
    }

    /// Sends all listeners home.
    pub fn stop(&self) {
        self.turns.send_modify(|turn| turn.stopping = true);
    }

    /// Where the log ended at the last turn.
    pub fn known_end(&self) -> Option<u64> {
        self.recent().to()
    }

    /// The frames after a position, as they are.
    pub async fn frames(
        &self,
        after: u64,
        limit: usize,
    ) -> Result<actors::store::FeedPage, StoreError> {
        let (done, read) = oneshot::channel();
        // The asker may be gone.
        self.engine.node.store.feed(after, limit, Box::new(move |feed| drop(done.send(feed))));
        read.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the reader has stopped".into())))
    }

    async fn follow(&self) -> Result<(), StoreError> {
        let known = self.recent().to();
        let Some(mut known) = known else {
            let end = self.end().await?;
            self.recent_to_change().begin(end);
            return Ok(());
        };
        loop {
            let read = self.read(known).await?;
            let (to, end) = (read.to, read.end);
            self.recent_to_change().append(read);
            if to >= end || to == known {
                return Ok(());
            }
            known = to;
        }
    }

    async fn read(&self, after: u64) -> Result<Read, StoreError> {
        let feed = self.frames(after, FRAMES).await?;
        let to = feed.frames.last().map_or(after, |last| last.position);
        let mut told = Vec::new();
        for frame in &feed.frames {
            told.extend(tell(frame)?);
        }
        Ok(Read { events: self.complete(told).await?, to, end: feed.end })
    }

    /// With what the log alone does not tell, as the outside sees them.
    async fn complete(&self, told: Vec<FedSaid>) -> Result<Vec<Arc<Event>>, StoreError> {
        let members = told.iter().flat_map(|fed| members::of(&fed.said.data));
        let names = OutsiderNames::find(&self.outsiders, members).await?;
        let mut events = Vec::with_capacity(told.len());
        for FedSaid { position, partition, mut said } in told {
            members::name(&mut said.data, &names);
            draws::say_who_won(&self.engine, &mut said).await?;
            let coupon = match &said.coupon {
                Some(home) => Some(self.references.of(home).await?),
                None => None,
            };
            events.push(Arc::new(Event::of(position, &partition, said, coupon)));
        }
        Ok(events)
    }

    fn recent(&self) -> std::sync::RwLockReadGuard<'_, Recent> {
        self.recent.read().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn recent_to_change(&self) -> std::sync::RwLockWriteGuard<'_, Recent> {
        self.recent.write().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// What a frame says, and where it stands.
struct FedSaid {
    position: u64,
    partition: Arc<str>,
    said: Said,
}

fn tell(fed: &FeedFrame) -> Result<impl Iterator<Item = FedSaid>, StoreError> {
    let (position, partition) = (fed.position, fed.partition.clone());
    let said = table::tell(&partition, &fed.frame).map_err(|why| unreadable(&partition, &why))?;
    Ok(said.into_iter().map(move |said| FedSaid { position, partition: partition.clone(), said }))
}

/// To leave it out would be to forget something durable.
fn unreadable(partition: &str, why: &impl std::fmt::Display) -> StoreError {
    StoreError::Broken(format!("a frame of {partition} cannot be told: {why}"))
}
