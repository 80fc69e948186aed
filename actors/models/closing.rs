//! The end of a pool: two who close it, and clients who still hold, order and submit.
//!
//! Tills, slices, boxes and the lottery are the machines themselves. Those who close it do what
//! `src/products/lottery/closing` does, told again in small, and may die between any two steps.
//! `place` says what there is, `parts` has the machines, `broken` how they decide without a rule,
//! `clients` and `closers` what each does next, and `right` what must be true.

mod broken;
mod clients;
mod closers;
mod parts;
mod place;
mod right;
mod words;

use super::explore::{SmallWorld, all_is_well, is_missed};
use actors::domain::lottery::Phase;
use parts::ClosingModel;
use place::CLOSES_AT;
use words::{Closer, ClosingRule, ClosingStory, Hall, HallStep};

impl SmallWorld for ClosingModel {
    type State = Hall;
    type Step = HallStep;

    fn beginning(&mut self) -> Hall {
        self.begin()
    }

    fn steps(&mut self, hall: &Hall) -> Vec<(HallStep, Result<Hall, String>)> {
        let mut came = self.client_steps(hall);
        for (index, ask) in hall.late.iter().enumerate() {
            let mut after = hall.clone();
            after.late.remove(index);
            self.arrive(&mut after, *ask);
            came.push((HallStep::ArrivesLate(*ask), after));
        }
        for (closer, stage) in hall.closers.iter().enumerate() {
            let after = self.closer_step(hall, closer);
            came.extend(after.map(|after| (HallStep::Closes(closer, *stage), after)));
            if hall.faults > 0 && *stage != Closer::Away {
                let mut after = Hall { faults: hall.faults - 1, ..hall.clone() };
                after.closers[closer] = Closer::Away;
                came.push((HallStep::Dies(closer, *stage), after));
            }
        }
        let mut swept = hall.clone();
        if self.settle_all(&mut swept) > 0 {
            came.push((HallStep::Sweeps, swept));
        }
        if hall.now < CLOSES_AT {
            came.push((HallStep::TheClosingInstantComes, self.close_in_time(hall)));
        }
        came.into_iter().map(|(step, after)| (step, Ok(after))).collect()
    }

    fn print(&self, step: &HallStep) -> String {
        format!("{step:?}")
    }

    fn mistake(&mut self, hall: &Hall) -> Option<String> {
        let found = self.wrong(hall);
        found.or_else(|| if self.is_settled(hall) { self.leaks(hall) } else { None })
    }

    fn is_settled(&mut self, hall: &Hall) -> bool {
        let rests = |till: usize| {
            self.till_ledger(hall, till).is_none_or(|ledger| {
                (ledger.gathering, ledger.placed, ledger.unsettled) == (0, 0, 0)
            })
        };
        self.phase(hall) == Phase::Drawn
            && hall.clients.iter().all(|client| client.asks.is_none())
            && hall.closers.iter().all(|closer| *closer == Closer::Away)
            && hall.late.is_empty()
            && (0..2).all(rests)
    }
}

fn it_closes_well(story: ClosingStory, faults: u8) {
    let mut model = ClosingModel::new(story, faults, None);
    let explored = all_is_well(&format!("closing, {story:?}, {faults} faults"), &mut model);
    println!("{}", model.seen());
    assert!(explored.states > 10_000, "{explored:?}");
}

#[test]
fn whoever_closes_a_pool_and_dies_every_hold_and_ballot_that_was_told_is_in_its_end() {
    it_closes_well(ClosingStory::HoldAndBallot, 2);
}

#[test]
fn an_order_of_two_tills_is_bought_or_over_everywhere_when_its_pool_has_closed() {
    it_closes_well(ClosingStory::Order, 2);
}

#[test]
fn every_rule_of_closing_is_missed() {
    for rule in ClosingRule::ALL {
        let mut model = ClosingModel::new(rule.shown_by(), 1, Some(rule));
        is_missed(&format!("closing without {rule:?}"), &mut model);
    }
}
