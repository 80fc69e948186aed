//! What is written on cards: what became of a hold that no longer lives, and which hold a sold
//! ticket was bought by.
//!
//! The head knows live holds only, so it does not grow with what was sold or ended.

use super::stock::Ticket;
use super::words::Event;
use crate::cards::{Card, CardKey, Cards};
use crate::domain::shelves;
use crate::id::Id;
use serde::{Deserialize, Serialize};

/// A hold that no longer lives.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PastHold {
    pub owner: Id,
    pub end: HoldEnd,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum HoldEnd {
    /// With those of its tickets that were not refunded.
    Sold(Vec<Ticket>),
    Released,
    Expired,
}

/// A card for each hold, by its number.
fn hold_key(hold: u32) -> CardKey {
    CardKey::number(shelves::HOLDS, u64::from(hold))
}

/// More numbers than there are in any lottery.
const NUMBERS: u64 = 10_000_000;

/// A card for each sold ticket, copy by copy, and within these by its number.
fn sold_key(ticket: &Ticket) -> CardKey {
    CardKey::number(shelves::SOLD, u64::from(ticket.copy) * NUMBERS + u64::from(ticket.number))
}

/// What became of that hold.
pub(super) fn of_hold(hold: u32, cards: &Cards<'_>) -> Option<PastHold> {
    cards.read(&hold_key(hold))
}

/// The hold that a sold ticket was bought by.
pub(super) fn buyer(ticket: &Ticket, cards: &Cards<'_>) -> Option<u32> {
    cards.read(&sold_key(ticket))
}

pub(super) fn write(event: &Event, cards: &mut Vec<Card>) {
    match event {
        Event::Confirmed { hold, owner, tickets } => {
            cards.push(hold_card(*hold, *owner, HoldEnd::Sold(tickets.clone())));
            cards.extend(tickets.iter().map(|ticket| Card::put(sold_key(ticket), hold)));
        }
        Event::Refunded { ticket, hold, owner, left } => {
            cards.push(hold_card(*hold, *owner, HoldEnd::Sold(left.clone())));
            cards.push(Card::taken_away(sold_key(ticket)));
        }
        Event::Released { hold, owner } => {
            cards.push(hold_card(*hold, *owner, HoldEnd::Released));
        }
        Event::Expired { holds } | Event::Cleared { holds } => cards
            .extend(holds.iter().map(|(hold, owner)| hold_card(*hold, *owner, HoldEnd::Expired))),
        Event::Opened { .. }
        | Event::Held { .. }
        | Event::Extended { .. }
        | Event::Sealed { .. } => {}
    }
}

fn hold_card(hold: u32, owner: Id, end: HoldEnd) -> Card {
    Card::put(hold_key(hold), &PastHold { owner, end })
}
