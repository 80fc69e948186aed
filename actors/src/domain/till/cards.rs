//! What is written on cards: what became of an order, how much was bought by a member or under a
//! limit key, and what an order has come to for a limit key.

use super::names::LimitKey;
use super::words::{Event, KeyShare, PastOrder};
use crate::cards::{Card, CardKey, Cards, NameShelf, NamesStandOn};
use crate::domain::shelves;
use crate::domain::tickets::OrderNumber;
use crate::id::Id;

/// Most members buy for the first time.
pub(super) const BOUGHT: NameShelf =
    NameShelf { shelf: shelves::BOUGHT, stand_on: NamesStandOn::Themselves };
/// Nearly all orders are new to their limit keys.
pub(super) const KEY_SHARES: NameShelf =
    NameShelf { shelf: shelves::KEY_SHARES, stand_on: NamesStandOn::Themselves };

/// A card for each order, by its number.
pub fn order_key(order: u32) -> CardKey {
    CardKey::number(shelves::ORDERS, u64::from(order))
}

/// What became of an order, as its card says.
pub fn past_order_on_card(body: &[u8]) -> Option<PastOrder> {
    postcard::from_bytes(body).ok()
}

fn bought_key(who: Id) -> CardKey {
    CardKey::name(shelves::BOUGHT, who)
}

fn share_key(order: &OrderNumber, key: LimitKey) -> CardKey {
    CardKey::name(shelves::KEY_SHARES, Id::digest(&[&order.in_cards().0, &key.0.0]))
}

pub(super) fn past_order(order: u32, cards: &Cards<'_>) -> Option<PastOrder> {
    cards.read(&order_key(order))
}

pub(super) fn bought(who: Id, cards: &Cards<'_>) -> u32 {
    cards.read(&bought_key(who)).unwrap_or(0)
}

pub(super) fn share(order: &OrderNumber, key: LimitKey, cards: &Cards<'_>) -> Option<KeyShare> {
    cards.read(&share_key(order, key))
}

pub(super) fn write(event: &Event, cards: &mut Vec<Card>) {
    match event {
        Event::Confirmed { order, past, bought } | Event::Refunded { order, past, bought, .. } => {
            cards.push(Card::put(order_key(*order), past));
            cards.push(Card::put(bought_key(past.owner), bought));
        }
        Event::Ended { orders } | Event::Cleared { orders } => {
            cards.extend(orders.iter().map(|(order, past)| Card::put(order_key(*order), past)));
        }
        Event::FollowedKey { order, key, share, bought } => {
            cards.push(Card::put(share_key(order, *key), share));
            cards.push(Card::put(bought_key(key.0), bought));
        }
        Event::Opened { .. }
        | Event::OpenedIn { .. }
        | Event::Withdrawn { .. }
        | Event::Begun { .. }
        | Event::BegunInOne { .. }
        | Event::Doubted { .. }
        | Event::Placed { .. }
        | Event::Extended { .. }
        | Event::Settled { .. }
        | Event::Taken { .. }
        | Event::Sealed => {}
    }
}
