//! Redis beside the store, for several nodes: what it remembers spares questions and shares
//! budgets, and nothing rests on it.
//!
//! `link` keeps one connection, `slips` says which sessions the store was lately found to call
//! alive, `budgets` counts failures and requests for all nodes. Whatever is not answered within the
//! deadline is answered without Redis: sessions by the store, budgets by each node for itself. No
//! answer of Redis ever ends a session, and none can keep one alive that has ended.

mod budgets;
mod link;
mod settings;
mod slips;

pub use settings::{RedisSettings, StartError};
pub use slips::{LIFE, MARGIN};

use actors::store::StoreError;
use actors::{Id, Time};
use futures_util::future::LocalBoxFuture;
use link::Link;
use ports::SharedMemory;
use ports::shared_memory::{MemoryState, PerMinute, Settled, Tried};
use std::sync::Arc;
use std::time::Duration;

pub struct Redis {
    link: Arc<Link>,
    realm: String,
    slip_life: Duration,
}

impl Redis {
    /// Looks for Redis once before it returns, and from then on until it is dropped. One that is
    /// not there is no error. `realm` keeps installations apart that share one Redis.
    pub async fn start(settings: &RedisSettings, realm: &str) -> Result<Redis, StartError> {
        let link = Link::start(settings).await?;
        Ok(Redis { link, realm: format!("stampede:{realm}:"), slip_life: settings.slip_life })
    }
}

impl SharedMemory for Redis {
    fn state(&self) -> MemoryState {
        self.link.state()
    }

    fn look(&self) -> LocalBoxFuture<'_, MemoryState> {
        Box::pin(self.link.look())
    }

    fn pause_s(&self, record: Id, now: Time) -> LocalBoxFuture<'_, Option<u32>> {
        Box::pin(self.pause_s(record, now))
    }

    fn count(
        &self,
        record: Id,
        per_minute: u32,
        always: bool,
        now: Time,
    ) -> LocalBoxFuture<'_, Option<u32>> {
        Box::pin(self.count(record, per_minute, always, now))
    }

    fn settle(
        &self,
        tried: Tried,
        per_minute: PerMinute,
        is_home: bool,
        right: bool,
        now: Time,
    ) -> LocalBoxFuture<'_, Option<Settled>> {
        Box::pin(self.settle(tried, per_minute, is_home, right, now))
    }

    fn spend(&self, caller: Id, minute: i64) -> LocalBoxFuture<'_, Option<u64>> {
        Box::pin(self.spend(caller, minute))
    }

    fn is_alive<'a>(
        &'a self,
        owner: Id,
        what: Id,
        ask: LocalBoxFuture<'a, Result<bool, StoreError>>,
    ) -> LocalBoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(self.is_alive(owner, what, ask))
    }

    fn tear_up(&self, owner: Id) -> LocalBoxFuture<'_, ()> {
        Box::pin(self.tear_up(owner))
    }
}
