//! Webhooks: events pushed to receivers over HTTP, by the specification Standard Webhooks
//! (standardwebhooks.com).
//!
//! Each webhook is a partition (`actors::domain::webhooks`), so its cursor and its retries are facts
//! like any other; a courier each delivers in order and at least once. Secrets are in the store
//! beside the log, never in events, log lines or later answers. `addresses` keeps it from being a
//! way into the own network.

mod addresses;
mod attempts;
mod courier;
mod meters;
mod past;
mod sender;
mod signature;
mod target;
pub mod told;

pub use attempts::Attempt;
pub use target::Target;

use crate::Engine;
use crate::feed::Feed;
use actors::domain::shelves;
use actors::domain::webhooks::{Command, Plan, Question, Refusal, Webhook, WebhookView};
use actors::engine::{By, Done, Failure};
use actors::machine::partition_id;
use actors::store::{Page, StoreError};
use actors::{Caller, Id, Time};
use attempts::Attempts;
use base::journal::Value;
use base::meters::series::Series;
use base::{fresh, journal};
use courier::Courier;
use hashbrown::{HashMap, HashSet};
use metrics::gauge;
use ports::directory::Directory;
use sender::Senders;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// How many webhooks there may be.
pub const MOST: usize = 100;

pub struct Webhooks {
    engine: Arc<Engine>,
    feed: Arc<Feed>,
    directory: Arc<dyn Directory>,
    series: Arc<Series>,
    senders: Senders,
    pub private_addresses: bool,
    attempts: Mutex<HashMap<Id, Arc<Attempts>>>,
    /// Webhooks whose couriers are at work here.
    couriers: Mutex<HashSet<Id>>,
    /// There may be webhooks without a courier.
    changed: AtomicBool,
    /// Couriers hold a receiver as long as they are at work.
    at_work: watch::Sender<()>,
}

pub struct Settings {
    pub private_addresses: bool,
    pub timeout_s: u32,
}

/// A new webhook, and the secret that is shown this once.
pub struct Made {
    pub id: Id,
    pub view: WebhookView,
    pub secret: String,
    pub replayed: bool,
}

/// Why a webhook was not made.
#[derive(Debug)]
pub enum NotMade {
    /// The address, or what its name means now, is not public.
    NotPublic,
    TooMany,
    Failed(Failure<Refusal>),
}

pub type Outcome = Result<Done<actors::domain::webhooks::Event>, Failure<Refusal>>;

impl Webhooks {
    pub fn open(
        engine: Arc<Engine>,
        feed: Arc<Feed>,
        directory: Arc<dyn Directory>,
        series: Arc<Series>,
        Settings { private_addresses, timeout_s }: Settings,
    ) -> std::io::Result<Arc<Webhooks>> {
        Ok(Arc::new(Webhooks {
            engine,
            feed,
            directory,
            series,
            senders: Senders::start(private_addresses, timeout_s)?,
            private_addresses,
            attempts: Mutex::default(),
            couriers: Mutex::default(),
            changed: AtomicBool::new(true),
            at_work: watch::Sender::new(()),
        }))
    }

    /// Tells everything from now on. The same `key` of the same caller names the same webhook for
    /// ever.
    pub async fn create(
        &self,
        target: Target,
        events: Vec<String>,
        caller: Caller,
        key: Option<&str>,
    ) -> Result<Made, NotMade> {
        if !self.private_addresses {
            let found = self.senders.resolve(target.host.clone(), target.port).await;
            if !found.into_iter().all(addresses::is_public) {
                return Err(NotMade::NotPublic);
            }
        }
        let id = match key {
            Some(key) => Id::digest(&[b"webhook", &caller.id.0, key.as_bytes()]),
            None => fresh::id(self.now()),
        };
        let known = self.list(None, MOST).await?;
        if known.len() >= MOST && !known.contains(&id) {
            return Err(NotMade::TooMany);
        }
        let from = self.feed.end().await?;
        let plan = Plan { url: target.url, events };
        let done = self
            .engine
            .webhooks
            .command(&id, Command::Create { plan, from }, By::for_good(caller))
            .await?;
        let secret = self.secret(id).await?;
        self.changed.store(true, Ordering::Release);
        let view = self.view(id).await?.ok_or(Failure::Refused(Refusal::Unknown))?;
        Ok(Made { id, view, secret: signature::printed(&secret), replayed: done.replayed })
    }

    pub async fn list(&self, after: Option<Id>, limit: usize) -> Result<Vec<Id>, StoreError> {
        let after = after.map(|after| after.0.to_vec());
        let lines = self
            .engine
            .rows(Page { shelf: shelves::WEBHOOKS, owner: Id::SYSTEM, after, limit })
            .await?;
        Ok(lines.into_iter().filter_map(|line| line.key.try_into().ok().map(Id)).collect())
    }

    pub async fn view(&self, id: Id) -> Result<Option<WebhookView>, Failure<Refusal>> {
        Ok(self.engine.webhooks.look(&id, Question).await?.answer)
    }

    pub async fn enable(&self, id: Id, caller: Caller) -> Outcome {
        self.engine.webhooks.command(&id, Command::Enable, By::for_good(caller)).await
    }

    pub async fn disable(&self, id: Id, caller: Caller) -> Outcome {
        let why = actors::domain::webhooks::WhyDisabled::Ordered;
        self.engine.webhooks.command(&id, Command::Disable(why), By::for_good(caller)).await
    }

    /// Its secret is forgotten, too.
    pub async fn delete(&self, id: Id, caller: Caller) -> Outcome {
        let done = self.engine.webhooks.command(&id, Command::Delete, By::for_good(caller)).await?;
        self.directory.forget_secret(&secret_name(id)).await.map_err(unavailable)?;
        self.all_attempts().remove(&id);
        Ok(done)
    }

    /// Tells again what happened in `[from, to)`, beside what happens now.
    pub async fn replay(&self, id: Id, from: Time, to: Time, caller: Caller) -> Outcome {
        let replay = past::span(&self.feed, from, to).await.map_err(unavailable)?;
        self.engine.webhooks.command(&id, Command::Replay(replay), By::for_good(caller)).await
    }

    pub fn latest_attempts(&self, id: Id, limit: usize) -> Vec<Attempt> {
        self.attempts(id).latest(limit)
    }

    /// Other nodes may have made webhooks, or have left some to this one.
    pub fn look_around(&self) {
        self.changed.store(true, Ordering::Release);
    }

    /// Whether its courier is at home here.
    fn is_ours(&self, id: Id) -> bool {
        self.engine.should_do(&partition_id::<Webhook>(&id))
    }

    /// A turn of the job: couriers for those that have none, and news for all.
    pub async fn turn(self: &Arc<Self>) {
        if self.changed.swap(false, Ordering::AcqRel) {
            match self.list(None, MOST).await {
                Ok(all) => all
                    .into_iter()
                    .filter(|id| self.is_ours(*id) && self.couriers().insert(*id))
                    .for_each(|id| self.send_out(id)),
                Err(_) => self.changed.store(true, Ordering::Release),
            }
        }
        if let Err(error) = self.feed.turn().await {
            journal::warn("the feed could not be read", &[("error", Value::Text(&error))]);
        }
    }

    fn send_out(self: &Arc<Self>, id: Id) {
        let (courier, turns, at_work) =
            (Courier::of(id, self.clone()), self.feed.turns(), self.at_work.subscribe());
        let webhooks = self.clone();
        actix_rt::spawn(async move {
            courier.run(turns).await;
            webhooks.couriers().remove(&id);
            drop(at_work);
        });
    }

    /// Lets every courier write down how far it came, and returns when all have.
    pub async fn stop(&self) {
        self.feed.stop();
        self.at_work.closed().await;
    }

    /// How many there are of each state.
    pub async fn measure(&self) {
        let Ok(all) = self.list(None, MOST).await else { return };
        let (mut troubled, mut disabled, mut well) = (0, 0, 0);
        for id in all {
            match self.view(id).await {
                Ok(Some(WebhookView { disabled: Some(_), .. })) => disabled += 1,
                Ok(Some(WebhookView { trouble: Some(_), .. })) => troubled += 1,
                Ok(Some(_)) => well += 1,
                _ => {}
            }
        }
        for (state, count) in [("enabled", well), ("retrying", troubled), ("disabled", disabled)] {
            gauge!("stampede_webhooks", "state" => state).set(f64::from(count));
        }
    }

    fn feed(&self) -> &Feed {
        &self.feed
    }

    fn senders(&self) -> &Senders {
        &self.senders
    }

    /// Whether a cursor could be written now; what is delivered without is delivered again after a
    /// restart.
    fn may_write(&self) -> bool {
        self.engine.node.is_settled()
    }

    fn now(&self) -> Time {
        self.engine.node.now()
    }

    async fn command(
        &self,
        id: Id,
        command: Command,
    ) -> Result<Done<<Webhook as actors::Machine>::Event>, Failure<Refusal>> {
        self.engine.webhooks.command(&id, command, By::SYSTEM).await
    }

    /// Made by whoever first asks for it.
    async fn secret(&self, id: Id) -> Result<Vec<u8>, StoreError> {
        self.directory.secret(&secret_name(id), signature::new_secret()).await
    }

    fn couriers(&self) -> std::sync::MutexGuard<'_, HashSet<Id>> {
        self.couriers.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn attempts(&self, id: Id) -> Arc<Attempts> {
        self.all_attempts().entry(id).or_default().clone()
    }

    fn all_attempts(&self) -> std::sync::MutexGuard<'_, HashMap<Id, Arc<Attempts>>> {
        self.attempts.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn secret_name(id: Id) -> String {
    format!("webhook/{id}")
}

fn unavailable(error: StoreError) -> Failure<Refusal> {
    Failure::Unavailable(error.to_string())
}

impl From<Failure<Refusal>> for NotMade {
    fn from(failure: Failure<Refusal>) -> NotMade {
        NotMade::Failed(failure)
    }
}

impl From<StoreError> for NotMade {
    fn from(error: StoreError) -> NotMade {
        NotMade::Failed(unavailable(error))
    }
}
