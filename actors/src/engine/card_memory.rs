//! The cards that a partition remembers.
//!
//! Those that an event has written and the store may not show yet are kept until it does. Those
//! that a parked request waits for are kept until it is served. All others go when the node has no
//! more room for cards: the ones that were not asked for since they were last looked at go first.

use super::card_slots::{CardSlots, RememberedCard};
use super::name_filter::NameFilter;
use crate::cards::{Card, CardKey, CardPlace, KnownCards, NameShelf, Unknown};
use crate::store::Shelf;
use hashbrown::HashMap;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How much memory cards may take, for all partitions of a node.
#[derive(Debug)]
pub struct CardBudget {
    limit: usize,
    used: AtomicUsize,
}

impl CardBudget {
    pub fn new(limit: usize) -> Arc<CardBudget> {
        Arc::new(CardBudget { limit, used: AtomicUsize::new(0) })
    }

    /// For one partition alone.
    pub fn unlimited() -> Arc<CardBudget> {
        CardBudget::new(usize::MAX)
    }

    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    pub fn is_exceeded(&self) -> bool {
        self.used() > self.limit
    }

    fn take(&self, bytes: usize) {
        self.used.fetch_add(bytes, Ordering::Relaxed);
    }

    fn give_back(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

pub struct CardMemory {
    cards: CardSlots,
    /// The slot that is looked at next when there is no more room.
    hand: usize,
    /// Cards that parked requests wait for, and how many do.
    reserved: HashMap<CardKey, u32>,
    names: Vec<KnownNames>,
    seldom_read: &'static [Shelf],
    budget: Arc<CardBudget>,
    bytes: usize,
}

/// The names of one shelf that may have a card.
struct KnownNames {
    of: &'static NameShelf,
    filter: NameFilter,
    /// Every name with a card is in the filter.
    complete: bool,
    bytes: usize,
}

/// What a card costs beside its body: its slot, its number in the table, and what the allocator
/// adds.
const OVERHEAD: usize = 88;

impl CardMemory {
    /// `is_new`: nothing was ever written, so all names are known to have no card.
    pub fn new(names: &'static [NameShelf], is_new: bool, budget: Arc<CardBudget>) -> CardMemory {
        let known = |of: &'static NameShelf| KnownNames {
            of,
            filter: NameFilter::default(),
            complete: is_new,
            bytes: 0,
        };
        CardMemory {
            cards: CardSlots::default(),
            hand: 0,
            reserved: HashMap::new(),
            names: names.iter().map(known).collect(),
            seldom_read: &[],
            budget,
            bytes: 0,
        }
    }

    /// The same; cards of these shelves are forgotten as soon as nobody needs them.
    pub fn forgetting_soon(mut self, seldom_read: &'static [Shelf]) -> CardMemory {
        self.seldom_read = seldom_read;
        self
    }

    /// What an event has written. It stays until it is let go, as often as it was written.
    pub fn write(&mut self, Card { key, body }: &Card) {
        if let (CardPlace::Name(name) | CardPlace::Member(name), Some(_)) = (&key.place, body)
            && let Some(names) = self.names.iter_mut().find(|names| names.of.shelf == key.shelf)
        {
            names.filter.add(name);
            self.account_for_names();
        }
        self.set(*key, body.as_deref().map(Into::into)).pins += 1;
    }

    /// What the store has, unless an event has written the card since it was asked.
    pub fn found(&mut self, key: CardKey, body: Option<Vec<u8>>) {
        if self.cards.slot_of(&key).is_none() {
            self.set(key, body.map(Into::into));
            self.forget_soon(&key);
        }
    }

    /// The store shows what was written.
    pub fn let_go(&mut self, key: &CardKey) {
        if let Some(card) = self.cards.get_mut(key) {
            card.pins = card.pins.saturating_sub(1);
            self.forget_soon(key);
        }
    }

    /// Keeps the card, from the moment it is in memory.
    pub fn reserve(&mut self, key: CardKey) {
        *self.reserved.entry(key).or_default() += 1;
    }

    pub fn release(&mut self, key: &CardKey) {
        if let Some(reserved) = self.reserved.get_mut(key) {
            *reserved -= 1;
            if *reserved == 0 {
                self.reserved.remove(key);
                self.forget_soon(key);
            }
        }
    }

    /// Forgets cards until the node's budget is kept, or all were looked at twice.
    pub fn make_room(&mut self) {
        self.look_through(2 * self.cards.len());
    }

    /// The same, but only some: others have cards, too.
    pub fn make_some_room(&mut self) {
        self.look_through(self.cards.len() / 4 + 1);
    }

    /// The last card comes into the slot of one that goes. It is the youngest, and is passed by.
    fn look_through(&mut self, mut left: usize) {
        while left > 0 && self.budget.is_exceeded() && self.cards.len() > 0 {
            left -= 1;
            let slot = self.hand % self.cards.len();
            self.hand = slot + 1;
            let card = self.cards.at(slot);
            let key = card.key;
            let is_spared =
                card.pins > 0 || card.asked_for.replace(false) || self.reserved.contains_key(&key);
            if !is_spared {
                self.forget(&key);
            }
        }
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The first shelf whose names are not all known.
    pub fn incomplete(&self) -> Option<&'static NameShelf> {
        self.names.iter().find(|names| !names.complete).map(|names| names.of)
    }

    /// Names of that shelf that have a card.
    pub fn learn(&mut self, shelf: Shelf, learned: impl Iterator<Item = crate::id::Id>) {
        if let Some(names) = self.names.iter_mut().find(|names| names.of.shelf == shelf) {
            learned.for_each(|name| names.filter.add(&name));
        }
        self.account_for_names();
    }

    /// All names of that shelf were learned.
    pub fn complete(&mut self, shelf: Shelf) {
        if let Some(names) = self.names.iter_mut().find(|names| names.of.shelf == shelf) {
            names.complete = true;
        }
    }

    fn set(&mut self, key: CardKey, body: Option<Box<[u8]>>) -> &mut RememberedCard {
        self.take(cost(&body));
        match self.cards.slot_of(&key) {
            Some(slot) => {
                let before = std::mem::replace(&mut self.cards.at_mut(slot).body, body);
                self.give_back(cost(&before));
                self.cards.at_mut(slot)
            }
            None => {
                let asked_for = Cell::new(false);
                self.cards.push(RememberedCard { key, body, pins: 0, asked_for })
            }
        }
    }

    fn take(&mut self, bytes: usize) {
        self.budget.take(bytes);
        self.bytes += bytes;
    }

    fn give_back(&mut self, bytes: usize) {
        self.budget.give_back(bytes);
        self.bytes -= bytes;
    }

    /// Forgets a card of a shelf that is seldom read, if nobody needs it.
    fn forget_soon(&mut self, key: &CardKey) {
        let is_needed = |card: &RememberedCard| card.pins > 0 || self.reserved.contains_key(key);
        if self.seldom_read.contains(&key.shelf)
            && self.cards.get(key).is_some_and(|card| !is_needed(card))
        {
            self.forget(key);
        }
    }

    fn forget(&mut self, key: &CardKey) {
        if let Some(card) = self.cards.remove(key) {
            self.give_back(cost(&card.body));
        }
    }

    fn account_for_names(&mut self) {
        for names in &mut self.names {
            let bytes = names.filter.bytes();
            if bytes != names.bytes {
                self.budget.take(bytes - names.bytes);
                self.bytes += bytes - names.bytes;
                names.bytes = bytes;
            }
        }
    }
}

fn cost(body: &Option<Box<[u8]>>) -> usize {
    OVERHEAD + body.as_ref().map_or(0, |body| body.len())
}

impl KnownCards for CardMemory {
    fn known(&self, key: &CardKey) -> Result<Option<&[u8]>, Unknown> {
        if let Some(card) = self.cards.get(key) {
            // A card that was looked up to be read once, as in a long list, makes room soon.
            if self.reserved.is_empty() || !self.reserved.contains_key(key) {
                card.asked_for.set(true);
            }
            return Ok(card.body.as_deref());
        }
        match &key.place {
            CardPlace::Name(name) | CardPlace::Member(name)
                if self.names.iter().any(|names| {
                    names.of.shelf == key.shelf && names.complete && !names.filter.may_have(name)
                }) =>
            {
                Ok(None)
            }
            _ => Err(Unknown),
        }
    }
}

impl Drop for CardMemory {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cards::NamesStandOn;
    use crate::id::Id;

    const SLOTS: Shelf = Shelf(200);
    const NAMES: Shelf = Shelf(201);
    const NAMED: &[NameShelf] = &[NameShelf { shelf: NAMES, stand_on: NamesStandOn::Themselves }];

    fn slot(number: u64) -> CardKey {
        CardKey::number(SLOTS, number)
    }

    fn card(key: CardKey, body: &[u8]) -> Card {
        Card { key, body: Some(body.to_vec()) }
    }

    #[test]
    fn what_an_event_wrote_stays_until_it_is_let_go_and_what_the_store_had_before_counts_not() {
        let budget = CardBudget::new(0);
        let mut memory = CardMemory::new(&[], true, budget.clone());
        memory.write(&card(slot(1), b"new"));
        memory.found(slot(1), Some(b"old".to_vec()));
        memory.make_room();
        assert_eq!(memory.known(&slot(1)), Ok(Some(&b"new"[..])));
        memory.let_go(&slot(1));
        memory.make_room();
        assert_eq!(memory.known(&slot(1)), Err(Unknown));
        assert_eq!((budget.used(), memory.bytes()), (0, 0));
    }

    #[test]
    fn the_card_that_was_asked_for_outlives_the_one_that_was_not() {
        let budget = CardBudget::new(2 * (OVERHEAD + 1));
        let mut memory = CardMemory::new(&[], true, budget);
        for number in 1..=2 {
            memory.found(slot(number), Some(vec![0]));
        }
        let _ = memory.known(&slot(1));
        memory.found(slot(3), Some(vec![0]));
        memory.make_room();
        assert_eq!(memory.known(&slot(2)), Err(Unknown));
        assert!(memory.known(&slot(1)).is_ok() && memory.known(&slot(3)).is_ok());
    }

    #[test]
    fn some_room_is_made_by_a_quarter_at_a_time() {
        let mut memory = CardMemory::new(&[], true, CardBudget::new(0));
        (0..100).for_each(|number| memory.found(slot(number), Some(vec![0])));
        memory.make_some_room();
        assert!((74..100).contains(&memory.cards.len()), "{} are left", memory.cards.len());
        memory.make_room();
        assert_eq!(memory.cards.len(), 0);
    }

    #[test]
    fn a_card_that_is_seldom_read_stays_only_as_long_as_somebody_needs_it() {
        let budget = CardBudget::unlimited();
        let mut memory = CardMemory::new(&[], true, budget.clone()).forgetting_soon(&[SLOTS]);
        memory.write(&card(slot(1), b"written twice"));
        memory.write(&card(slot(1), b"written"));
        memory.let_go(&slot(1));
        assert_eq!(memory.known(&slot(1)), Ok(Some(&b"written"[..])));
        memory.reserve(slot(1));
        memory.reserve(slot(2));
        memory.let_go(&slot(1));
        memory.found(slot(2), Some(b"read".to_vec()));
        assert_eq!(memory.known(&slot(1)), Ok(Some(&b"written"[..])));
        assert_eq!(memory.known(&slot(2)), Ok(Some(&b"read"[..])));
        memory.release(&slot(1));
        memory.release(&slot(2));
        memory.found(slot(3), None);
        assert!((1..=3).all(|number| memory.known(&slot(number)).is_err()));
        assert_eq!((budget.used(), memory.cards.len()), (0, 0));
    }

    #[test]
    fn a_new_name_is_known_to_have_no_card_once_all_names_were_learned() {
        let name = |n: u8| CardKey::name(NAMES, Id([n; 16]));
        let mut memory = CardMemory::new(NAMED, false, CardBudget::unlimited());
        assert_eq!(memory.known(&name(1)), Err(Unknown));
        memory.learn(NAMES, [Id([7; 16])].into_iter());
        assert_eq!((memory.bytes(), memory.budget.used()), (4096, 4096), "the first layer");
        memory.complete(NAMES);
        assert!(memory.incomplete().is_none());
        assert_eq!(memory.known(&name(1)), Ok(None));
        assert_eq!(memory.known(&name(7)), Err(Unknown));
        assert_eq!(memory.known(&slot(7)), Err(Unknown));
    }

    #[test]
    fn the_budget_is_given_back_at_the_end() {
        let budget = CardBudget::new(1_000);
        let mut memory = CardMemory::new(NAMED, true, budget.clone());
        memory.write(&card(CardKey::name(NAMES, Id([7; 16])), b"body"));
        assert!(budget.used() > OVERHEAD);
        drop(memory);
        assert_eq!(budget.used(), 0);
    }
}
