//! A ballot's card: what its place in the box does not say.

use super::words::{Ballot, Event};
use crate::cards::{Card, CardKey, Cards};
use crate::domain::shelves;

fn key(index: u64) -> CardKey {
    CardKey::number(shelves::BALLOT_CARDS, index)
}

pub(super) fn write(event: &Event, cards: &mut Vec<Card>) {
    if let Event::Submitted { index, nonce, owner } = event {
        cards.push(Card::put(key(*index), &Ballot { nonce: *nonce, owner: *owner }));
    }
}

pub(super) fn read(index: u64, cards: &Cards<'_>) -> Option<Ballot> {
    cards.read(&key(index))
}

/// The ballot on a card that was read as a row.
pub fn ballot_of_card(body: &[u8]) -> Option<Ballot> {
    postcard::from_bytes(body).ok()
}
