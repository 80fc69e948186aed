//! Cards side by side, each found by its key.
//!
//! A map from keys to cards grows to twice the size that it needs, because cards come and go all
//! the time. Here the cards lie close together, and whatever goes gives its slot to the last one;
//! only the numbers of the slots are in a table. So memory is what the cards of now take.

use crate::cards::CardKey;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::cell::Cell;
use std::hash::BuildHasher;

/// So many are moved at most when there is to be room for one more.
const BLOCK: usize = 512;
/// The table is made smaller when it has room for so many times as many cards.
const ROOMY: usize = 8;

pub struct RememberedCard {
    pub key: CardKey,
    /// None: there is no such card.
    pub body: Option<Box<[u8]>>,
    /// Who needs it to stay.
    pub pins: u32,
    pub asked_for: Cell<bool>,
}

#[derive(Default)]
pub struct CardSlots {
    /// All but the last are full.
    blocks: Vec<Vec<RememberedCard>>,
    table: HashTable<u32>,
    hashes: DefaultHashBuilder,
}

impl CardSlots {
    pub fn len(&self) -> usize {
        self.table.len()
    }

    pub fn slot_of(&self, key: &CardKey) -> Option<usize> {
        let is_it = |slot: &u32| at(&self.blocks, *slot).key == *key;
        self.table.find(self.hashes.hash_one(key), is_it).map(|slot| *slot as usize)
    }

    pub fn get(&self, key: &CardKey) -> Option<&RememberedCard> {
        self.slot_of(key).map(|slot| self.at(slot))
    }

    pub fn get_mut(&mut self, key: &CardKey) -> Option<&mut RememberedCard> {
        self.slot_of(key).map(|slot| self.at_mut(slot))
    }

    /// The card in one of the first `len` slots.
    pub fn at(&self, slot: usize) -> &RememberedCard {
        at(&self.blocks, slot as u32)
    }

    pub fn at_mut(&mut self, slot: usize) -> &mut RememberedCard {
        &mut self.blocks[slot / BLOCK][slot % BLOCK]
    }

    /// A card whose key is not there yet.
    pub fn push(&mut self, card: RememberedCard) -> &mut RememberedCard {
        let (slot, hash) = (self.len(), self.hashes.hash_one(card.key));
        match self.blocks.last_mut() {
            Some(block) if block.len() < BLOCK => block.push(card),
            _ => self.blocks.push(vec![card]),
        }
        let hash_of = |slot: &u32| self.hashes.hash_one(at(&self.blocks, *slot).key);
        self.table.insert_unique(hash, slot as u32, hash_of);
        self.at_mut(slot)
    }

    /// The last card comes into the slot of the one that goes.
    pub fn remove(&mut self, key: &CardKey) -> Option<RememberedCard> {
        let is_it = |slot: &u32| at(&self.blocks, *slot).key == *key;
        let found = self.table.find_entry(self.hashes.hash_one(key), is_it).ok()?;
        let slot = found.remove().0;
        let last = self.blocks.last_mut()?.pop()?;
        self.blocks.pop_if(|block| block.is_empty());
        let removed = match self.table.len() as u32 {
            of_last if of_last == slot => last,
            of_last => {
                let hash = self.hashes.hash_one(last.key);
                let moved = self.table.find_mut(hash, |slot| *slot == of_last);
                *moved.expect("a card has its number in the table") = slot;
                std::mem::replace(self.at_mut(slot as usize), last)
            }
        };
        self.make_the_table_fit();
        Some(removed)
    }

    fn make_the_table_fit(&mut self) {
        let room = self.table.capacity();
        if room > BLOCK && room > ROOMY * self.len() {
            let hash_of = |slot: &u32| self.hashes.hash_one(at(&self.blocks, *slot).key);
            self.table.shrink_to(2 * self.table.len(), hash_of);
        }
    }
}

fn at(blocks: &[Vec<RememberedCard>], slot: u32) -> &RememberedCard {
    &blocks[slot as usize / BLOCK][slot as usize % BLOCK]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;
    use crate::store::Shelf;
    use std::collections::BTreeMap;

    fn key(number: u64) -> CardKey {
        CardKey::number(Shelf(200), number)
    }

    fn card(number: u64, body: u8) -> RememberedCard {
        let body = Some(Box::from([body]));
        RememberedCard { key: key(number), body, pins: 0, asked_for: Cell::new(false) }
    }

    fn body_of(card: &RememberedCard) -> u8 {
        card.body.as_ref().expect("it has one")[0]
    }

    #[test]
    fn whatever_comes_and_goes_each_card_is_found_by_its_key() {
        let (mut slots, mut model) = (CardSlots::default(), BTreeMap::new());
        let mut dice = Dice::new(7);
        for turn in 0..40_000_u32 {
            // There are more and more of them, and then fewer.
            let comes = dice.below(10) < if turn < 20_000 { 7 } else { 3 };
            let (number, body) = (dice.below(5_000), dice.below(256) as u8);
            if comes && slots.slot_of(&key(number)).is_none() {
                slots.push(card(number, body));
                model.insert(number, body);
            } else if !comes {
                let removed = slots.remove(&key(number)).as_ref().map(body_of);
                assert_eq!(removed, model.remove(&number));
            }
            assert_eq!(slots.len(), model.len());
            if turn % 1_000 == 0 {
                for number in 0..5_000 {
                    let found = slots.get(&key(number)).map(body_of);
                    assert_eq!(found.as_ref(), model.get(&number));
                }
                let all: BTreeMap<_, _> = (0..slots.len())
                    .map(|slot| slots.at(slot))
                    .map(|card| (card.key, body_of(card)))
                    .collect();
                assert_eq!(all.len(), model.len(), "each has a slot of its own");
            }
        }
    }

    #[test]
    fn memory_is_what_the_cards_of_now_take_whatever_came_and_went() {
        let mut slots = CardSlots::default();
        for number in 0..10_000 {
            slots.push(card(number, 0));
        }
        for number in 0..1_000_000 {
            slots.push(card(10_000 + number, 0));
            slots.remove(&key(number));
        }
        assert_eq!((slots.len(), slots.blocks.len()), (10_000, 10_000_usize.div_ceil(BLOCK)));
        assert!(slots.table.capacity() <= 4 * 10_000, "{}", slots.table.capacity());
        (1_000_000..1_009_900).for_each(|number| drop(slots.remove(&key(number))));
        assert_eq!((slots.len(), slots.blocks.len()), (100, 1));
        assert!(slots.table.capacity() <= ROOMY * 100, "{}", slots.table.capacity());
    }
}
