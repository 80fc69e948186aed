//! What the API does with campaigns, batches and coupons: commands to the partitions that own them.
//!
//! The catalogue says what there is, and never changes what it has said, so its entries are
//! remembered here. `campaigns` and `batches` are about the whole, `coupons` about one of them
//! wherever it lives, `first_logins` and `windows` about who is owed what because he came.

use crate::Engine;
use crate::campaigns::windows::Windows;
use actors::Time;
use actors::domain::Only;
use actors::domain::coupons::SerialKind;
use actors::domain::coupons::catalogue::{
    self, Answer, CatalogueEntry, CatalogueRecord, Command, Event, Question,
};
use actors::domain::coupons::code::{Keys, Version};
use actors::domain::coupons::{Offer, Serial, campaign, rack, range};
use actors::engine::By;
use actors::engine::{Done, Failure};
use actors::store::StoreError;
use hashbrown::HashMap;
use std::sync::{Arc, RwLock};

pub struct Promotions {
    pub(crate) engine: Arc<Engine>,
    pub(crate) keys: Arc<Keys>,
    known: RwLock<HashMap<Serial, Arc<Known>>>,
    pub(crate) windows: Windows,
}

/// A campaign or a batch, as it was registered.
#[derive(Debug)]
pub struct Known {
    pub serial: Serial,
    pub entry: CatalogueEntry,
    /// The key that its codes are printed with.
    pub key: Version,
    pub created_at: Time,
}

/// Why something that may touch several partitions was not done.
#[derive(Debug)]
pub enum Failed {
    Catalogue(Failure<catalogue::Refusal>),
    Campaign(Failure<campaign::Refusal>),
    Range(Failure<range::Refusal>),
    Store(StoreError),
}

impl Known {
    pub fn of(serial: Serial, CatalogueRecord { entry, key, at }: CatalogueRecord) -> Known {
        // A version that cannot be was never registered.
        let key = Version::new(key).unwrap_or_default();
        Known { serial, entry, key, created_at: at }
    }

    /// As the event says that made it.
    pub fn registered(done: &Done<Event>) -> Known {
        let Event::Registered { serial, entry, key } = &done.event;
        Known::of(*serial, CatalogueRecord { entry: entry.clone(), key: *key, at: done.at })
    }

    pub fn offer(&self) -> &Offer {
        match &self.entry {
            CatalogueEntry::Campaign(plan) => &plan.offer,
            CatalogueEntry::Batch(plan) => &plan.offer,
        }
    }

    pub fn name(&self) -> Option<&str> {
        match &self.entry {
            CatalogueEntry::Campaign(plan) => Some(&plan.name),
            CatalogueEntry::Batch(plan) => plan.name.as_deref(),
        }
    }

    pub fn batch(&self) -> Option<&catalogue::Plan> {
        match &self.entry {
            CatalogueEntry::Batch(plan) => Some(plan),
            CatalogueEntry::Campaign(_) => None,
        }
    }

    pub fn campaign(&self) -> Option<&campaign::Plan> {
        match &self.entry {
            CatalogueEntry::Campaign(plan) => Some(plan),
            CatalogueEntry::Batch(_) => None,
        }
    }
}

impl Promotions {
    pub fn new(engine: Arc<Engine>, keys: Arc<Keys>) -> Promotions {
        Promotions { engine, keys, known: RwLock::default(), windows: Windows::default() }
    }

    pub fn now(&self) -> Time {
        self.engine.node.now()
    }

    /// Gives it a number, or says which one it has got.
    pub async fn register(&self, entry: CatalogueEntry, by: By) -> Result<Done<Event>, Failed> {
        let command = Command::Register { entry, key: self.keys.current().version().number() };
        let done = self.engine.catalogue.command(&Only, command, by).await?;
        Ok(done)
    }

    /// The campaign or batch of that number, if there is one.
    pub async fn known(&self, serial: Serial) -> Result<Option<Arc<Known>>, Failed> {
        if let Some(known) =
            self.known.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&serial)
        {
            return Ok(Some(known.clone()));
        }
        let looked = self.engine.catalogue.look(&Only, Question::Entry(serial)).await?;
        let Answer::Entry(Some(registered)) = looked.answer else { return Ok(None) };
        let known = Arc::new(Known::of(serial, registered));
        self.known
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .insert(serial, known.clone());
        Ok(Some(known))
    }

    /// Those after `after`, in the order of their numbers.
    pub async fn page(
        &self,
        of: SerialKind,
        after: Option<Serial>,
        limit: usize,
    ) -> Result<Vec<Known>, Failed> {
        let looked = self.engine.catalogue.look(&Only, Question::Page { of, after, limit }).await?;
        let Answer::Page(page) = looked.answer else { return Ok(Vec::new()) };
        Ok(page.into_iter().map(|(serial, registered)| Known::of(serial, registered)).collect())
    }

    /// The batches that expire from `since` on and before `until`, by expiry, after `after`.
    pub async fn expiring(
        &self,
        since: Time,
        until: Time,
        after: Option<(Time, Serial)>,
        limit: usize,
    ) -> Result<Vec<(Time, Serial)>, Failed> {
        let looked = self
            .engine
            .catalogue
            .look(&Only, Question::Expiring { since, until, after, limit })
            .await?;
        let Answer::Expiring(found) = looked.answer else { return Ok(Vec::new()) };
        Ok(found)
    }
}

impl From<Failure<catalogue::Refusal>> for Failed {
    fn from(failure: Failure<catalogue::Refusal>) -> Failed {
        Failed::Catalogue(failure)
    }
}

impl From<Failure<campaign::Refusal>> for Failed {
    fn from(failure: Failure<campaign::Refusal>) -> Failed {
        Failed::Campaign(failure)
    }
}

impl From<Failure<range::Refusal>> for Failed {
    fn from(failure: Failure<range::Refusal>) -> Failed {
        Failed::Range(failure)
    }
}

/// A rack refuses as the ranges on it do. That nothing was new only an import hears.
impl From<Failure<rack::Refusal>> for Failed {
    fn from(failure: Failure<rack::Refusal>) -> Failed {
        Failed::Range(failure.map(|refusal| match refusal {
            rack::Refusal::In(refusal) => refusal,
            rack::Refusal::NothingNew => range::Refusal::AlreadyAssigned,
        }))
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Failed {
        Failed::Store(error)
    }
}
