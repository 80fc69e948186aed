//! Promotions: which campaigns and batches there are.
//!
//! The catalogue hardly ever changes what it has said, so the entries in use are remembered here.
//! Where somebody has claimed, nothing that is said of a voucher changes any more: then the entry
//! is remembered as the campaign itself has it; batches likewise. What is done with a campaign is
//! in `campaigns`, what is done with coupons in `coupons`.

mod remembered;
pub mod told;

use crate::failure::{Error, pick};
use crate::table::Engine;
use actors::domain::coupons::catalogue::{
    self, Answer, CampaignNames, Catalogue, CatalogueEntry, CatalogueRecord, Command, Event,
    OWN_ENDS, Question, expiry_of_row, figures_of_card, key_of_expiry, key_of_time, names_of_card,
    numbers_after, record_of_card,
};
use actors::domain::coupons::code::{Keys, Version};
use actors::domain::coupons::range::RangeTerms;
use actors::domain::coupons::{Offer, Serial, SerialKind, campaign};
use actors::domain::{FiguresFor, Only, shelves};
use actors::engine::{By, Done, Failure, How};
use actors::store::{Page, StoreError};
use actors::{Id, Time};
use remembered::Remembered;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Cards that are read at a time.
const AT_ONCE: usize = 1_000;

pub struct Promotions {
    engine: Arc<Engine>,
    keys: Arc<Keys>,
    known: Remembered<Promotion>,
}

/// A campaign or a batch, as it was registered, or as it is if that is settled.
#[derive(Debug)]
pub struct Promotion {
    pub serial: Serial,
    pub entry: CatalogueEntry,
    /// The key that its codes are printed with.
    pub key: Version,
    pub created_at: Time,
    /// Nothing that is told of its coupons changes any more.
    pub(crate) is_settled: bool,
    /// To whom its figures are told.
    pub figures: FiguresFor,
}

impl Promotion {
    /// If nothing was said, the figures of a campaign are for anybody, those of a batch for staff.
    fn of(
        serial: Serial,
        CatalogueRecord { entry, key, at }: CatalogueRecord,
        figures: Option<FiguresFor>,
    ) -> Promotion {
        // A version that cannot be was never registered.
        let key = Version::new(key).unwrap_or_default();
        let figures = figures.unwrap_or(match entry {
            CatalogueEntry::Campaign(_) => FiguresFor::Public,
            CatalogueEntry::Batch(_) => FiguresFor::Staff,
        });
        Promotion { serial, entry, key, created_at: at, is_settled: false, figures }
    }

    /// The same batch with what its coupons are worth now.
    pub(crate) fn with_terms(&self, terms: &RangeTerms, is_settled: bool) -> Option<Promotion> {
        let RangeTerms { offer, expires_at, .. } = *terms;
        let plan = catalogue::BatchPlan { offer, expires_at, ..self.batch()?.clone() };
        Some(self.with_entry(CatalogueEntry::Batch(plan), is_settled))
    }

    /// The same campaign with that plan.
    pub(crate) fn with_plan(&self, plan: campaign::CampaignPlan, is_settled: bool) -> Promotion {
        self.with_entry(CatalogueEntry::Campaign(plan), is_settled)
    }

    fn with_entry(&self, entry: CatalogueEntry, is_settled: bool) -> Promotion {
        let Promotion { serial, key, created_at, figures, .. } = *self;
        Promotion { serial, entry, key, created_at, is_settled, figures }
    }

    /// To whom a campaign's figures are told now: its own partition knows of changes.
    pub fn figures_now(&self, campaign: &campaign::Overview) -> FiguresFor {
        campaign.figures.unwrap_or(self.figures)
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

    pub fn batch(&self) -> Option<&catalogue::BatchPlan> {
        match &self.entry {
            CatalogueEntry::Batch(plan) => Some(plan),
            CatalogueEntry::Campaign(_) => None,
        }
    }

    pub fn campaign(&self) -> Option<&campaign::CampaignPlan> {
        match &self.entry {
            CatalogueEntry::Campaign(plan) => Some(plan),
            CatalogueEntry::Batch(_) => None,
        }
    }
}

impl Promotions {
    /// New entries are printed with the current one of `keys`.
    pub fn new(engine: Arc<Engine>, keys: Arc<Keys>) -> Promotions {
        Promotions { engine, keys, known: Remembered::default() }
    }

    pub fn now(&self) -> Time {
        self.engine.node.now()
    }

    /// Gives it a number, or says which one it has got.
    pub async fn register(
        &self,
        entry: CatalogueEntry,
        figures: Option<FiguresFor>,
        by: By,
    ) -> Result<Done<Promotion>, Error> {
        let key = self.keys.current().version().number();
        let command = Command::Register { entry, key, figures };
        let done = self.engine.catalogue.command(&Only, command, by).await?;
        let at = done.at;
        pick(done, |event| {
            let (serial, entry, key) = event.registered()?;
            let record = CatalogueRecord { entry: entry.clone(), key, at };
            Some(Promotion::of(serial, record, event.figures()))
        })
    }

    /// Nothing but what is shown hangs on it.
    pub async fn rename_batch(&self, serial: Serial, name: Option<String>) -> Result<(), Error> {
        let rename = Command::Rename { serial, name };
        let done = self.engine.catalogue.command(&Only, rename, By::SYSTEM).await?;
        let figures = self.figures(serial).await?;
        if let Event::Renamed { serial, record } = done.event {
            self.known.put(serial, Arc::new(Promotion::of(serial, record, figures)));
        }
        Ok(())
    }

    /// To be done every now and then where other nodes may have changed what is remembered here.
    pub(crate) fn forget(&self) {
        self.known.clear();
    }

    /// The campaign, which is called `now`, is to have that name, too; refused if another has it.
    /// Says in which turn of the campaign that is.
    pub(crate) async fn take_name(
        &self,
        serial: Serial,
        name: &str,
        now: &str,
        how: How,
    ) -> Result<u32, Error> {
        let take = Command::TakeName { serial, name: name.to_owned(), now: now.to_owned() };
        let by = By { how, ..By::SYSTEM };
        let done = self.engine.catalogue.command(&Only, take, by).await?;
        let turn = pick(done, |event| match event {
            Event::Named { turn, .. } => Some(turn),
            _ => None,
        })?;
        Ok(turn.event)
    }

    /// The campaign has no name but that, or none if it is withdrawn; unless another turn was
    /// begun.
    pub(crate) async fn keep_name(
        &self,
        serial: Serial,
        turn: u32,
        now: String,
        withdrawn: bool,
    ) -> Result<(), Error> {
        let keep = Command::KeepName { serial, turn, now, withdrawn };
        Ok(self.engine.catalogue.command(&Only, keep, By::SYSTEM).await.map(drop)?)
    }

    /// The campaigns that have several names, each with its turn: somebody is about to rename it,
    /// or has died over it.
    pub(crate) async fn with_several_names(&self) -> Result<Vec<(Serial, u32)>, Error> {
        let of = SerialKind::Campaign;
        let mut numbers = numbers_after(None, of, self.count(of).await?);
        let mut several = Vec::new();
        while !numbers.is_empty() {
            let rest = numbers.clone();
            let cards = self.engine.cards::<Catalogue>(&Only, shelves::NAMES_OF, rest, AT_ONCE);
            let cards = cards.await?;
            for (number, body) in &cards {
                let broken = || {
                    StoreError::Broken(format!("names {number} of the catalogue cannot be read"))
                };
                let (serial, known) = names_of_card(*number, body).ok_or_else(broken)?;
                several.extend((known.names.len() > 1).then_some((serial, known.turn)));
            }
            match cards.last() {
                Some((last, _)) if cards.len() == AT_ONCE => numbers.start = last + 1,
                _ => break,
            }
        }
        Ok(several)
    }

    pub(crate) async fn names_of(&self, campaign: Serial) -> Result<CampaignNames, Error> {
        let looked = self.engine.catalogue.look(&Only, Question::Names(campaign)).await?;
        match looked.answer {
            Answer::Names(names) => Ok(names),
            Answer::Entry(_) | Answer::Count(_) | Answer::Figures(_) => {
                Err(Error(Failure::Unknown))
            }
        }
    }

    /// It will not become otherwise: from now on it is found so.
    pub(crate) fn settle(&self, settled: Arc<Promotion>) {
        self.known.put(settled.serial, settled);
    }

    /// The campaign or batch of that number, if there is one.
    pub async fn find(&self, serial: Serial) -> Result<Option<Arc<Promotion>>, Error> {
        if let Some(known) = self.known.get(serial) {
            return Ok(Some(known));
        }
        let looked = self.engine.catalogue.look(&Only, Question::Entry(serial)).await?;
        let Answer::Entry(Some(registered)) = looked.answer else { return Ok(None) };
        let figures = self.figures(serial).await?;
        let found = Arc::new(Promotion::of(serial, registered, figures));
        self.known.put(serial, found.clone());
        Ok(Some(found))
    }

    /// To whom its figures are told, if that was said when it was registered.
    async fn figures(&self, serial: Serial) -> Result<Option<FiguresFor>, Error> {
        let looked = self.engine.catalogue.look(&Only, Question::Figures(serial)).await?;
        match looked.answer {
            Answer::Figures(figures) => Ok(figures),
            Answer::Entry(_) | Answer::Count(_) | Answer::Names(_) => Err(Error(Failure::Unknown)),
        }
    }

    /// Those after `after`, in the order of their numbers.
    pub async fn page(
        &self,
        of: SerialKind,
        after: Option<Serial>,
        limit: usize,
    ) -> Result<Vec<Promotion>, Error> {
        let numbers = numbers_after(after, of, self.count(of).await?);
        let cards = async |shelf, numbers| {
            self.engine.cards::<Catalogue>(&Only, shelf, numbers, limit).await
        };
        let found = cards(shelves::ENTRIES, numbers.clone()).await?;
        let end = found.last().map_or(numbers.start, |(last, _)| last + 1);
        let figures = cards(shelves::FIGURES, numbers.start..end).await?;
        let figures: BTreeMap<u64, Vec<u8>> = figures.into_iter().collect();
        let promotion = |(number, body): (u64, Vec<u8>)| {
            let broken =
                || StoreError::Broken(format!("card {number} of the catalogue cannot be read"));
            let (serial, record) = record_of_card(of, number, &body).ok_or_else(broken)?;
            let said = figures.get(&number).map(|body| figures_of_card(body).ok_or_else(broken));
            Ok::<_, StoreError>(Promotion::of(serial, record, said.transpose()?))
        };
        Ok(found.into_iter().map(promotion).collect::<Result<_, _>>()?)
    }

    /// The batches that expire from `since` on and before `until`, by expiry, after `after`; also
    /// those that were to, before they were extended.
    pub async fn expiring(
        &self,
        since: Time,
        until: Time,
        after: Option<(Time, Serial)>,
        limit: usize,
    ) -> Result<Vec<(Time, Serial)>, Error> {
        if self.count(SerialKind::Batch).await? == 0 {
            return Ok(Vec::new());
        }
        let after = match after {
            Some((at, serial)) => key_of_expiry(at, serial),
            None => key_of_time(since),
        };
        let page = Page { shelf: shelves::EXPIRIES, owner: Id::SYSTEM, after: Some(after), limit };
        let rows = self.engine.rows(page).await?;
        let expiries = rows.iter().filter_map(|row| expiry_of_row(&row.key));
        Ok(expiries.take_while(|(at, _)| *at < until).collect())
    }

    /// The batches that have codes with ends of their own, after `after`.
    pub async fn with_own_ends(
        &self,
        after: Option<Serial>,
        limit: usize,
    ) -> Result<Vec<Serial>, Error> {
        let after = after.map(|serial| (OWN_ENDS, serial));
        let found = self.expiring(OWN_ENDS, Time(OWN_ENDS.0 + 1), after, limit).await?;
        Ok(found.into_iter().map(|(_, serial)| serial).collect())
    }

    /// How many there are. To be asked before a walk: see `card_pages`.
    async fn count(&self, of: SerialKind) -> Result<u32, Error> {
        let looked = self.engine.catalogue.look(&Only, Question::Count(of)).await?;
        match looked.answer {
            Answer::Count(count) => Ok(count),
            Answer::Entry(_) | Answer::Figures(_) | Answer::Names(_) => {
                Err(Error(Failure::Unknown))
            }
        }
    }
}

#[cfg(test)]
mod tests;
