//! The books of a slice: which holds live until when, which parts of orders live, who holds how
//! much, and how many tickets are sold.
//!
//! Every change keeps the stock, the deadlines and the members' counts in step. Nothing here
//! decides; nothing here fails. What is sold or has ended is on cards.

use super::labels::LabelBooks;
use super::names::OrderNumber;
use super::stock::{Stock, Ticket};
use super::words::{HoldState, HoldView, PartFate, TicketLedger};
use crate::id::Id;
use crate::time::Time;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[derive(Default)]
pub struct Books {
    pub stock: Stock,
    pub labels: LabelBooks,
    pub next_hold: u32,
    pub live: HashMap<u32, Live>,
    pub parts: HashMap<OrderNumber, LivePart>,
    pub sold_tickets: u64,
    deadlines: BTreeSet<(Time, u32)>,
    held_by: HashMap<Id, Held>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Live {
    pub owner: Id,
    pub tickets: TicketList,
    pub since: Time,
    pub until: Time,
}

/// What an order has here until it is over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LivePart {
    pub owner: Id,
    pub tickets: TicketList,
}

/// What one member holds here at the moment, in holds and in parts of orders.
#[derive(Default)]
struct Held {
    tickets: u32,
    holds: BTreeSet<u32>,
}

/// Most holds are of one ticket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum TicketList {
    One(Ticket),
    Many(Box<[Ticket]>),
}

impl Books {
    pub fn hold(&mut self, hold: u32, live: Live) {
        live.tickets.iter().for_each(|ticket| self.stock.take(ticket));
        self.insert_live(hold, live);
    }

    /// Puts a hold among the live ones whose tickets are taken already.
    pub fn insert_live(&mut self, hold: u32, live: Live) {
        self.deadlines.insert((live.until, hold));
        let held = self.held_by.entry(live.owner).or_default();
        held.tickets += live.tickets.len() as u32;
        held.holds.insert(hold);
        self.labels.hold(&live.tickets);
        self.live.insert(hold, live);
    }

    /// Takes the hold out of the books of live ones; its tickets stay taken.
    fn remove_live(&mut self, hold: u32) -> Option<Live> {
        let live = self.live.remove(&hold)?;
        self.deadlines.remove(&(live.until, hold));
        self.labels.let_go(&live.tickets);
        if let Some(held) = self.held_by.get_mut(&live.owner) {
            held.tickets -= live.tickets.len() as u32;
            held.holds.remove(&hold);
            if held.tickets == 0 {
                self.held_by.remove(&live.owner);
            }
        }
        Some(live)
    }

    pub fn hold_part(&mut self, order: OrderNumber, part: LivePart) {
        part.tickets.iter().for_each(|ticket| self.stock.take(ticket));
        self.insert_part(order, part);
    }

    /// Puts a part among the live ones whose tickets are taken already.
    pub fn insert_part(&mut self, order: OrderNumber, part: LivePart) {
        self.held_by.entry(part.owner).or_default().tickets += part.tickets.len() as u32;
        self.labels.hold(&part.tickets);
        self.parts.insert(order, part);
    }

    /// The order whose live part has that ticket.
    pub fn order_with(&self, ticket: &Ticket) -> Option<OrderNumber> {
        let mut parts = self.parts.iter();
        parts.find(|(_, part)| part.tickets.contains(ticket)).map(|(order, _)| *order)
    }

    pub fn follow(&mut self, order: &OrderNumber, fate: PartFate) {
        let Some(LivePart { owner, tickets }) = self.parts.remove(order) else { return };
        self.labels.let_go(&tickets);
        if let Some(held) = self.held_by.get_mut(&owner) {
            held.tickets -= tickets.len() as u32;
            if held.tickets == 0 {
                self.held_by.remove(&owner);
            }
        }
        match fate {
            PartFate::Sold => self.sold_tickets += tickets.len() as u64,
            PartFate::Ended => tickets.iter().for_each(|ticket| self.stock.give_back(ticket)),
        }
    }

    pub fn end(&mut self, hold: u32) {
        if let Some(live) = self.remove_live(hold) {
            live.tickets.iter().for_each(|ticket| self.stock.give_back(ticket));
        }
    }

    pub fn view(&self, hold: u32) -> Option<HoldView> {
        let Live { owner, tickets, until, .. } = self.live.get(&hold)?;
        let state = HoldState::Held { until: *until };
        Some(HoldView { owner: *owner, tickets: tickets.to_vec(), state })
    }

    pub fn holds_of(&self, owner: &Id) -> Vec<(u32, HoldView)> {
        let holds = self.held_by.get(owner).into_iter().flat_map(|held| &held.holds);
        holds.filter_map(|hold| Some((*hold, self.view(*hold)?))).collect()
    }

    pub fn ledger(&self) -> TicketLedger {
        let held = self.held_by.values().map(|held| held.tickets as u64).sum();
        let (stock, free, sold) = (self.stock.size(), self.stock.free(), self.sold_tickets);
        TicketLedger {
            stock,
            free,
            held,
            sold,
            imbalance: stock as i64 - (free + held + sold) as i64,
            next_end: self.first_deadline(),
            labels: self.labels.ledgers(&self.stock),
        }
    }

    pub fn confirm(&mut self, hold: u32) {
        if let Some(live) = self.remove_live(hold) {
            self.sold_tickets += live.tickets.len() as u64;
        }
    }

    pub fn extend(&mut self, hold: u32, until: Time) {
        if let Some(live) = self.live.get_mut(&hold) {
            self.deadlines.remove(&(live.until, hold));
            self.deadlines.insert((until, hold));
            live.until = until;
        }
    }

    pub fn refund(&mut self, ticket: &Ticket) {
        self.stock.give_back(ticket);
        self.sold_tickets = self.sold_tickets.saturating_sub(1);
    }

    pub fn first_deadline(&self) -> Option<Time> {
        self.deadlines.first().map(|(until, _)| *until)
    }

    /// The first holds that are over at `now`, with their owners.
    pub fn over(&self, now: Time, most: usize) -> Vec<(u32, Id)> {
        let due = self.deadlines.iter().take_while(|(until, _)| *until <= now).take(most);
        due.map(|(_, hold)| (*hold, self.live[hold].owner)).collect()
    }

    pub fn held_by(&self, owner: Id) -> u32 {
        self.held_by.get(&owner).map_or(0, |held| held.tickets)
    }

    /// How far the books are from telling the same thing. What is sold is counted, not looked at.
    pub fn imbalance(&self) -> i64 {
        let holds = || self.live.values().map(|live| &live.tickets);
        let lists = || holds().chain(self.parts.values().map(|part| &part.tickets));
        let live = || lists().flat_map(|tickets| tickets.iter());
        let ledger = self.ledger();
        let free = live().filter(|ticket| !self.stock.is_taken(ticket)).count();
        ledger.imbalance.abs()
            + (ledger.held as i64 - live().count() as i64).abs()
            + free as i64
            + self.labels.imbalance(lists().map(|tickets| &**tickets))
            + self.stock.imbalance()
    }
}

impl From<&[Ticket]> for TicketList {
    fn from(tickets: &[Ticket]) -> TicketList {
        match tickets {
            [one] => TicketList::One(*one),
            many => TicketList::Many(many.into()),
        }
    }
}

impl std::ops::Deref for TicketList {
    type Target = [Ticket];

    fn deref(&self) -> &[Ticket] {
        match self {
            TicketList::One(one) => std::slice::from_ref(one),
            TicketList::Many(many) => many,
        }
    }
}
