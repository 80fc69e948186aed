//! Who closes the pool, step by step, as `src/products/lottery/closing` does, and the sweep. Either
//! may die between any two steps, and whoever comes next begins anew.

use super::parts::ClosingModel;
use super::place::{SEED, TILL_OF_CARD};
use super::words::{Closer, ClosingRule, Hall};
use actors::domain::ballots;
use actors::domain::draw::Sealed;
use actors::domain::lottery::{self, Drawn, Lot, LotteryView, Phase, places};
use actors::domain::tickets::{self, OrderNumber};
use actors::domain::till::{self, OrderView};
use actors::{Caller, Verdict};

const SYSTEM: &Caller = &Caller::SYSTEM;

impl ClosingModel {
    /// The next step of somebody who closes the pool. None: there is nothing to do.
    pub fn closer_step(&mut self, hall: &Hall, closer: usize) -> Option<Hall> {
        let mut after = hall.clone();
        let next = match hall.closers[closer] {
            Closer::Away => self.come(&mut after)?,
            Closer::Looking { till, unsealed } => self.look_at(hall, till, unsealed),
            Closer::Sealing { till, unsealed, waits } => {
                self.seal_till(&mut after, till, unsealed, waits)
            }
            Closer::Settling { unsealed, waits } => {
                let settled = self.settle_all(&mut after);
                let gives_up = waits && settled == 0;
                if gives_up { Closer::Away } else { round(unsealed) }
            }
            Closer::OpeningSlice => self.open_the_slice(&mut after),
            Closer::SealingSlice => self.seal_slice(&mut after),
            Closer::OpeningBox => self.open_the_box(&mut after),
            Closer::SealingBox => self.seal_box(&mut after),
            Closer::Finishing { count, root } => {
                let boxes = vec![Sealed { count, root }];
                let said = self.tell_lottery(&mut after, &lottery::Command::Finish { boxes });
                if said.is_ok() { Closer::Drawing } else { Closer::Away }
            }
            Closer::Drawing => {
                self.draw(&mut after);
                Closer::Away
            }
        };
        after.closers[closer] = next;
        Some(after)
    }

    fn come(&mut self, after: &mut Hall) -> Option<Closer> {
        match self.phase(after) {
            Phase::Closing if self.breaks(ClosingRule::SomebodyGoesOn) => None,
            Phase::Open | Phase::Closing => {
                let said = self.tell_lottery(after, &lottery::Command::Close);
                assert!(said.is_ok(), "{said:?}");
                Some(Closer::Looking { till: 0, unsealed: [false; 2] })
            }
            Phase::Closed => Some(Closer::Drawing),
            Phase::Drawn | Phase::Withdrawing | Phase::Withdrawn => None,
        }
    }

    fn look_at(&self, hall: &Hall, till: u8, mut unsealed: [bool; 2]) -> Closer {
        let played = self.tills.get(hall.tills[usize::from(till)]);
        let said = played.look(&till::Question::Ledger);
        unsealed[usize::from(till)] = said != till::Answer::NotOpened;
        if till == 0 { Closer::Looking { till: 1, unsealed } } else { round(unsealed) }
    }

    fn seal_till(
        &mut self,
        after: &mut Hall,
        till: u8,
        mut unsealed: [bool; 2],
        mut waits: bool,
    ) -> Closer {
        if unsealed[usize::from(till)] {
            match self.tell_till(after, till, &till::Command::Seal, SYSTEM) {
                Ok(Verdict::New(till::Event::Sealed) | Verdict::Already(till::Event::Sealed)) => {
                    unsealed[usize::from(till)] = false
                }
                Ok(_) => {}
                Err(till::Refusal::Unsettled { .. }) => waits = true,
                Err(_) => return Closer::Away,
            }
        }
        match (till, unsealed) {
            (0, _) => Closer::Sealing { till: 1, unsealed, waits },
            (_, [false, false]) => Closer::OpeningSlice,
            _ => Closer::Settling { unsealed, waits },
        }
    }

    fn open_the_slice(&mut self, after: &mut Hall) -> Closer {
        let played = self.slices.get(after.slice);
        let is_new = played.look(&tickets::Question::Ledger) == tickets::Answer::NotOpened;
        if is_new && self.breaks(ClosingRule::WhatNobodyOpenedIsSealedToo) {
            return Closer::OpeningBox;
        }
        let said = self.tell_slice(after, &self.open_slice(), SYSTEM);
        if said.is_ok() { Closer::SealingSlice } else { Closer::Away }
    }

    fn seal_slice(&mut self, after: &mut Hall) -> Closer {
        use tickets::Event::{Cleared, Sealed};
        match self.tell_slice(after, &tickets::Command::Seal, SYSTEM) {
            Ok(Verdict::New(Sealed { .. }) | Verdict::Already(Sealed { .. })) => Closer::OpeningBox,
            Ok(Verdict::New(Cleared { .. }))
                if self.breaks(ClosingRule::ASealIsRepeatedToItsEnd) =>
            {
                Closer::OpeningBox
            }
            Ok(_) => Closer::SealingSlice,
            Err(_) => Closer::Away,
        }
    }

    fn open_the_box(&mut self, after: &mut Hall) -> Closer {
        let said = self.tell_box(after, &self.open_box(), SYSTEM);
        if said.is_ok() { Closer::SealingBox } else { Closer::Away }
    }

    fn seal_box(&mut self, after: &mut Hall) -> Closer {
        if self.breaks(ClosingRule::BoxesAreSealedBeforeTheyAreCounted) {
            let played = self.boxes.get(after.ballots);
            return match played.look(&ballots::Question::State) {
                ballots::Answer::State { count, .. } => Closer::Finishing { count, root: [0; 32] },
                other => panic!("{other:?}"),
            };
        }
        match self.tell_box(after, &ballots::Command::Seal, SYSTEM) {
            Ok(
                Verdict::New(ballots::Event::Sealed(Sealed { count, root }))
                | Verdict::Already(ballots::Event::Sealed(Sealed { count, root })),
            ) => Closer::Finishing { count, root },
            other => panic!("a box can be sealed: {other:?}"),
        }
    }

    fn draw(&mut self, after: &mut Hall) {
        let LotteryView { plan, boxes, .. } = self.lottery(after);
        let Some(setup) = plan.ballots else { return };
        let mut lots = Vec::new();
        for (number, index) in places(&setup, &boxes, &SEED, None) {
            let played = self.boxes.get(after.ballots);
            let looked = played.look(&ballots::Question::Ballot { index });
            let ballots::Answer::Ballot(Some(ballots::Ballot { nonce, owner })) = looked else {
                return;
            };
            lots.push(Lot { number, index, nonce, owner });
        }
        let drawn = Drawn { seed: SEED, beacon: None, lots };
        // Somebody else may have been first.
        drop(self.tell_lottery(after, &lottery::Command::Draw(drawn)));
    }

    /// Tells all who follow an unsettled order, and then its till; says how many there were. How
    /// that may go wrong `orders` tries.
    pub fn settle_all(&mut self, hall: &mut Hall) -> usize {
        let mut count = 0;
        for till in 0..hall.tills.len() as u8 {
            let played = self.tills.get(hall.tills[usize::from(till)]);
            let unsettled = match played.look(&till::Question::Unsettled(vec![0])) {
                till::Answer::Unsettled(unsettled) => unsettled,
                _ => continue,
            };
            for (number, step, view) in unsettled {
                count += 1;
                if self.tell_followers(hall, OrderNumber { till, number }, &view) {
                    let settle = till::Command::Settle { orders: vec![(number, step)] };
                    drop(self.tell_till(hall, till, &settle, SYSTEM));
                }
            }
        }
        count
    }

    /// Whether all have heard.
    fn tell_followers(&mut self, hall: &mut Hall, order: OrderNumber, view: &OrderView) -> bool {
        let followers = view.followers(order);
        let mut all = true;
        // The others have no number.
        let of_slice = followers.parts.into_iter().filter(|(lead, _)| *lead == 0);
        for command in of_slice.flat_map(|(_, commands)| commands) {
            let mut said = self.tell_slice(hall, &command, SYSTEM);
            if matches!(said, Err(tickets::Refusal::NotOpened)) {
                drop(self.tell_slice(hall, &self.open_slice(), SYSTEM));
                said = self.tell_slice(hall, &command, SYSTEM);
            }
            all &= said.is_ok();
        }
        for (key, share) in followers.keys {
            let command = till::Command::FollowKey { order, key, share };
            let mut said = self.tell_till(hall, TILL_OF_CARD, &command, SYSTEM);
            if matches!(said, Err(till::Refusal::NotOpened)) {
                drop(self.tell_till(hall, TILL_OF_CARD, &self.open_till(), SYSTEM));
                said = self.tell_till(hall, TILL_OF_CARD, &command, SYSTEM);
            }
            all &= said.is_ok();
        }
        all
    }
}

/// All tills that are not sealed yet, once more.
fn round(unsealed: [bool; 2]) -> Closer {
    match unsealed {
        [false, false] => Closer::OpeningSlice,
        _ => Closer::Sealing { till: 0, unsealed, waits: false },
    }
}
