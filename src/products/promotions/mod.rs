//! Promotions: which campaigns and batches there are.
//!
//! The catalogue never changes what it has said, so its entries are remembered here. What is done
//! with a campaign is in `campaigns`, what is done with coupons in `coupons`.

pub mod told;

use crate::failure::Error;
use crate::table::Engine;
use actors::Time;
use actors::domain::Only;
use actors::domain::coupons::catalogue::{
    self, Answer, CatalogueEntry, CatalogueRecord, Command, Event, Question,
};
use actors::domain::coupons::code::{Keys, Version};
use actors::domain::coupons::{Offer, Serial, SerialKind, campaign};
use actors::engine::{By, Done};
use hashbrown::HashMap;
use std::sync::{Arc, RwLock};

pub struct Promotions {
    engine: Arc<Engine>,
    keys: Arc<Keys>,
    known: RwLock<HashMap<Serial, Arc<Promotion>>>,
}

/// A campaign or a batch, as it was registered.
#[derive(Debug)]
pub struct Promotion {
    pub serial: Serial,
    pub entry: CatalogueEntry,
    /// The key that its codes are printed with.
    pub key: Version,
    pub created_at: Time,
}

impl Promotion {
    fn of(serial: Serial, CatalogueRecord { entry, key, at }: CatalogueRecord) -> Promotion {
        // A version that cannot be was never registered.
        let key = Version::new(key).unwrap_or_default();
        Promotion { serial, entry, key, created_at: at }
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
    /// New entries are printed with the current one of `keys`.
    pub fn new(engine: Arc<Engine>, keys: Arc<Keys>) -> Promotions {
        Promotions { engine, keys, known: RwLock::default() }
    }

    pub fn now(&self) -> Time {
        self.engine.node.now()
    }

    /// Gives it a number, or says which one it has got.
    pub async fn register(&self, entry: CatalogueEntry, by: By) -> Result<Done<Promotion>, Error> {
        let command = Command::Register { entry, key: self.keys.current().version().number() };
        let done = self.engine.catalogue.command(&Only, command, by).await?;
        let Event::Registered { serial, entry, key } = done.event;
        let promotion = Promotion::of(serial, CatalogueRecord { entry, key, at: done.at });
        let Done { at, replayed, .. } = done;
        Ok(Done { event: promotion, at, replayed, witness: None })
    }

    /// The campaign or batch of that number, if there is one.
    pub async fn find(&self, serial: Serial) -> Result<Option<Arc<Promotion>>, Error> {
        if let Some(known) =
            self.known.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&serial)
        {
            return Ok(Some(known.clone()));
        }
        let looked = self.engine.catalogue.look(&Only, Question::Entry(serial)).await?;
        let Answer::Entry(Some(registered)) = looked.answer else { return Ok(None) };
        let found = Arc::new(Promotion::of(serial, registered));
        self.known
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .insert(serial, found.clone());
        Ok(Some(found))
    }

    /// Those after `after`, in the order of their numbers.
    pub async fn page(
        &self,
        of: SerialKind,
        after: Option<Serial>,
        limit: usize,
    ) -> Result<Vec<Promotion>, Error> {
        let looked = self.engine.catalogue.look(&Only, Question::Page { of, after, limit }).await?;
        let Answer::Page(page) = looked.answer else { return Ok(Vec::new()) };
        Ok(page.into_iter().map(|(serial, registered)| Promotion::of(serial, registered)).collect())
    }

    /// The batches that expire from `since` on and before `until`, by expiry, after `after`.
    pub async fn expiring(
        &self,
        since: Time,
        until: Time,
        after: Option<(Time, Serial)>,
        limit: usize,
    ) -> Result<Vec<(Time, Serial)>, Error> {
        let question = Question::Expiring { since, until, after, limit };
        let looked = self.engine.catalogue.look(&Only, question).await?;
        let Answer::Expiring(found) = looked.answer else { return Ok(Vec::new()) };
        Ok(found)
    }
}
