//! Reading all names of a partition that have a card, so that a new name costs no look-up.
//!
//! A partition that wakes does not know them. It begins to read them, a page at a time and beside
//! everything else, once some names were looked up for nothing.

use super::card_memory::CardMemory;
use crate::cards::{CardKey, CardOwner, CardPlace};
use crate::id::Id;
use crate::store::{ListedRow, Page, Shelf};

/// So many look-ups for nothing are worth reading all names.
const IN_VAIN: u32 = 32;
const PAGE: usize = 4096;

#[derive(Default)]
pub struct Learning {
    in_vain: u32,
    at: Option<Place>,
    is_under_way: bool,
}

/// The next rows to be read.
struct Place {
    shelf: Shelf,
    share: u64,
    after: Option<Vec<u8>>,
}

impl Learning {
    /// A card was looked up, and perhaps there was none.
    pub fn note(&mut self, key: &CardKey, in_vain: bool) {
        if in_vain && matches!(key.place, CardPlace::Name(_)) {
            self.in_vain += 1;
        }
    }

    pub fn next(&mut self, shelf: Shelf, owner: &CardOwner) -> Option<Page> {
        if self.in_vain < IN_VAIN || self.is_under_way {
            return None;
        }
        self.is_under_way = true;
        let at = self.at.get_or_insert(Place { shelf, share: 0, after: None });
        let (shelf, owner, after) = (at.shelf, owner.share(at.share), at.after.clone());
        Some(Page { shelf, owner, after, limit: PAGE })
    }

    pub fn learned(&mut self, rows: Option<Vec<ListedRow>>, cards: &mut CardMemory) {
        self.is_under_way = false;
        let (Some(rows), Some(at)) = (rows, &mut self.at) else {
            // Another look-up in vain begins it again, where it stopped.
            self.in_vain = 0;
            return;
        };
        let name = |row: &ListedRow| Some(Id(row.key.as_slice().try_into().ok()?));
        cards.learn(at.shelf, rows.iter().filter_map(name));
        match rows.last() {
            Some(last) if rows.len() == PAGE => at.after = Some(last.key.clone()),
            _ if at.share + 1 < CardOwner::NAME_SHARES => {
                (at.share, at.after) = (at.share + 1, None)
            }
            _ => {
                cards.complete(at.shelf);
                self.at = None;
            }
        }
    }
}
