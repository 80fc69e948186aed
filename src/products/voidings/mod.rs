//! Voidings: a batch's coupons that a filter means are voided, by a job with an end.
//!
//! Each part of the batch decides what is void and how many that are; `worker` goes from part to
//! part, and writes down how far it has come. Whatever breaks off is gone on with from there.

mod told;
pub mod worker;

use crate::coupons::batches::Batches;
use crate::failure::{Error, pick};
use crate::promotions::Promotions;
use crate::table::Engine;
use actors::Id;
use actors::domain::coupons::Serial;
use actors::domain::coupons::voiding::{
    Command, Event, Question, UNFINISHED_VOIDINGS, VoidingPlan, VoidingView, before_voidings_of,
    voiding_of_row,
};
use actors::domain::shelves::VOIDINGS;
use actors::engine::{By, Done};
use actors::store::{ListedRow, Page, StoreError};
use std::sync::Arc;
use tokio::sync::Notify;

/// Jobs that are looked through for the oldest.
const UNFINISHED_AT_ONCE: usize = 1000;

pub struct Voidings {
    engine: Arc<Engine>,
    promotions: Arc<Promotions>,
    batches: Arc<Batches>,
    /// Told when there is a job to do, so that it does not wait for the next look around.
    news: Notify,
}

impl Voidings {
    pub fn new(
        engine: Arc<Engine>,
        promotions: Arc<Promotions>,
        batches: Arc<Batches>,
    ) -> Arc<Voidings> {
        Arc::new(Voidings { engine, promotions, batches, news: Notify::new() })
    }

    /// The job of that caller under that key; without one, a job of its own.
    pub fn name(&self, caller: Id, key: Option<&str>) -> Id {
        match key {
            Some(key) => Id::digest(&[b"voiding", &caller.0, key.as_bytes()]),
            None => {
                let (seed, now) = (self.engine.node.seed(), self.engine.node.now());
                let (seed, now) = (seed.to_be_bytes(), now.0.to_be_bytes());
                Id::digest(&[b"voiding without a key", &caller.0, &seed, &now])
            }
        }
    }

    pub async fn create(&self, job: Id, plan: VoidingPlan, by: By) -> Result<Done<()>, Error> {
        let done = self.command(job, Command::Create(plan), by).await?;
        pick(done, |event| matches!(event, Event::Planned(_)).then_some(()))
    }

    pub async fn cancel(&self, job: Id, by: By) -> Result<Done<()>, Error> {
        let done = self.command(job, Command::Cancel, by).await?;
        pick(done, |event| matches!(event, Event::Cancelling | Event::Cancelled).then_some(()))
    }

    async fn command(&self, job: Id, command: Command, by: By) -> Result<Done<Event>, Error> {
        let done = self.engine.voidings.command(&job, command, by).await;
        self.news.notify_one();
        Ok(done?)
    }

    pub async fn view(&self, job: Id) -> Result<Option<VoidingView>, Error> {
        Ok(self.engine.voidings.look(&job, Question).await?.answer)
    }

    /// Those of a batch, the newest first: the keys of their lines.
    pub async fn of_batch(
        &self,
        batch: Serial,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let prefix = before_voidings_of(batch);
        let after = Some(after.unwrap_or_default().max(prefix.clone()));
        let mut lines = self.lines(Id::SYSTEM, after, limit).await?;
        lines.retain(|line| line.key.starts_with(&prefix));
        Ok(lines.into_iter().map(|line| line.key).collect())
    }

    /// Those that have not ended, the oldest first.
    async fn unfinished(&self) -> Result<Vec<Id>, StoreError> {
        let mut lines = self.lines(UNFINISHED_VOIDINGS, None, UNFINISHED_AT_ONCE).await?;
        lines.sort_by(|one, other| one.body.cmp(&other.body));
        Ok(lines.iter().filter_map(|line| voiding_of_row(&line.key)).collect())
    }

    async fn lines(
        &self,
        owner: Id,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<ListedRow>, StoreError> {
        self.engine.rows(Page { shelf: VOIDINGS, owner, after, limit }).await
    }
}
