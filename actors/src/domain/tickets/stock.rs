//! Which tickets of a slice are free.
//!
//! An untouched ticket costs no byte, and a taken one some bytes while few are, and a bit when many
//! are. Tickets are known by their place in the slice: number × copies + copy. Whose a taken ticket
//! is, its hold says while it lives, and then a card.

use super::lattice::Lattice;
use super::pattern::{MOST_DIGITS, Pattern, STAR};
use super::runs::NumberSet;
use super::taken::TakenPlaces;
use crate::dice::Dice;
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
    /// Some: only so many numbers exist.
    numbers: Option<u32>,
    lattice: Lattice,
    taken: TakenPlaces,
    /// Numbers of which no copy is free. Kept where there are several copies: where there is one,
    /// these are the places that are taken.
    gone: TakenPlaces,
}

impl Stock {
    /// Everything free. `own_digits` are the digits that vary within the slice.
    pub fn full(first_number: u32, own_digits: u8, copies: u16) -> Stock {
        let copies = u32::from(copies);
        let lattice = Lattice::full(own_digits, copies);
        Stock { first_number, own_digits, copies, lattice, ..Stock::default() }
    }

    /// The same with so many numbers only.
    pub fn of_numbers(self, numbers: Option<u32>) -> Stock {
        Stock { numbers, lattice: self.lattice.ending_at(numbers), ..self }
    }

    /// The same stock with these places taken and no others.
    pub fn with(self, taken: TakenPlaces) -> Stock {
        let numbers = taken.iter().map(|place| place / self.copies);
        let lattice = Lattice::without(self.own_digits, self.copies, numbers, taken.len());
        let mut stock = Stock { lattice: lattice.ending_at(self.numbers), taken, ..self };
        if stock.copies > 1 {
            stock.gone = stock.count_gone();
        }
        stock
    }

    pub fn taken(&self) -> &TakenPlaces {
        &self.taken
    }

    pub fn size(&self) -> u64 {
        u64::from(self.numbers()) * u64::from(self.copies)
    }

    pub fn free(&self) -> u64 {
        self.lattice.free() as u64
    }

    /// How many free tickets match, of how many.
    pub fn matching(&self, pattern: &Pattern) -> (u64, u64) {
        let own = self.own(pattern);
        (u64::from(self.lattice.count(own)), u64::from(self.lattice.all(own)))
    }

    /// The same of a tenth of the numbers each: those that begin with that digit in the slice.
    pub fn tenths(&self) -> [(u64, u64); 10] {
        let mut places = [STAR; MOST_DIGITS as usize];
        std::array::from_fn(|digit| {
            places[0] = digit as u8;
            let own = &places[..usize::from(self.own_digits)];
            (u64::from(self.lattice.count(own)), u64::from(self.lattice.all(own)))
        })
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

    /// A ticket of each number of a run of free ones that match: of one of the longest runs, but of
    /// no more than `most` numbers.
    pub fn pick_run(&self, pattern: &Pattern, most: usize, dice: &mut Dice) -> Vec<Ticket> {
        let (length, begin) = self.longest_runs(pattern, most);
        let first = begin.pick(dice).into_iter();
        let numbers = first.flat_map(|first| first..first + length as u32);
        let ticket = |number| Some(self.ticket(number, self.free_copies(number).next()?));
        numbers.filter_map(ticket).collect()
    }

    /// How many numbers follow one another that match and are free, but for more than `most`.
    pub fn longest_run(&self, pattern: &Pattern, most: usize) -> usize {
        self.longest_runs(pattern, most).0
    }

    fn count_gone(&self) -> TakenPlaces {
        let (mut gone, mut last) = (TakenPlaces::default(), None);
        for number in self.taken.iter().map(|place| place / self.copies) {
            if last.replace(number) != Some(number) && self.lattice.is_gone(number) {
                gone.insert(number);
            }
        }
        gone
    }

    fn longest_runs(&self, pattern: &Pattern, most: usize) -> (usize, NumberSet) {
        let gone = if self.copies > 1 { &self.gone } else { &self.taken };
        NumberSet::matching(self.own(pattern), self.numbers()).without(gone).longest_runs(most)
    }

    /// Whether it is held or sold.
    pub fn is_taken(&self, ticket: &Ticket) -> bool {
        self.place(ticket).is_some_and(|place| self.taken.contains(place))
    }

    /// Whether there is such a ticket.
    pub fn has(&self, ticket: &Ticket) -> bool {
        self.place(ticket).is_some()
    }

    pub fn take(&mut self, ticket: &Ticket) {
        let Some(place) = self.place(ticket) else { return };
        if self.taken.insert(place) {
            let number = place / self.copies;
            self.lattice.take(number);
            if self.copies > 1 && self.lattice.is_gone(number) {
                self.gone.insert(number);
            }
        }
    }

    pub fn give_back(&mut self, ticket: &Ticket) {
        let Some(place) = self.place(ticket) else { return };
        if self.taken.remove(place) {
            let number = place / self.copies;
            self.lattice.give_back(number);
            if self.copies > 1 {
                self.gone.remove(number);
            }
        }
    }

    /// Tickets missing or in excess: the lattice and the places that are taken must tell the same.
    pub fn imbalance(&self) -> i64 {
        let left = self.size() as i64 - self.taken.len() as i64;
        (left - self.free() as i64).abs() + self.taken.imbalance() + self.gone.imbalance()
    }

    fn numbers(&self) -> u32 {
        self.numbers.unwrap_or(10u32.pow(self.own_digits as u32))
    }

    fn own<'a>(&self, pattern: &'a Pattern) -> &'a [u8] {
        &pattern.places()[pattern.places().len() - self.own_digits as usize..]
    }

    fn ticket(&self, number: u32, copy: u32) -> Ticket {
        Ticket { number: self.first_number + number, copy: copy as u16 + 1 }
    }

    fn free_copies(&self, number: u32) -> impl Iterator<Item = u32> {
        let first = number * self.copies;
        (0..self.copies).filter(move |copy| !self.taken.contains(first + copy))
    }

    /// None if the slice has no such ticket.
    fn place(&self, ticket: &Ticket) -> Option<u32> {
        let number = ticket
            .number
            .checked_sub(self.first_number)
            .filter(|number| *number < self.numbers())?;
        let copy = (ticket.copy as u32).checked_sub(1).filter(|copy| *copy < self.copies)?;
        Some(number * self.copies + copy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_without_a_free_copy_are_kept_apart_only_where_there_are_several_copies() {
        for (copies, apart) in [(1, 0), (2, 1)] {
            let mut stock = Stock::full(3000, 3, copies);
            (1..=copies).for_each(|copy| stock.take(&Ticket { number: 3007, copy }));
            stock.take(&Ticket { number: 3008, copy: 1 });
            assert_eq!((stock.taken.len(), stock.gone.len()), (u64::from(copies) + 1, apart));
        }
    }
}
