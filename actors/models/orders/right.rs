//! What must be true of the town: at any time, and once all is settled.

use super::town::{CARD, OrdersModel, TILL_OF_CARD};
use super::words::SmallTown;
use crate::kept::StateNumber;
use actors::Id;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{self, OrderNumber};
use actors::domain::till::{self, OrderEnd, OrderStage, OrderView};
use std::collections::{BTreeMap, BTreeSet};

impl OrdersModel {
    pub fn orders(&self, tills: [StateNumber; 2]) -> BTreeMap<OrderNumber, OrderView> {
        let mut orders = BTreeMap::new();
        for (till, state) in tills.iter().enumerate() {
            let played = self.tills.get(*state);
            for number in 0..4 {
                let question = till::Question::Order(number);
                if let till::Answer::Order(Some(view)) = played.look(&question) {
                    orders.insert(OrderNumber { till: till as u8, number }, view);
                }
            }
        }
        orders
    }

    pub fn slice_ledger(&self, state: StateNumber) -> tickets::TicketLedger {
        match self.slices.get(state).look(&tickets::Question::Ledger) {
            tickets::Answer::Ledger(ledger) => ledger,
            other => panic!("{other:?}"),
        }
    }

    pub fn till_ledger(&self, state: StateNumber) -> till::TillLedger {
        match self.tills.get(state).look(&till::Question::Ledger) {
            till::Answer::Ledger(ledger) => ledger,
            other => panic!("{other:?}"),
        }
    }

    /// What must be so at any time.
    pub fn is_wrong(
        &mut self,
        tills: [StateNumber; 2],
        slices: [StateNumber; 2],
    ) -> Option<String> {
        let orders = self.orders(tills);
        let (mut of, mut had) = (BTreeMap::<Id, (u32, u32)>::new(), BTreeSet::new());
        let mut sold_in = [0u64; 2];
        for view in orders.values() {
            let (parts, is_sold, refunded) = match &view.stage {
                OrderStage::Gathering { .. } => continue,
                OrderStage::Placed { parts, .. } => (parts, false, 0),
                OrderStage::Past(past) => {
                    self.ends.insert(name_of(past.end));
                    if past.end != OrderEnd::Sold {
                        continue;
                    }
                    for ticket in &past.refunded {
                        sold_in[(ticket.number / 1_000) as usize] += 1;
                    }
                    (&past.parts, true, past.refunded.len())
                }
            };
            if refunded > 0 {
                self.ends.insert("refunded");
            }
            let tickets: Vec<Ticket> =
                parts.iter().flat_map(|part| part.tickets.iter().copied()).collect();
            for ticket in &tickets {
                if !had.insert(*ticket) {
                    return Some(format!("{ticket:?} is in two orders"));
                }
                sold_in[(ticket.number / 1_000) as usize] += u64::from(is_sold);
            }
            let count = tickets.len() as u32;
            for who in view.keys.iter().map(|key| key.0).chain([view.owner]) {
                let sums = of.entry(who).or_default();
                if is_sold { sums.1 += count } else { sums.0 += count }
            }
        }
        let limit = self.limits().bought.unwrap_or(u32::MAX);
        if let Some((who, sums)) = of.iter().find(|(_, (held, bought))| held + bought > limit) {
            return Some(format!("{who:?} holds {} and has bought {}", sums.0, sums.1));
        }
        for (lead, state) in slices.iter().enumerate() {
            let ledger = self.slice_ledger(*state);
            if ledger.imbalance != 0 {
                return Some(format!("the books of slice {lead} do not add up"));
            }
            if ledger.sold > sold_in[lead] {
                return Some(format!("slice {lead} has sold what no till has"));
            }
        }
        let adds_up = |state: &StateNumber| self.tills.get(*state).imbalance() == 0;
        (!tills.iter().all(adds_up)).then(|| "the books of a till do not add up".into())
    }

    /// Somebody was told that they have tickets, and their order was given up before its time.
    pub fn a_lie(&self, town: &SmallTown) -> Option<String> {
        town.people.iter().filter(|person| person.is_told).find_map(|person| {
            let (order, until) = (person.order?, person.may_be_held_until?);
            let OrderStage::Past(past) = self.view(town, order)?.stage else { return None };
            let is_lost = past.end == OrderEnd::GivenUp && town.now < until;
            is_lost.then(|| format!("{order:?} was held, and is given up"))
        })
    }

    /// What must be so once all is settled.
    pub fn leaks(&self, town: &SmallTown) -> Option<String> {
        let orders = self.orders(town.tills);
        let (mut sold_in, mut bought) = ([0u64; 2], BTreeMap::<Id, u32>::new());
        for view in orders.values() {
            let OrderStage::Past(past) = &view.stage else { continue };
            if past.end != OrderEnd::Sold {
                continue;
            }
            for ticket in past.tickets() {
                sold_in[(ticket.number / 1_000) as usize] += 1;
            }
            for who in view.keys.iter().map(|key| key.0).chain([view.owner]) {
                *bought.entry(who).or_default() += past.tickets().count() as u32;
            }
        }
        for (lead, state) in town.slices.iter().enumerate() {
            let ledger = self.slice_ledger(*state);
            if (ledger.sold, ledger.held) != (sold_in[lead], 0) {
                let tickets::TicketLedger { sold, held, .. } = ledger;
                let has = sold_in[lead];
                return Some(format!("slice {lead} holds {held} and sold {sold}, orders {has}"));
            }
        }
        let members = (0..2).map(|person| self.who(person)).map(|(who, till, ..)| (who.id, till));
        for (who, till) in members.chain([(CARD.0, TILL_OF_CARD)]) {
            let played = self.tills.get(town.tills[usize::from(till)]);
            let has = played.look(&till::Question::Allowance(who));
            let bought = bought.get(&who).copied().unwrap_or(0);
            if has != (till::Answer::Allowance { held: 0, bought }) {
                return Some(format!("{who:?} bought {bought}, and the till says {has:?}"));
            }
        }
        None
    }
}

fn name_of(end: OrderEnd) -> &'static str {
    match end {
        OrderEnd::Sold => "sold",
        OrderEnd::Released => "released",
        OrderEnd::Expired => "expired",
        OrderEnd::GivenUp => "given up",
    }
}
