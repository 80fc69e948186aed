//! Webhooks: events pushed to receivers over HTTP, by the specification Standard Webhooks
//! (standardwebhooks.com).
//!
//! Each webhook is a partition (`actors::domain::webhooks`), so its cursor and its retries are
//! facts like any other; a courier each delivers in order and at least once. Secrets are in the
//! store beside the log, never in events, log lines or later answers. `addresses` keeps it from
//! being a way into the own network.

mod addresses;
mod attempts;
mod courier;
mod meters;
mod past;
mod post_office;
mod round;
mod sender;
mod signature;
mod target;
pub mod told;

pub use attempts::Attempt;
pub use target::Target;

use crate::failure::{Error, Refusal};
use crate::feed::Feed;
use crate::table::Engine;
use actors::domain::shelves;
use actors::domain::webhooks::{self, Command, WebhookPlan, WebhookView, WhyDisabled};
use actors::engine::{By, Failure};
use actors::store::{Page, StoreError};
use actors::{Id, Time};
use base::journal::Value;
use base::meters::series::Series;
use base::{fresh, journal};
use courier::Courier;
use hashbrown::HashSet;
use metrics::gauge;
use ports::directory::Directory;
use post_office::PostOffice;
use sender::Senders;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::watch;

/// How many webhooks there may be.
pub const MOST: usize = 100;

pub struct Webhooks {
    office: Arc<PostOffice>,
    pub private_addresses: bool,
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
pub struct NewWebhook {
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
    Failed(Error),
}

impl Webhooks {
    pub fn open(
        engine: Arc<Engine>,
        feed: Arc<Feed>,
        directory: Arc<dyn Directory>,
        series: Arc<Series>,
        Settings { private_addresses, timeout_s }: Settings,
    ) -> std::io::Result<Arc<Webhooks>> {
        let senders = Senders::start(private_addresses, timeout_s)?;
        let office = PostOffice::new(engine, feed, directory, series, senders);
        Ok(Arc::new(Webhooks {
            office: Arc::new(office),
            private_addresses,
            couriers: Mutex::default(),
            changed: AtomicBool::new(true),
            at_work: watch::Sender::new(()),
        }))
    }

    /// Tells everything from now on. The same `name` by the same caller is the same webhook for
    /// ever.
    pub async fn create(
        &self,
        target: Target,
        events: Vec<String>,
        by: By,
        name: Option<&str>,
    ) -> Result<NewWebhook, NotMade> {
        if !self.private_addresses {
            let found = self.office.senders.resolve(target.host.clone(), target.port).await;
            if !found.into_iter().all(addresses::is_public) {
                return Err(NotMade::NotPublic);
            }
        }
        let id = match name {
            Some(name) => Id::digest(&[b"webhook", &by.caller.id.0, name.as_bytes()]),
            None => fresh::id(self.office.now()),
        };
        let known = self.list(None, MOST).await?;
        if known.len() >= MOST && !known.contains(&id) {
            return Err(NotMade::TooMany);
        }
        let from = self.office.feed.end().await?;
        let plan = WebhookPlan { url: target.url, events };
        let done = self.office.command(id, Command::Create { plan, from }, by).await?;
        let secret = self.office.secret(id).await?;
        self.changed.store(true, Ordering::Release);
        let view = self.view(id).await?.ok_or_else(unknown)?;
        Ok(NewWebhook { id, view, secret: signature::printed(&secret), replayed: done.replayed })
    }

    pub async fn list(&self, after: Option<Id>, limit: usize) -> Result<Vec<Id>, StoreError> {
        let after = after.map(|after| after.0.to_vec());
        let page = Page { shelf: shelves::WEBHOOKS, owner: Id::SYSTEM, after, limit };
        let lines = self.office.engine.rows(page).await?;
        Ok(lines.into_iter().filter_map(|line| line.key.try_into().ok().map(Id)).collect())
    }

    pub async fn view(&self, id: Id) -> Result<Option<WebhookView>, Error> {
        self.office.view(id).await
    }

    /// True if it was done before, under the same key; so it is with those that follow.
    pub async fn enable(&self, id: Id, by: By) -> Result<bool, Error> {
        self.told(id, Command::Enable, by).await
    }

    pub async fn disable(&self, id: Id, by: By) -> Result<bool, Error> {
        self.told(id, Command::Disable(WhyDisabled::Ordered), by).await
    }

    /// Its secret is forgotten, too.
    pub async fn delete(&self, id: Id, by: By) -> Result<bool, Error> {
        let replayed = self.told(id, Command::Delete, by).await?;
        self.office.forget(id).await?;
        Ok(replayed)
    }

    /// Tells again what happened in `[from, to)`, beside what happens now.
    pub async fn replay(&self, id: Id, from: Time, to: Time, by: By) -> Result<bool, Error> {
        let replay = past::span(&self.office.feed, from, to).await?;
        self.told(id, Command::Replay(replay), by).await
    }

    async fn told(&self, id: Id, command: Command, by: By) -> Result<bool, Error> {
        Ok(self.office.command(id, command, by).await?.replayed)
    }

    pub fn latest_attempts(&self, id: Id, limit: usize) -> Vec<Attempt> {
        self.office.attempts(id).latest(limit)
    }

    /// Other nodes may have made webhooks, or have left some to this one.
    pub fn look_around(&self) {
        self.changed.store(true, Ordering::Release);
    }

    /// A turn of the job: couriers for those that have none, and news for all.
    pub async fn turn(self: &Arc<Self>) {
        if self.changed.swap(false, Ordering::AcqRel) {
            match self.list(None, MOST).await {
                Ok(all) => all
                    .into_iter()
                    .filter(|id| self.office.is_ours(*id) && self.couriers().insert(*id))
                    .for_each(|id| self.send_out(id)),
                Err(_) => self.changed.store(true, Ordering::Release),
            }
        }
        if let Err(error) = self.office.feed.turn().await {
            journal::warn("the feed could not be read", &[("error", Value::Text(&error))]);
        }
    }

    fn send_out(self: &Arc<Self>, id: Id) {
        let courier = Courier::of(id, self.office.clone());
        let (turns, at_work) = (self.office.feed.turns(), self.at_work.subscribe());
        let webhooks = self.clone();
        actix_rt::spawn(async move {
            courier.run(turns).await;
            webhooks.couriers().remove(&id);
            drop(at_work);
        });
    }

    /// Lets every courier write down how far it came, and returns when all have.
    pub async fn stop(&self) {
        self.office.feed.stop();
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

    fn couriers(&self) -> MutexGuard<'_, HashSet<Id>> {
        self.couriers.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn unknown() -> Error {
    Error(Failure::Refused(Refusal::Webhook(webhooks::Refusal::Unknown)))
}

impl From<Error> for NotMade {
    fn from(error: Error) -> NotMade {
        NotMade::Failed(error)
    }
}

impl From<StoreError> for NotMade {
    fn from(error: StoreError) -> NotMade {
        NotMade::Failed(error.into())
    }
}
