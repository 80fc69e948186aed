//! Which tickets of a slice are free, and to which hold the others belong.
//!
//! An untouched ticket costs one bit of memory and no byte of disk; where only a few are taken, not
//! even that bit. Tickets are known by their place in the slice: number × copies + copy.

use super::lattice::{FEW, Lattice};
use super::pattern::Pattern;
use crate::dice::Dice;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

/// A ticket of a slice: the number in full, and which copy of it, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ticket {
    pub number: u32,
    pub copy: u16,
}

#[derive(Default)]
pub struct Stock {
    first_number: u32,
    own_digits: u8,
    copies: u32,
    lattice: Lattice,
    /// One bit per ticket, set while it is free. Not there until more than a few are taken.
    free: Option<Vec<u64>>,
    taken: HashMap<u32, u32>,
}

impl Stock {
    /// Everything free. `own_digits` are the digits that vary within the slice.
    pub fn full(first_number: u32, own_digits: u8, copies: u16) -> Stock {
        let lattice = Lattice::full(own_digits, copies as u32);
        Stock {
            first_number,
            own_digits,
            copies: copies as u32,
            lattice,
            free: None,
            taken: HashMap::new(),
        }
    }

    pub fn size(&self) -> u64 {
        10u64.pow(self.own_digits as u32) * self.copies as u64
    }

    pub fn free(&self) -> u64 {
        self.lattice.free() as u64
    }

    /// How many free tickets match, of how many.
    pub fn matching(&self, pattern: &Pattern) -> (u64, u64) {
        let own = self.own(pattern);
        let stars = own.iter().filter(|place| **place == super::pattern::STAR).count();
        (self.lattice.count(own) as u64, 10u64.pow(stars as u32) * self.copies as u64)
    }

    /// Up to `count` different free tickets that match, uniformly.
    pub fn pick(&self, pattern: &Pattern, count: usize, dice: &mut Dice) -> Vec<Ticket> {
        let mut numbers = Vec::with_capacity(count);
        let mut picked: Vec<Ticket> = Vec::with_capacity(count);
        while picked.len() < count {
            let Some((number, nth)) = self.lattice.pick(self.own(pattern), &numbers, dice) else {
                break;
            };
            numbers.push(number);
            let free = self
                .free_copies(number)
                .filter(|copy| !picked.contains(&self.ticket(number, *copy)));
            let copy = free.into_iter().nth(nth as usize);
            picked.push(
                self.ticket(number, copy.expect("the lattice counts the free copies of a number")),
            );
        }
        picked
    }

    pub fn holder(&self, ticket: &Ticket) -> Option<u32> {
        self.taken.get(&self.place(ticket)?).copied()
    }

    pub fn take(&mut self, ticket: &Ticket, hold: u32) {
        let Some(place) = self.place(ticket) else { return };
        if self.taken.insert(place, hold).is_none() {
            match &mut self.free {
                Some(free) => free[place as usize / 64] &= !(1 << (place % 64)),
                None if self.taken.len() > FEW => self.free = Some(self.bits()),
                None => {}
            }
            self.lattice.take(place / self.copies);
        }
    }

    fn bits(&self) -> Vec<u64> {
        let tickets = self.size() as usize;
        let mut free = vec![u64::MAX; tickets.div_ceil(64)];
        if let (Some(last), used @ 1..) = (free.last_mut(), tickets % 64) {
            *last = (1 << used) - 1;
        }
        self.taken.keys().for_each(|place| free[*place as usize / 64] &= !(1 << (place % 64)));
        free
    }

    pub fn give_back(&mut self, ticket: &Ticket) {
        let Some(place) = self.place(ticket) else { return };
        if self.taken.remove(&place).is_some() {
            if let Some(free) = &mut self.free {
                free[place as usize / 64] |= 1 << (place % 64);
            }
            self.lattice.give_back(place / self.copies);
        }
    }

    /// Tickets missing or in excess: the lattice, the bits if there are any, and the map must tell
    /// the same.
    pub fn imbalance(&self) -> i64 {
        let left = self.size() as i64 - self.taken.len() as i64;
        let counted = |free: &Vec<u64>| free.iter().map(|word| word.count_ones() as i64).sum();
        let bits = self.free.as_ref().map_or(left, counted);
        (left - bits).abs() + (left - self.free() as i64).abs()
    }

    fn own<'a>(&self, pattern: &'a Pattern) -> &'a [u8] {
        &pattern.places()[pattern.places().len() - self.own_digits as usize..]
    }

    fn ticket(&self, number: u32, copy: u32) -> Ticket {
        Ticket { number: self.first_number + number, copy: copy as u16 + 1 }
    }

    fn free_copies(&self, number: u32) -> impl Iterator<Item = u32> {
        let first = number * self.copies;
        (0..self.copies).filter(move |copy| self.is_free(first + copy))
    }

    fn is_free(&self, place: u32) -> bool {
        match &self.free {
            Some(free) => free[place as usize / 64] & 1 << (place % 64) != 0,
            None => !self.taken.contains_key(&place),
        }
    }

    /// None if the slice has no such ticket.
    fn place(&self, ticket: &Ticket) -> Option<u32> {
        let number = ticket
            .number
            .checked_sub(self.first_number)
            .filter(|n| *n < 10u32.pow(self.own_digits as u32))?;
        let copy = (ticket.copy as u32).checked_sub(1).filter(|copy| *copy < self.copies)?;
        Some(number * self.copies + copy)
    }
}
