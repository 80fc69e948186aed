//! What boxes and their lottery must agree about: a lottery writes down what its boxes held once
//! all of them are sealed, and draws ballots that are in them, none twice, as many as it planned.

use actors::domain::ballots::{self, Ballot};
use actors::domain::draw::Sealed;
use actors::domain::lottery;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub struct BoxBook {
    ballots: BTreeMap<u8, Vec<Ballot>>,
    sealed: BTreeMap<u8, Sealed>,
    most_drawn: usize,
}

impl BoxBook {
    pub fn hear_of_box(&mut self, number: u8, event: &ballots::Event) {
        match event {
            ballots::Event::Submitted { nonce, owner, .. } => {
                let ballot = Ballot { nonce: *nonce, owner: *owner };
                self.ballots.entry(number).or_default().push(ballot);
            }
            ballots::Event::Sealed(sealed) => {
                self.sealed.insert(number, *sealed);
            }
            _ => {}
        }
    }

    pub fn hear_of_lottery(&mut self, event: &lottery::Event) {
        match event {
            lottery::Event::Arranged(plan) => {
                let setup = plan.ballots.expect("it has ballots");
                self.most_drawn = usize::from(setup.winners) + usize::from(setup.reserves);
            }
            lottery::Event::Sealed { boxes } => {
                let known: Vec<Sealed> = self.sealed.values().copied().collect();
                assert_eq!(*boxes, known, "not what its boxes hold, or before all are sealed");
            }
            lottery::Event::Drawn(drawn) => self.compare_lots(&drawn.lots),
            _ => {}
        }
    }

    fn compare_lots(&self, lots: &[lottery::Lot]) {
        let all: usize = self.ballots.values().map(Vec::len).sum();
        assert_eq!(lots.len(), all.min(self.most_drawn), "not as many as were to be drawn");
        let mut drawn = BTreeSet::new();
        for lot in lots {
            let ballot = Ballot { nonce: lot.nonce, owner: lot.owner };
            let of_box = self.ballots.get(&lot.number);
            let known = of_box.and_then(|ballots| ballots.get(lot.index as usize));
            assert_eq!(known, Some(&ballot), "a ballot was drawn that nobody submitted");
            assert!(drawn.insert((lot.number, lot.index)), "a ballot was drawn twice");
        }
    }
}
