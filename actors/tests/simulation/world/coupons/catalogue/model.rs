//! The auditor's own idea of the catalogue: plain lists of what was registered, and whose each name
//! is.

use super::super::super::right::{Answered, Right};
use super::name_book::plain;
use actors::Id;
use actors::domain::FiguresFor;
use actors::domain::coupons::catalogue::{
    BatchKind, CatalogueEntry, CatalogueRecord, Command, Event, Refusal,
};
use actors::domain::coupons::{Serial, SerialKind};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names {
    pub turn: u32,
    /// In lower case.
    pub names: BTreeSet<String>,
}

#[derive(Default)]
pub struct Model {
    pub entries: BTreeMap<Serial, (CatalogueEntry, u8, Option<FiguresFor>)>,
    owners: BTreeMap<String, Serial>,
    turns: BTreeMap<Serial, u32>,
}

fn job_of(entry: &CatalogueEntry) -> Option<Id> {
    match entry {
        CatalogueEntry::Batch(plan) => match plan.what {
            BatchKind::Imported { job } => Some(job),
            BatchKind::Made { .. } => None,
        },
        CatalogueEntry::Campaign(_) => None,
    }
}

impl Model {
    pub fn count(&self, of: SerialKind) -> u32 {
        self.entries.keys().filter(|serial| serial.of() == of).count() as u32
    }

    pub fn campaigns(&self) -> impl Iterator<Item = Serial> {
        self.entries.keys().copied().filter(|serial| serial.of() == SerialKind::Campaign)
    }

    pub fn names_of(&self, serial: Serial) -> Names {
        let its = self.owners.iter().filter(|(_, of)| **of == serial);
        Names { turn: self.turn(serial), names: its.map(|(name, _)| name.clone()).collect() }
    }

    fn turn(&self, serial: Serial) -> u32 {
        self.turns.get(&serial).copied().unwrap_or(0)
    }

    fn of_job(&self, entry: &CatalogueEntry) -> Option<Serial> {
        let job = job_of(entry)?;
        let known = self.entries.iter().find(|(_, (known, ..))| job_of(known) == Some(job));
        known.map(|(serial, _)| *serial)
    }

    pub fn record(&mut self, event: &Event) {
        match event {
            Event::Registered { serial, entry, key } => self.register(*serial, entry, *key, None),
            Event::RegisteredFor { serial, entry, key, figures } => {
                self.register(*serial, entry, *key, Some(*figures));
            }
            Event::Named { serial, turn, names, given_back } => {
                self.name(*serial, *turn, names, given_back);
            }
            Event::Renamed { serial, record } => self.rename(*serial, record),
            Event::ExpiryListed { .. } => {}
            Event::NameTaken { .. } | Event::NameGivenBack { .. } => {
                panic!("names are taken in turns: {event:?}")
            }
        }
    }

    fn register(
        &mut self,
        serial: Serial,
        entry: &CatalogueEntry,
        key: u8,
        figures: Option<FiguresFor>,
    ) {
        let next = Serial::new(self.count(entry.of()), entry.of());
        assert_eq!(Some(serial), next, "a number was left out, or given twice");
        assert_eq!(self.of_job(entry), None, "one job, two batches");
        if let CatalogueEntry::Campaign(plan) = entry {
            let before = self.owners.insert(plain(&plan.name), serial);
            assert_eq!(before, None, "{} has two campaigns", plan.name);
        }
        self.entries.insert(serial, (entry.clone(), key, figures));
    }

    /// One more name is taken in a new turn, or some are given back in the last one.
    fn name(&mut self, serial: Serial, turn: u32, names: &[String], given_back: &[String]) {
        let Names { turn: last, names: before } = self.names_of(serial);
        let set = |names: &[String]| names.iter().map(|name| plain(name)).collect::<BTreeSet<_>>();
        let (now, back) = (set(names), set(given_back));
        assert!(now.len() == names.len() && back.len() == given_back.len(), "a name stands twice");
        let foreign = now.iter().filter_map(|name| self.owners.get(name)).find(|by| **by != serial);
        assert_eq!(foreign, None, "{serial} was given a name that another has: {names:?}");
        if given_back.is_empty() {
            assert_eq!(turn, last + 1, "a name was taken, and it is no new turn");
            assert!(now.is_superset(&before) && now.len() <= before.len() + 1, "{names:?}");
        } else {
            assert_eq!(turn, last, "names were given back in another turn than the last");
            assert!(now.is_disjoint(&back) && now.len() <= 1, "kept {names:?}");
            assert_eq!(&now | &back, before, "names that are neither kept nor given back");
        }
        self.owners.retain(|_, of| *of != serial);
        self.owners.extend(now.into_iter().map(|name| (name, serial)));
        self.turns.insert(serial, turn);
    }

    fn rename(&mut self, serial: Serial, record: &CatalogueRecord) {
        let (entry, key, _) = self.entries.get_mut(&serial).expect("it is registered");
        let (CatalogueEntry::Batch(known), CatalogueEntry::Batch(plan)) = (entry, &record.entry)
        else {
            panic!("only a batch has a label")
        };
        assert!(known.name != plan.name && *key == record.key, "renamed, and nothing is new");
        known.name.clone_from(&plan.name);
        assert_eq!(known, plan, "something else changed with the label");
    }

    pub fn right(&self, command: &Command) -> Right<Refusal> {
        match command {
            Command::Register { entry, .. } => match entry {
                CatalogueEntry::Campaign(plan) => self.free_for(&plan.name, None),
                CatalogueEntry::Batch(_) if self.of_job(entry).is_some() => Ok(Answered::Already),
                CatalogueEntry::Batch(_) => Ok(Answered::New),
            },
            Command::ListExpiry { .. } => Ok(Answered::New),
            Command::TakeName { serial, name, .. } => {
                self.free_for(name, Some(*serial))?;
                self.of_campaign(*serial).map(|()| Answered::New)
            }
            Command::KeepName { serial, turn, now, withdrawn } => {
                self.of_campaign(*serial)?;
                let Names { turn: last, names } = self.names_of(*serial);
                let kept = |name: &String| !withdrawn && *name == plain(now);
                let is_new = *turn == last && names.iter().any(|name| !kept(name));
                Ok(if is_new { Answered::New } else { Answered::Already })
            }
            Command::Rename { serial, name } => match self.entries.get(serial) {
                Some((CatalogueEntry::Batch(plan), ..)) => {
                    Ok(if plan.name == *name { Answered::Already } else { Answered::New })
                }
                _ => Err(Refusal::NoBatch),
            },
        }
    }

    fn free_for(&self, name: &str, whom: Option<Serial>) -> Right<Refusal> {
        match self.owners.get(&plain(name)) {
            Some(by) if Some(*by) != whom => Err(Refusal::NameTaken { by: *by }),
            _ => Ok(Answered::New),
        }
    }

    fn of_campaign(&self, serial: Serial) -> Result<(), Refusal> {
        let is_one = self.campaigns().any(|one| one == serial);
        if is_one { Ok(()) } else { Err(Refusal::NoCampaign) }
    }
}
