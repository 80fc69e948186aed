//! What is registered, what the catalogue is told and asked, what happens, and why not.

use crate::domain::FiguresFor;
use crate::domain::coupons::campaign;
use crate::domain::coupons::names::{ONE_RANGE_UP_TO, RANGES, RangeName, Serial, SerialKind};
use crate::domain::coupons::offer::Offer;
use crate::domain::coupons::{rack, range};
use crate::id::Id;
use crate::machine::Refused;
use crate::time::Time;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CatalogueEntry {
    Campaign(campaign::CampaignPlan),
    Batch(BatchPlan),
}

/// A batch of coupons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchPlan {
    pub name: Option<String>,
    pub offer: Offer,
    pub expires_at: Time,
    pub what: BatchKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BatchKind {
    /// Codes of our own.
    Made { count: u64, one_per_member: bool },
    /// Foreign ones, brought by that job.
    Imported { job: Id },
}

/// A campaign or a batch, as it was registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueRecord {
    pub entry: CatalogueEntry,
    /// The version of the key that its codes are printed with, for ever.
    pub key: u8,
    pub at: Time,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    /// `key`: the version of the key that its codes are printed with. `figures`: None for those to
    /// whom they are told by default.
    Register { entry: CatalogueEntry, key: u8, figures: Option<FiguresFor> },
    /// The batch is found among those that expire then, too.
    ListExpiry { serial: Serial, expires_at: Time },
    /// The campaign, which is called `now`, is to have that name, too. It is told so in a turn of
    /// its own, and says itself which of its names it keeps.
    TakeName { serial: Serial, name: String, now: String },
    /// What the campaign is called after that turn. All its other names are given back, and this
    /// one too if it is withdrawn. Nothing happens if another turn was begun since.
    KeepName { serial: Serial, turn: u32, now: String, withdrawn: bool },
    /// A batch's name is a label, which nothing hangs on.
    Rename { serial: Serial, name: Option<String> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Registered {
        serial: Serial,
        entry: CatalogueEntry,
        key: u8,
    },
    ExpiryListed {
        serial: Serial,
        expires_at: Time,
    },
    NameTaken {
        serial: Serial,
        name: String,
    },
    NameGivenBack {
        serial: Serial,
        name: String,
    },
    /// What is known of the batch from now on.
    Renamed {
        serial: Serial,
        record: CatalogueRecord,
    },
    /// The same, and to whom its figures are told.
    RegisteredFor {
        serial: Serial,
        entry: CatalogueEntry,
        key: u8,
        figures: FiguresFor,
    },
    /// These are the names of a campaign, as of that turn, and those are its names no more.
    Named {
        serial: Serial,
        turn: u32,
        names: Vec<String>,
        given_back: Vec<String>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    NameTaken {
        by: Serial,
    },
    /// There are as many as can have a number.
    Full,
    NoBatch,
    NoCampaign,
}

impl Refused for Refusal {}

#[derive(Clone, Serialize, Deserialize)]
pub enum Question {
    Entry(Serial),
    /// How many there are.
    Count(SerialKind),
    /// To whom its figures are told, if it was said.
    Figures(Serial),
    /// The names of a campaign.
    Names(Serial),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    Entry(Option<CatalogueRecord>),
    Count(u32),
    Figures(Option<FiguresFor>),
    Names(CampaignNames),
}

/// The names of a campaign. While it changes its name it has several.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignNames {
    /// How often a name was taken for it. What is said in an earlier turn comes too late.
    pub turn: u32,
    pub names: Vec<String>,
}

impl Event {
    pub(super) fn new(
        serial: Serial,
        entry: CatalogueEntry,
        key: u8,
        figures: Option<FiguresFor>,
    ) -> Event {
        match figures {
            None => Event::Registered { serial, entry, key },
            Some(figures) => Event::RegisteredFor { serial, entry, key, figures },
        }
    }

    /// What was registered, and under which number.
    pub fn registered(&self) -> Option<(Serial, &CatalogueEntry, u8)> {
        match self {
            Event::Registered { serial, entry, key }
            | Event::RegisteredFor { serial, entry, key, .. } => Some((*serial, entry, *key)),
            _ => None,
        }
    }

    pub fn figures(&self) -> Option<FiguresFor> {
        match self {
            Event::RegisteredFor { figures, .. } => Some(*figures),
            _ => None,
        }
    }
}

impl CatalogueEntry {
    pub fn of(&self) -> SerialKind {
        match self {
            CatalogueEntry::Campaign(_) => SerialKind::Campaign,
            CatalogueEntry::Batch(_) => SerialKind::Batch,
        }
    }

    pub(super) fn campaign_name(&self) -> Option<&str> {
        match self {
            CatalogueEntry::Campaign(plan) => Some(&plan.name),
            CatalogueEntry::Batch(_) => None,
        }
    }

    pub(super) fn job(&self) -> Option<Id> {
        match self {
            CatalogueEntry::Batch(BatchPlan { what: BatchKind::Imported { job }, .. }) => {
                Some(*job)
            }
            _ => None,
        }
    }
}

impl BatchPlan {
    /// The partitions of a batch of codes of our own; an imported batch is on all racks.
    pub fn ranges(&self, batch: Serial) -> Vec<RangeName> {
        let ranges = match self.what {
            BatchKind::Made { count, .. } if count <= ONE_RANGE_UP_TO => 1,
            BatchKind::Made { .. } => RANGES,
            BatchKind::Imported { .. } => 0,
        };
        (0..ranges).map(|range| RangeName { batch, range }).collect()
    }

    /// What a range is told when it is opened.
    pub fn terms(&self, name: &RangeName) -> Option<range::RangeTerms> {
        let BatchKind::Made { count, one_per_member } = self.what else { return None };
        let ranges = self.ranges(name.batch).len() as u64;
        let share = (count + ranges - 1).checked_sub(name.range as u64)? / ranges;
        Some(range::RangeTerms {
            count: share,
            offer: self.offer,
            expires_at: self.expires_at,
            one_per_member,
        })
    }

    pub fn rack_terms(&self) -> rack::RackTerms {
        rack::RackTerms { offer: self.offer, expires_at: self.expires_at }
    }

    /// Where the coupon of that index is: which range, and which of its slots.
    pub fn place(&self, batch: Serial, index: u64) -> Option<(RangeName, u64)> {
        let BatchKind::Made { count, .. } = self.what else { return None };
        let ranges = self.ranges(batch).len() as u64;
        (index < count)
            .then(|| (RangeName { batch, range: (index % ranges) as u8 }, index / ranges))
    }

    /// The index of the coupon in that slot of that range.
    pub fn index(&self, name: &RangeName, slot: u64) -> u64 {
        slot * self.ranges(name.batch).len() as u64 + name.range as u64
    }
}
