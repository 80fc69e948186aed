//! Orders: tills decide, slices and limit keys follow, and nobody can rely on being heard.
//!
//! The machines are the real ones. What goes on between them is `src/products/orders`, told again
//! in small: who gathers an order, who tells those who follow it, and the sweep. `town` has the
//! machines, `people` says what each does next, and `right` what must be true.

mod people;
mod right;
mod town;
mod words;

use super::explore::{SmallWorld, all_is_well, is_missed};
use super::kept::StateNumber;
use actors::Time;
use actors::domain::tickets::{self, Sale, Slice, SliceTerms};
use actors::domain::till::{self, Till, TillTerms};
use testing::played::Played;
use town::{CLOSES_AT, OrdersModel};
use words::{OrderRule, OrderStory, Person, PersonStage, SmallTown, TownStep};

impl SmallWorld for OrdersModel {
    type State = SmallTown;
    type Step = TownStep;

    fn beginning(&mut self) -> SmallTown {
        let stock = self.stock();
        let slices = [0, 1].map(|lead: u8| {
            let mut slice = Played::<Slice>::default();
            let terms = Box::new(SliceTerms {
                digits: 4,
                copies: stock[usize::from(lead)],
                holds_per_member: 9,
                hold_max_s: 600,
                closes_at: CLOSES_AT,
                numbers: Some(1),
                sale: Sale::default(),
                labels: Vec::new(),
            });
            slice.apply(&tickets::Event::Prepared { lead, terms }, Time(0));
            self.slices.keep(slice)
        });
        let terms = TillTerms { limits: self.limits(), hold_max_s: 600, closes_at: CLOSES_AT };
        let mut till = Played::<Till>::default();
        till.apply(&till::Event::Opened { terms }, Time(0));
        let till = self.tills.keep(till);
        let second = match self.story {
            OrderStory::OneOrder => Person { stage: PersonStage::Over, ..Person::default() },
            _ => Person::default(),
        };
        SmallTown {
            now: Time(1_000_000),
            tills: [till; 2],
            slices,
            people: [Person::default(), second],
            sweeper: None,
            late: Vec::new(),
            faults: self.faults,
        }
    }

    fn steps(&mut self, town: &SmallTown) -> Vec<(TownStep, Result<SmallTown, String>)> {
        let ok = |(step, after)| (step, Ok(after));
        let mut steps = Vec::new();
        for person in 0..town.people.len() {
            steps.extend(self.person_steps(town, person).into_iter().map(ok));
        }
        steps.extend(self.sweep_steps(town).into_iter().map(ok));
        for (index, letter) in town.late.iter().enumerate() {
            let mut after = town.clone();
            after.late.remove(index);
            drop(self.arrive(&mut after, *letter));
            steps.push((TownStep::ArrivesLate(*letter), Ok(after)));
        }
        if let Some(after) = self.time_passes(town) {
            steps.push((TownStep::TimePasses, Ok(after)));
        }
        if town.faults > 0 {
            for (order, after) in self.doubts(town) {
                steps.push((TownStep::IsGivenUp(order), Ok(after)));
            }
            for person in 0..town.people.len() {
                if !town.people[person].is_at_rest() {
                    let mut after = SmallTown { faults: town.faults - 1, ..town.clone() };
                    let Person { order, is_told, may_be_held_until, .. } = after.people[person];
                    let stage = PersonStage::Over;
                    after.people[person] =
                        Person { order, stage, is_told, may_be_held_until, ..Person::default() };
                    after.sweeper = None;
                    steps.push((TownStep::Dies(person), Ok(after)));
                }
            }
        }
        steps
    }

    fn print(&self, step: &TownStep) -> String {
        match step {
            TownStep::Sends(_, letter, _) | TownStep::ArrivesLate(letter) => {
                format!("{step:?} {}", self.text_of(*letter))
            }
            _ => format!("{step:?}"),
        }
    }

    fn mistake(&mut self, town: &SmallTown) -> Option<String> {
        let key = (town.tills, town.slices);
        let found = match self.found_right.get(&key) {
            Some(found) => found.clone(),
            None => {
                let found = self.is_wrong(town.tills, town.slices);
                self.found_right.insert(key, found.clone());
                found
            }
        };
        let found = found.or_else(|| self.a_lie(town));
        found.or_else(|| if self.is_settled(town) { self.leaks(town) } else { None })
    }

    fn is_settled(&mut self, town: &SmallTown) -> bool {
        let rests = |state: &StateNumber| {
            let ledger = self.till_ledger(*state);
            (ledger.gathering, ledger.placed, ledger.unsettled) == (0, 0, 0)
        };
        town.people.iter().all(Person::is_at_rest)
            && town.sweeper.is_none()
            && town.late.is_empty()
            && town.tills.iter().all(rests)
    }
}

/// Nothing is wrong, and orders come to all ends.
fn all_orders_are_well(story: OrderStory, faults: u8) {
    let mut model = OrdersModel::new(story, faults, None);
    let name = format!("orders, {story:?}, {faults} faults");
    let explored = all_is_well(&name, &mut model);
    println!("{}", model.seen());
    assert!(explored.states > 10_000, "{explored:?}");
    let all = ["expired", "given up", "refunded", "released", "sold"];
    assert!(model.ends.iter().eq(&all), "{:?}", model.ends);
}

#[test]
fn two_members_with_one_card_get_no_more_than_the_card_may_have() {
    all_orders_are_well(OrderStory::OneCard, 1);
}

#[test]
fn two_orders_of_one_member_hold_and_buy_no_more_than_one_member_may() {
    all_orders_are_well(OrderStory::OneMember, 1);
}

#[test]
fn two_members_who_want_the_same_tickets_get_each_of_them_once() {
    all_orders_are_well(OrderStory::FewTickets, 1);
}

#[test]
fn whatever_goes_wrong_with_one_order_it_is_bought_as_a_whole_or_not_at_all() {
    all_orders_are_well(OrderStory::OneOrder, 3);
}

#[test]
fn whoever_is_told_by_one_slice_that_they_hold_a_ticket_holds_it() {
    all_orders_are_well(OrderStory::InOneSlice, 1);
}

#[test]
fn every_rule_of_orders_is_missed() {
    for rule in OrderRule::ALL {
        let faults = if rule.shown_by() == OrderStory::OneOrder { 2 } else { 1 };
        let mut model = OrdersModel::new(rule.shown_by(), faults, Some(rule));
        is_missed(&format!("orders without {rule:?}"), &mut model);
    }
}
