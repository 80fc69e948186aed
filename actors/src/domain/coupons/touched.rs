//! To which slots anything ever happened.
//!
//! Free coupons are given in order, so all below a number are touched, and few above it: those that
//! were given by name, or voided. These cost two bytes each, or a bit where there are many.

use super::coupon::Slot;
use roaring::RoaringTreemap;
use serde::{Deserialize, Serialize};

/// The slots of which any may be touched before its turn.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Taken {
    /// Everything below is touched.
    next: Slot,
    /// Touched ones above it.
    ahead: RoaringTreemap,
}

/// A view of touched slots: all from the first on and below the end, and some above that.
#[derive(Clone, Copy)]
pub struct TouchedSlots<'a> {
    first: Slot,
    end: Slot,
    ahead: Option<&'a RoaringTreemap>,
}

impl Taken {
    pub fn next(&self) -> Slot {
        self.next
    }

    pub fn take(&mut self, slot: Slot) {
        if slot > self.next {
            self.ahead.insert(slot);
            return;
        }
        self.next = self.next.max(slot + 1);
        while self.ahead.remove(self.next) {
            self.next += 1;
        }
    }

    pub fn has(&self, slot: Slot) -> bool {
        self.slots().has(slot)
    }

    pub fn count(&self) -> u64 {
        self.next + self.ahead.len()
    }

    pub fn slots(&self) -> TouchedSlots<'_> {
        TouchedSlots { first: 0, end: self.next, ahead: Some(&self.ahead) }
    }
}

impl TouchedSlots<'_> {
    /// From the first to the last, without a gap.
    pub fn within(first: Slot, last: Slot) -> TouchedSlots<'static> {
        TouchedSlots { first, end: last + 1, ahead: None }
    }

    pub fn has(&self, slot: Slot) -> bool {
        (self.first..self.end).contains(&slot)
            || self.ahead.is_some_and(|ahead| ahead.contains(slot))
    }

    /// Those from that slot on, in order.
    pub fn from(&self, slot: Slot) -> impl Iterator<Item = Slot> {
        let ahead = self.ahead.map(|ahead| {
            let mut ahead = ahead.iter();
            ahead.advance_to(slot);
            ahead
        });
        (self.first.max(slot)..self.end).chain(ahead.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_free_slot_passes_by_those_that_were_taken_ahead() {
        let mut taken = Taken::default();
        for slot in [2, 1, 5] {
            taken.take(slot);
        }
        assert_eq!((taken.next(), taken.count()), (0, 3));
        taken.take(0);
        assert_eq!((taken.next(), taken.count()), (3, 4));
        assert_eq!(taken.slots().from(1).collect::<Vec<_>>(), [1, 2, 5]);
        assert_eq!(taken.slots().from(4).collect::<Vec<_>>(), [5]);
        assert!(taken.has(2) && taken.has(5) && !taken.has(3) && !taken.has(4));
    }

    #[test]
    fn slots_taken_at_random_cost_little() {
        let mut taken = Taken::default();
        (0..100_000u64).for_each(|n| taken.take(1 + n * 7919 % 10_000_000));
        let bytes = postcard::to_stdvec(&taken).unwrap().len();
        assert!(bytes < 250_000, "{bytes} bytes for 100,000");
    }
}
