//! Reading all names of a partition that have a card, so that a new name costs no look-up.
//!
//! A partition that wakes does not know them. It begins to read them, a page at a time and beside
//! everything else, once some names were looked up for nothing.

use super::card_memory::CardMemory;
use crate::cards::{CardKey, CardOwner, CardPlace, NameShelf, NamesStandOn};
use crate::id::Id;
use crate::machine::Machine;
use crate::store::{ListedRow, Page};

/// So many look-ups for nothing are worth reading all names.
const IN_VAIN: u32 = 8;
const PAGE: usize = 4096;

#[derive(Default)]
pub struct Learning {
    in_vain: u32,
    at: Option<Place>,
    is_under_way: bool,
}

/// The next rows to be read.
struct Place {
    names: &'static NameShelf,
    share: u64,
    after: Option<Vec<u8>>,
}

impl Learning {
    /// A card was looked up, and perhaps there was none.
    pub fn note(&mut self, key: &CardKey, in_vain: bool) {
        if in_vain && !matches!(key.place, CardPlace::Number(_)) {
            self.in_vain += 1;
        }
    }

    pub fn next<M: Machine>(
        &mut self,
        machine: &M,
        lies_at: &CardOwner,
        cards: &mut CardMemory,
    ) -> Option<Page> {
        if self.in_vain < IN_VAIN || self.is_under_way {
            return None;
        }
        loop {
            let names = cards.incomplete()?;
            let at = self.at.get_or_insert(Place { names, share: 0, after: None });
            let (shelf, share) = match &names.stand_on {
                NamesStandOn::Themselves => {
                    (names.shelf, (at.share < CardOwner::NAME_SHARES).then_some(at.share))
                }
                NamesStandOn::Numbers { shelf, .. } => {
                    let next = machine.next_number(*shelf, CardOwner::first_of(at.share));
                    (*shelf, next.map(|number| CardOwner::of_number(number).0))
                }
            };
            let Some(share) = share else {
                cards.complete(names.shelf);
                self.at = None;
                continue;
            };
            if share != at.share {
                (at.share, at.after) = (share, None);
            }
            self.is_under_way = true;
            let (owner, after) = (lies_at.share(share), at.after.clone());
            return Some(Page { shelf, owner, after, limit: PAGE });
        }
    }

    pub fn learned(&mut self, rows: Option<Vec<ListedRow>>, cards: &mut CardMemory) {
        self.is_under_way = false;
        let (Some(rows), Some(at)) = (rows, &mut self.at) else {
            // Another look-up in vain begins it again, where it stopped.
            self.in_vain = 0;
            return;
        };
        let name = |row: &ListedRow| match &at.names.stand_on {
            NamesStandOn::Themselves => Some(Id(row.key.as_slice().try_into().ok()?)),
            NamesStandOn::Numbers { name_on, .. } => name_on(&row.body),
        };
        cards.learn(at.names.shelf, rows.iter().filter_map(name));
        match rows.last() {
            Some(last) if rows.len() == PAGE => at.after = Some(last.key.clone()),
            _ => (at.share, at.after) = (at.share + 1, None),
        }
    }
}
