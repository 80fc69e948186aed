//! Cards: what is known of single things, one for each coupon, ticket or name that was ever
//! touched.
//!
//! A machine has two halves. Its *head* is always in memory: terms, counters, what is live. Its
//! cards lie in the store, and a node remembers some of them. `decide` and `look` ask for a card by
//! its key. If the card is not in memory they are told that there is none, and this is noted: what
//! they come to then counts for nothing. The partition looks the card up and asks again. So they
//! stay pure and never wait.
//!
//! Cards are written by events alone (`Machine::cards`), so they can be made again from the log.

use crate::id::Id;
use crate::plain;
use crate::store::{Row, RowKey, Shelf};
use serde::de::DeserializeOwned;
use std::cell::RefCell;

/// Which card: a shelf of the partition, and the place on it. All places of one shelf are of one
/// sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CardKey {
    pub shelf: Shelf,
    pub place: CardPlace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CardPlace {
    /// Near numbers lie side by side.
    Number(u64),
    Name(Id),
    /// Lies beside everything else that is the member's, whatever partition wrote it.
    Member(Id),
}

/// What an event writes on a card: a body, or none if it is taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    pub key: CardKey,
    pub body: Option<Vec<u8>>,
}

impl CardKey {
    pub const fn number(shelf: Shelf, number: u64) -> CardKey {
        CardKey { shelf, place: CardPlace::Number(number) }
    }

    pub const fn name(shelf: Shelf, name: Id) -> CardKey {
        CardKey { shelf, place: CardPlace::Name(name) }
    }

    pub const fn member(shelf: Shelf, member: Id) -> CardKey {
        CardKey { shelf, place: CardPlace::Member(member) }
    }
}

/// The names of one shelf of cards. Most names that come from outside are new, so which of them
/// have a card is remembered apart: a new one then costs no look-up.
#[derive(Debug)]
pub struct NameShelf {
    pub shelf: Shelf,
    pub stand_on: NamesStandOn,
}

/// Where all names that have a card can be read.
#[derive(Debug)]
pub enum NamesStandOn {
    /// On the shelf itself.
    Themselves,
    /// On the cards of another shelf, by number: each may name one.
    Numbers { shelf: Shelf, name_on: fn(&[u8]) -> Option<Id> },
}

impl Card {
    pub fn put(key: CardKey, body: &impl serde::Serialize) -> Card {
        Card { key, body: Some(plain::bytes_of(body)) }
    }

    pub fn taken_away(key: CardKey) -> Card {
        Card { key, body: None }
    }
}

/// What is in memory.
pub trait KnownCards {
    /// The body, or none if it is certain that there is no such card. `Err` if it must be looked
    /// up.
    fn known(&self, key: &CardKey) -> Result<Option<&[u8]>, Unknown>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown;

/// The cards of a partition, as whoever decides sees them.
pub struct Cards<'a> {
    known: &'a dyn KnownCards,
    missing: RefCell<Vec<CardKey>>,
}

impl<'a> Cards<'a> {
    pub fn new(known: &'a dyn KnownCards) -> Cards<'a> {
        Cards { known, missing: RefCell::default() }
    }

    /// Of a partition that has none.
    pub fn none() -> Cards<'static> {
        Cards::new(&NoCards)
    }

    pub fn get(&self, key: &CardKey) -> Option<&'a [u8]> {
        match self.known.known(key) {
            Ok(body) => body,
            Err(Unknown) => {
                self.missing.borrow_mut().push(*key);
                None
            }
        }
    }

    pub fn has(&self, key: &CardKey) -> bool {
        self.get(key).is_some()
    }

    /// What is written on it. A card that cannot be read is one that another version wrote, which
    /// its shelf excludes.
    pub fn read<T: DeserializeOwned>(&self, key: &CardKey) -> Option<T> {
        self.get(key).and_then(|body| postcard::from_bytes(body).ok())
    }

    /// The cards that were asked for and must be looked up. If there are any, what was decided
    /// counts for nothing.
    pub fn into_missing(self) -> Vec<CardKey> {
        self.missing.into_inner()
    }
}

struct NoCards;

impl KnownCards for NoCards {
    fn known(&self, _: &CardKey) -> Result<Option<&[u8]>, Unknown> {
        Ok(None)
    }
}

/// Where a partition's cards lie among the rows of the store: each card is a row, and near cards
/// have one owner. So one list never gets so long that a store has to split it. The card of a
/// member is the member's row: a store that keeps rows by their owner writes it where it writes the
/// member's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardOwner([u8; PREFIX]);

/// So many bytes of a digest tell partitions apart; the other six name a share of their cards.
const PREFIX: usize = 10;
/// Numbers that share an owner: those that differ in their last bits only.
const TOGETHER: u32 = 16;

impl CardOwner {
    pub fn of(partition: &str) -> CardOwner {
        let digest = Id::digest(&[b"cards", partition.as_bytes()]);
        CardOwner(*digest.0.first_chunk().expect("a digest is longer"))
    }

    pub fn row_key(&self, key: &CardKey) -> RowKey {
        let (owner, row_key) = match &key.place {
            CardPlace::Number(number) => {
                let (share, row_key) = CardOwner::of_number(*number);
                (self.share(share), row_key)
            }
            CardPlace::Name(name) => (self.share(u64::from(name.0[15])), name.0.to_vec()),
            CardPlace::Member(member) => (*member, self.0.to_vec()),
        };
        RowKey { owner, shelf: key.shelf, key: row_key }
    }

    pub fn row(&self, Card { key, body }: Card) -> Row {
        let RowKey { owner, shelf, key } = self.row_key(&key);
        Row { shelf, owner, key, body }
    }

    /// The owner of a share of the cards.
    pub fn share(&self, share: u64) -> Id {
        let mut owner = [0; 16];
        owner[..PREFIX].copy_from_slice(&self.0);
        owner[PREFIX..].copy_from_slice(&share.to_be_bytes()[2..]);
        Id(owner)
    }

    /// Shares of a shelf whose places are names.
    pub const NAME_SHARES: u64 = 256;

    /// The share in which that number lies, and the row's key within it.
    pub fn of_number(number: u64) -> (u64, Vec<u8>) {
        (number >> TOGETHER, (number as u16).to_be_bytes().to_vec())
    }

    /// The first number of a share.
    pub fn first_of(share: u64) -> u64 {
        share << TOGETHER
    }

    /// The number whose row has that key in that share.
    pub fn number_of(share: u64, key: &[u8]) -> Option<u64> {
        Some(CardOwner::first_of(share) | u64::from(u16::from_be_bytes(key.try_into().ok()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHELF: Shelf = Shelf(200);

    #[test]
    fn a_number_reads_back_from_its_row() {
        let owner = CardOwner::of("coupons/b1/0");
        for number in [0, 1, 65_535, 65_536, 10_000_000_000, u64::MAX] {
            let row = owner.row_key(&CardKey::number(SHELF, number));
            let (share, key) = CardOwner::of_number(number);
            assert_eq!((row.owner, &row.key), (owner.share(share), &key));
            assert_eq!(CardOwner::number_of(share, &key), Some(number));
        }
    }

    #[test]
    fn no_two_cards_and_no_two_partitions_share_a_row() {
        let mut seen = std::collections::HashSet::new();
        for partition in ["campaign/1", "campaign/2"] {
            let owner = CardOwner::of(partition);
            for number in [0, 1, 65_536, 1 << 40] {
                assert!(seen.insert(owner.row_key(&CardKey::number(SHELF, number))));
            }
            for name in [Id([1; 16]), Id([2; 16])] {
                assert!(seen.insert(owner.row_key(&CardKey::name(Shelf(201), name))));
                assert!(seen.insert(owner.row_key(&CardKey::member(Shelf(202), name))));
            }
        }
    }

    #[test]
    fn a_card_that_is_not_in_memory_is_noted() {
        struct Nothing;
        impl KnownCards for Nothing {
            fn known(&self, _: &CardKey) -> Result<Option<&[u8]>, Unknown> {
                Err(Unknown)
            }
        }
        let (one, other) = (CardKey::number(SHELF, 1), CardKey::number(SHELF, 2));
        let cards = Cards::new(&Nothing);
        assert_eq!((cards.get(&one), cards.has(&other)), (None, false));
        assert_eq!(cards.into_missing(), [one, other]);
    }
}
