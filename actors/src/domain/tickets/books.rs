//! The books of a slice: which holds live until when, what was sold, and who holds how much.
//!
//! Every change keeps the stock, the deadlines and the members' counts in step. Nothing here
//! decides; nothing here fails.

use super::stock::{Stock, Ticket};
use super::words::{HoldState, HoldView, TicketLedger};
use crate::id::Id;
use crate::time::Time;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[derive(Default)]
pub struct Books {
    pub stock: Stock,
    pub next_hold: u32,
    pub live: HashMap<u32, Live>,
    pub sold: HashMap<u32, Sold>,
    sold_tickets: u64,
    /// One bit per hold that was released rather than expired: why an ended hold ended.
    pub released: Vec<u64>,
    /// A mark of its owner for each hold that has ended, so that no other member hears of it.
    pub ended: Vec<u32>,
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

/// What one member holds here at the moment.
#[derive(Default)]
struct Held {
    tickets: u32,
    holds: BTreeSet<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sold {
    pub owner: Id,
    pub tickets: TicketList,
}

/// Most holds are of one ticket, and there may be millions of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum TicketList {
    One(Ticket),
    Many(Box<[Ticket]>),
}

impl Books {
    pub fn insert_live(&mut self, hold: u32, live: Live) {
        live.tickets.iter().for_each(|ticket| self.stock.take(ticket, hold));
        self.deadlines.insert((live.until, hold));
        let held = self.held_by.entry(live.owner).or_default();
        held.tickets += live.tickets.len() as u32;
        held.holds.insert(hold);
        self.live.insert(hold, live);
    }

    /// Takes the hold out of the books of live ones; its tickets stay taken.
    fn remove_live(&mut self, hold: u32) -> Option<Live> {
        let live = self.live.remove(&hold)?;
        self.deadlines.remove(&(live.until, hold));
        if let Some(held) = self.held_by.get_mut(&live.owner) {
            held.tickets -= live.tickets.len() as u32;
            held.holds.remove(&hold);
            if held.holds.is_empty() {
                self.held_by.remove(&live.owner);
            }
        }
        Some(live)
    }

    fn insert_sold(&mut self, hold: u32, sold: Sold) {
        self.sold_tickets += sold.tickets.len() as u64;
        self.sold.insert(hold, sold);
    }

    pub fn end(&mut self, hold: u32) {
        if let Some(live) = self.remove_live(hold) {
            live.tickets.iter().for_each(|ticket| self.stock.give_back(ticket));
            self.note_ended(hold, live.owner);
        }
    }

    fn note_ended(&mut self, hold: u32, owner: Id) {
        let place = hold as usize;
        if self.ended.len() <= place {
            self.ended.resize(place + 1, 0);
        }
        self.ended[place] = mark(owner);
    }

    /// Whether that hold has ended and was that member's.
    pub fn has_ended_for(&self, hold: u32, member: Id) -> bool {
        self.ended.get(hold as usize) == Some(&mark(member))
    }

    pub fn mark_released(&mut self, hold: u32) {
        let word = hold as usize / 64;
        if self.released.len() <= word {
            self.released.resize(word + 1, 0);
        }
        self.released[word] |= 1 << (hold % 64);
    }

    pub fn was_released(&self, hold: u32) -> bool {
        self.released.get(hold as usize / 64).is_some_and(|word| word & 1 << (hold % 64) != 0)
    }

    pub fn view(&self, hold: u32) -> Option<HoldView> {
        let live = self
            .live
            .get(&hold)
            .map(|live| (live.owner, &live.tickets, HoldState::Held { until: live.until }));
        let (owner, tickets, state) = live.or_else(|| {
            self.sold.get(&hold).map(|sold| (sold.owner, &sold.tickets, HoldState::Confirmed))
        })?;
        Some(HoldView { owner, tickets: tickets.to_vec(), state })
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
        }
    }

    pub fn confirm(&mut self, hold: u32) {
        if let Some(live) = self.remove_live(hold) {
            self.insert_sold(hold, Sold { owner: live.owner, tickets: live.tickets });
        }
    }

    pub fn extend(&mut self, hold: u32, until: Time) {
        if let Some(live) = self.live.get_mut(&hold) {
            self.deadlines.remove(&(live.until, hold));
            self.deadlines.insert((until, hold));
            live.until = until;
        }
    }

    pub fn refund(&mut self, hold: u32, ticket: &Ticket) {
        self.stock.give_back(ticket);
        if let Some(sold) = self.sold.get_mut(&hold) {
            let rest: Vec<Ticket> =
                sold.tickets.iter().filter(|other| *other != ticket).copied().collect();
            self.sold_tickets -= (sold.tickets.len() - rest.len()) as u64;
            sold.tickets = rest.as_slice().into();
        }
    }

    /// A sold hold as a snapshot has it, whose tickets are still to be taken.
    pub fn restore_sold(&mut self, hold: u32, sold: Sold) {
        sold.tickets.iter().for_each(|ticket| self.stock.take(ticket, hold));
        self.insert_sold(hold, sold);
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

    /// How far the books are from telling the same thing.
    pub fn imbalance(&self) -> i64 {
        let counted: usize = self.sold.values().map(|sold| sold.tickets.len()).sum();
        self.ledger().imbalance.abs()
            + (self.sold_tickets as i64 - counted as i64).abs()
            + self.stock.imbalance()
    }
}

/// Four bytes of an id. Ids end in what was drawn or hashed, so two members share a mark once in
/// four billion.
fn mark(member: Id) -> u32 {
    let [.., a, b, c, d] = member.0;
    u32::from_be_bytes([a, b, c, d])
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
