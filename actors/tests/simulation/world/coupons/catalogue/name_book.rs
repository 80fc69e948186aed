//! What campaigns and the catalogue must agree about: whatever a campaign is called, at any moment,
//! is its own name there, and so nobody else's. It reads the records of both.

use actors::domain::coupons::catalogue::{self, CatalogueEntry};
use actors::domain::coupons::{Serial, campaign};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub struct NameBook {
    owners: BTreeMap<String, Serial>,
    registered: BTreeSet<Serial>,
    /// Of campaigns that were opened and not withdrawn.
    called: BTreeMap<Serial, String>,
    withdrawn: BTreeSet<Serial>,
}

/// A name counts whatever its case.
pub fn plain(name: &str) -> String {
    name.to_lowercase()
}

impl NameBook {
    pub fn hear_of_catalogue(&mut self, event: &catalogue::Event) {
        if let Some((serial, CatalogueEntry::Campaign(plan), _)) = event.registered() {
            self.owners.insert(plain(&plan.name), serial);
            self.registered.insert(serial);
        }
        if let catalogue::Event::Named { serial, names, given_back, .. } = event {
            for name in given_back {
                self.owners.remove(&plain(name));
            }
            self.owners.extend(names.iter().map(|name| (plain(name), *serial)));
        }
        self.all_agree();
    }

    pub fn hear_of_campaign(&mut self, serial: Serial, event: &campaign::Event) {
        match event {
            campaign::Event::Opened(plan)
            | campaign::Event::Revised(plan)
            | campaign::Event::RevisedInTurn { plan, .. } => {
                self.called.insert(serial, plain(&plan.name));
            }
            campaign::Event::Withdrawn => {
                self.called.remove(&serial);
                self.withdrawn.insert(serial);
            }
            _ => {}
        }
        self.all_agree();
    }

    fn all_agree(&self) {
        for (serial, name) in self.called.iter().filter(|(one, _)| self.registered.contains(one)) {
            assert_eq!(
                self.owners.get(name),
                Some(serial),
                "{serial} is called {name}, which is not its own name"
            );
        }
    }

    /// When all that was left over is given back: each campaign has the one name that it is called
    /// by, and none if it is withdrawn.
    pub fn nothing_is_left_over(&self) {
        for serial in self.called.keys().chain(&self.withdrawn) {
            let its = |of: &&Serial| *of == serial;
            let names = self.owners.values().filter(its).count();
            assert_eq!(
                names,
                usize::from(self.called.contains_key(serial)),
                "names of {serial} are left over: {:?}",
                self.owners
            );
        }
    }
}
