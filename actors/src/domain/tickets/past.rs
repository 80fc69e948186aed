//! What is written on cards: what became of a hold or a part that no longer lives, and which hold
//! or order a sold ticket was bought by.
//!
//! The head knows live holds only, so it does not grow with what was sold or ended.

use super::names::{OrderNumber, SliceName};
use super::stock::Ticket;
use super::words::{Event, PartFate};
use crate::cards::{Card, CardKey, Cards, NameShelf, NamesStandOn};
use crate::domain::shelves;
use crate::id::Id;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
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
    /// Sold, and some of it, or all, taken back by one call.
    TakenBack {
        left: Vec<Ticket>,
        refunded: Vec<Ticket>,
    },
}

impl HoldEnd {
    /// What is left of a sold hold, and what was taken back by calls about the whole of it.
    pub fn sold(self) -> Result<(Vec<Ticket>, Vec<Ticket>), HoldEnd> {
        match self {
            HoldEnd::Sold(left) => Ok((left, Vec::new())),
            HoldEnd::TakenBack { left, refunded } => Ok((left, refunded)),
            other => Err(other),
        }
    }
}

/// A card for each hold, by its number.
pub fn hold_key(hold: u32) -> CardKey {
    CardKey::number(shelves::HOLDS, u64::from(hold))
}

/// Nearly all orders that a slice hears of are new to it.
pub(super) const PARTS: NameShelf =
    NameShelf { shelf: shelves::PARTS, stand_on: NamesStandOn::Themselves };

/// A part that has followed its order.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PastPart {
    pub owner: Id,
    pub fate: PartFate,
    /// Those of a sold one that were not taken back.
    pub tickets: Vec<Ticket>,
}

pub fn part_key(order: &OrderNumber) -> CardKey {
    CardKey::name(shelves::PARTS, order.in_cards())
}

fn part_card(order: &OrderNumber, owner: Id, fate: PartFate, tickets: &[Ticket]) -> Card {
    let tickets = if fate == PartFate::Sold { tickets.to_vec() } else { Vec::new() };
    Card::put(part_key(order), &PastPart { owner, fate, tickets })
}

/// Whose a sold part was, as its card says.
pub fn part_owner_on_card(body: &[u8]) -> Option<Id> {
    postcard::from_bytes::<PastPart>(body).ok().map(|part| part.owner)
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

/// What a sold ticket was bought by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Buyer {
    Hold(u32),
    Order(OrderNumber),
}

/// No hold has that number: an order comes behind it.
const NO_HOLD: u32 = u32::MAX;

/// A hold is the number that it always was.
impl Serialize for Buyer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Buyer::Hold(hold) => hold.serialize(serializer),
            Buyer::Order(order) => (NO_HOLD, order).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Buyer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Buyer, D::Error> {
        deserializer.deserialize_tuple(2, HoldOrOrder)
    }
}

struct HoldOrOrder;

impl<'de> Visitor<'de> for HoldOrOrder {
    type Value = Buyer;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the number of a hold, or of none and an order")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Buyer, A::Error> {
        let missing = || A::Error::custom("nobody bought it");
        match parts.next_element()?.ok_or_else(missing)? {
            NO_HOLD => Ok(Buyer::Order(parts.next_element()?.ok_or_else(missing)?)),
            hold => Ok(Buyer::Hold(hold)),
        }
    }
}

/// What a sold ticket was bought by, as its card says.
pub fn buyer_on_card(body: &[u8]) -> Option<Buyer> {
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

pub(super) fn buyer(ticket: &Ticket, cards: &Cards<'_>) -> Option<Buyer> {
    cards.read(&sold_key(ticket))
}

pub(super) fn write(event: &Event, cards: &mut Vec<Card>) {
    match event {
        Event::Confirmed { hold, owner, tickets } => {
            cards.push(hold_card(*hold, *owner, HoldEnd::Sold(tickets.clone())));
            cards.extend(tickets.iter().map(|ticket| sold_card(ticket, Buyer::Hold(*hold))));
        }
        Event::Refunded { ticket, hold, owner, left } => {
            cards.push(hold_card(*hold, *owner, HoldEnd::Sold(left.clone())));
            cards.push(Card::taken_away(sold_key(ticket)));
        }
        Event::HoldRefunded { hold, owner, tickets, left, refunded } => {
            let (left, refunded) = (left.clone(), refunded.clone());
            cards.push(hold_card(*hold, *owner, HoldEnd::TakenBack { left, refunded }));
            cards.extend(tickets.iter().map(|ticket| Card::taken_away(sold_key(ticket))));
        }
        Event::Released { hold, owner } => {
            cards.push(hold_card(*hold, *owner, HoldEnd::Released));
        }
        Event::Expired { holds } | Event::Cleared { holds } => cards
            .extend(holds.iter().map(|(hold, owner)| hold_card(*hold, *owner, HoldEnd::Expired))),
        Event::Followed { order, owner, tickets, fate } => {
            cards.push(part_card(order, *owner, *fate, tickets));
            if *fate == PartFate::Sold {
                let buyer = Buyer::Order(*order);
                cards.extend(tickets.iter().map(|ticket| sold_card(ticket, buyer)));
            }
        }
        Event::FollowedRefund { order, owner, tickets, left } => {
            cards.push(part_card(order, *owner, PartFate::Sold, left));
            cards.extend(tickets.iter().map(|ticket| Card::taken_away(sold_key(ticket))));
        }
        Event::Opened { .. }
        | Event::Prepared { .. }
        | Event::PreparedIn { .. }
        | Event::Withdrawn { .. }
        | Event::Held { .. }
        | Event::Extended { .. }
        | Event::Sealed { .. }
        | Event::HeldFor { .. }
        | Event::Referred { .. } => {}
    }
}

fn sold_card(ticket: &Ticket, buyer: Buyer) -> Card {
    Card::put(sold_key(ticket), &buyer)
}

fn hold_card(hold: u32, owner: Id, end: HoldEnd) -> Card {
    Card::put(hold_key(hold), &PastHold { owner, end })
}
