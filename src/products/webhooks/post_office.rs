//! What the couriers and their owner share: a webhook looked up, told, its secret, its latest
//! attempts, and the feed and the senders.

use crate::failure::Error;
use crate::feed::Feed;
use crate::table::Engine;
use crate::webhooks::attempts::Attempts;
use crate::webhooks::sender::Senders;
use crate::webhooks::signature;
use actors::domain::webhooks::{Command, Event, Question, Webhook, WebhookView};
use actors::engine::{By, Done};
use actors::machine::partition_id;
use actors::store::StoreError;
use actors::{Id, Time};
use base::meters::series::Series;
use hashbrown::HashMap;
use ports::directory::Directory;
use std::sync::{Arc, Mutex, MutexGuard};

pub struct PostOffice {
    pub engine: Arc<Engine>,
    pub feed: Arc<Feed>,
    pub series: Arc<Series>,
    pub senders: Senders,
    directory: Arc<dyn Directory>,
    attempts: Mutex<HashMap<Id, Arc<Attempts>>>,
}

impl PostOffice {
    pub fn new(
        engine: Arc<Engine>,
        feed: Arc<Feed>,
        directory: Arc<dyn Directory>,
        series: Arc<Series>,
        senders: Senders,
    ) -> PostOffice {
        PostOffice { engine, feed, series, senders, directory, attempts: Mutex::default() }
    }

    pub fn now(&self) -> Time {
        self.engine.node.now()
    }

    /// Whether its courier is at home here.
    pub fn is_ours(&self, id: Id) -> bool {
        self.engine.should_do(&partition_id::<Webhook>(&id))
    }

    /// Whether a cursor could be written now; what is delivered without is delivered again after a
    /// restart.
    pub fn may_write(&self) -> bool {
        self.engine.node.is_settled()
    }

    pub async fn view(&self, id: Id) -> Result<Option<WebhookView>, Error> {
        Ok(self.engine.webhooks.look(&id, Question).await?.answer)
    }

    pub async fn command(&self, id: Id, command: Command, by: By) -> Result<Done<Event>, Error> {
        Ok(self.engine.webhooks.command(&id, command, by).await?)
    }

    /// Made when it is first asked for.
    pub async fn secret(&self, id: Id) -> Result<Vec<u8>, StoreError> {
        self.directory.secret(&secret_name(id), signature::new_secret()).await
    }

    /// Forgets what is kept beside the webhook's partition.
    pub async fn forget(&self, id: Id) -> Result<(), StoreError> {
        self.directory.forget_secret(&secret_name(id)).await?;
        self.all_attempts().remove(&id);
        Ok(())
    }

    pub fn attempts(&self, id: Id) -> Arc<Attempts> {
        self.all_attempts().entry(id).or_default().clone()
    }

    fn all_attempts(&self) -> MutexGuard<'_, HashMap<Id, Arc<Attempts>>> {
        self.attempts.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn secret_name(id: Id) -> String {
    format!("webhook/{id}")
}
