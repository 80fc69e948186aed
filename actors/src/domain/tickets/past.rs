//! What is written on cards: what became of a hold that no longer lives, and which hold a sold
//! ticket was bought by.
//!
//! The head knows live holds only, so it does not grow with what was sold or ended.

use super::names::SliceName;
use super::stock::Ticket;
use super::words::Event;
use crate::cards::{Card, CardKey, Cards};
use crate::domain::shelves;
use crate::id::Id;
use serde::{Deserialize, Serialize};
use std::ops::Range;

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
pub fn hold_key(hold: u32) -> CardKey {
    CardKey::number(shelves::HOLDS, u64::from(hold))
}

/// More numbers than there are in any lottery.
const NUMBERS: u64 = 10_000_000;

/// A card for each sold ticket, copy by copy, and within these by its number.
fn sold_key(ticket: &Ticket) -> CardKey {
    CardKey::number(shelves::SOLD, u64::from(ticket.copy) * NUMBERS + u64::from(ticket.number))
}

/// Where the cards lie of those that are sold of a slice: of that copy of its numbers, from the
/// one that is so many behind the first.
pub fn sold_places(slice: &SliceName, copy: u16, from: u32) -> Range<u64> {
    let first = u64::from(copy) * NUMBERS + u64::from(slice.first_number());
    first + u64::from(from)..first + u64::from(slice.numbers())
}

/// The ticket whose card lies there.
pub fn sold_at(place: u64) -> Ticket {
    Ticket { number: (place % NUMBERS) as u32, copy: (place / NUMBERS) as u16 }
}

/// The hold that a sold ticket was bought by, as its card says.
pub fn hold_on_card(body: &[u8]) -> Option<u32> {
    postcard::from_bytes(body).ok()
}

/// Whose hold it was, as its card says.
pub fn owner_on_card(body: &[u8]) -> Option<Id> {
    postcard::from_bytes::<PastHold>(body).ok().map(|hold| hold.owner)
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
