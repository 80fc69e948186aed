//! The places of a slice that are taken, in few bytes whether few are taken or most.
//!
//! They lie in pages of 65,536. A page with few of them lists them; one with more has a bit for
//! each place. What nobody touched costs nothing. How a page looks depends on nothing but what is
//! taken, so equal sets have equal bytes.

use serde::{Deserialize, Serialize, Serializer};

/// Places of a page that are listed: two bytes each, a quarter of its bits.
const LISTED: usize = 1024;
/// Words of 64 bits that a page is.
const PAGE_WORDS: usize = 65_536 / 64;

#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenPlaces {
    count: u64,
    /// The last one is never empty.
    pages: Vec<TakenPage>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
enum TakenPage {
    /// In their order.
    Listed(Vec<u16>),
    Marked(Marks),
}

/// A bit for each place of a page up to the last that is set, and how many are set.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Marks {
    count: u32,
    #[serde(serialize_with = "as_bytes")]
    bits: Vec<u8>,
}

impl TakenPlaces {
    pub fn len(&self) -> u64 {
        self.count
    }

    pub fn contains(&self, place: u32) -> bool {
        let (page, within) = split(place);
        self.pages.get(page).is_some_and(|page| page.contains(within))
    }

    /// Whether it was not there before.
    pub fn insert(&mut self, place: u32) -> bool {
        let (page, within) = split(place);
        if self.pages.len() <= page {
            self.pages.resize_with(page + 1, TakenPage::default);
        }
        let is_new = self.pages[page].insert(within);
        self.count += u64::from(is_new);
        is_new
    }

    /// Whether it was there.
    pub fn remove(&mut self, place: u32) -> bool {
        let (page, within) = split(place);
        let was_there = self.pages.get_mut(page).is_some_and(|page| page.remove(within));
        self.count -= u64::from(was_there);
        while self.pages.last().is_some_and(|page| page.len() == 0) {
            self.pages.pop();
        }
        was_there
    }

    /// In their order.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        self.pages.iter().enumerate().flat_map(|(page, places)| {
            places.all().into_iter().map(move |within| (page as u32) << 16 | u32::from(within))
        })
    }

    /// The places as bits, 64 at a time: the number of the word, and some of its bits.
    pub fn each_word(&self, mut see: impl FnMut(usize, u64)) {
        for (page, places) in self.pages.iter().enumerate() {
            let first = page * PAGE_WORDS;
            match places {
                TakenPage::Listed(places) => places.iter().for_each(|place| {
                    see(first + usize::from(place / 64), 1 << (place % 64));
                }),
                TakenPage::Marked(marks) => {
                    for (word, bytes) in marks.bits.chunks(8).enumerate() {
                        let mut bits = [0; 8];
                        bits[..bytes.len()].copy_from_slice(bytes);
                        see(first + word, u64::from_le_bytes(bits));
                    }
                }
            }
        }
    }

    /// How many more or fewer the pages have than were counted.
    pub fn imbalance(&self) -> i64 {
        let counted: usize = self.pages.iter().map(TakenPage::counted).sum();
        (self.count as i64 - counted as i64).abs()
    }
}

fn split(place: u32) -> (usize, u16) {
    ((place >> 16) as usize, place as u16)
}

impl Default for TakenPage {
    fn default() -> TakenPage {
        TakenPage::Listed(Vec::new())
    }
}

impl TakenPage {
    fn len(&self) -> usize {
        match self {
            TakenPage::Listed(places) => places.len(),
            TakenPage::Marked(marks) => marks.count as usize,
        }
    }

    fn contains(&self, place: u16) -> bool {
        match self {
            TakenPage::Listed(places) => places.binary_search(&place).is_ok(),
            TakenPage::Marked(marks) => marks.has(place),
        }
    }

    fn insert(&mut self, place: u16) -> bool {
        match self {
            TakenPage::Marked(marks) => return marks.set(place),
            TakenPage::Listed(places) => match places.binary_search(&place) {
                Ok(_) => return false,
                Err(at) => places.insert(at, place),
            },
        }
        if let TakenPage::Listed(places) = self
            && places.len() > LISTED
        {
            let mut marks = Marks::default();
            for place in places {
                marks.set(*place);
            }
            *self = TakenPage::Marked(marks);
        }
        true
    }

    fn remove(&mut self, place: u16) -> bool {
        let was_there = match self {
            TakenPage::Listed(places) => {
                places.binary_search(&place).map(|at| places.remove(at)).is_ok()
            }
            TakenPage::Marked(marks) => marks.unset(place),
        };
        if let TakenPage::Marked(marks) = self
            && marks.count as usize <= LISTED
        {
            *self = TakenPage::Listed(marks.all());
        }
        was_there
    }

    fn all(&self) -> Vec<u16> {
        match self {
            TakenPage::Listed(places) => places.clone(),
            TakenPage::Marked(marks) => marks.all(),
        }
    }

    fn counted(&self) -> usize {
        match self {
            TakenPage::Listed(places) => places.len(),
            TakenPage::Marked(marks) => {
                marks.bits.iter().map(|byte| byte.count_ones() as usize).sum()
            }
        }
    }
}

impl Marks {
    fn has(&self, place: u16) -> bool {
        let (byte, bit) = bit_of(place);
        self.bits.get(byte).is_some_and(|bits| bits & bit != 0)
    }

    fn set(&mut self, place: u16) -> bool {
        let (byte, bit) = bit_of(place);
        if self.bits.len() <= byte {
            self.bits.resize(byte + 1, 0);
        }
        let is_new = self.bits[byte] & bit == 0;
        self.bits[byte] |= bit;
        self.count += u32::from(is_new);
        is_new
    }

    fn unset(&mut self, place: u16) -> bool {
        let was_set = self.has(place);
        if was_set {
            let (byte, bit) = bit_of(place);
            self.bits[byte] &= !bit;
            self.count -= 1;
        }
        while self.bits.last() == Some(&0) {
            self.bits.pop();
        }
        was_set
    }

    fn all(&self) -> Vec<u16> {
        let bytes = (0u16..).zip(&self.bits);
        bytes
            .flat_map(|(byte, bits)| {
                (0..8).filter(move |bit| bits & 1 << bit != 0).map(move |bit| byte * 8 + bit)
            })
            .collect()
    }
}

fn bit_of(place: u16) -> (usize, u8) {
    (usize::from(place / 8), 1 << (place % 8))
}

/// All at once: one by one they would take as long as all the rest of a snapshot.
fn as_bytes<S: Serializer>(bits: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;
    use std::collections::BTreeSet;

    fn bytes(places: &TakenPlaces) -> Vec<u8> {
        postcard::to_stdvec(places).expect("it is plain data")
    }

    #[test]
    fn it_is_the_set_that_it_seems_to_be_whatever_was_put_in_and_taken_out() {
        let (mut places, mut plain, mut dice) =
            (TakenPlaces::default(), BTreeSet::new(), Dice::new(3));
        // First more go in than come out, then the other way round.
        for step in 0..20_000 {
            let place = 60_000 + dice.below(12_000) as u32;
            match dice.below(10) < if step < 10_000 { 8 } else { 2 } {
                true => assert_eq!(places.insert(place), plain.insert(place)),
                false => assert_eq!(places.remove(place), plain.remove(&place)),
            }
            assert_eq!(places.contains(place), plain.contains(&place));
            assert_eq!((places.len(), places.imbalance()), (plain.len() as u64, 0));
        }
        assert!(places.iter().eq(plain.iter().copied()));
        let again: TakenPlaces = postcard::from_bytes(&bytes(&places)).expect("it was written so");
        assert_eq!(again, places);
        plain.iter().for_each(|place| assert!(places.remove(*place)));
        assert_eq!(places, TakenPlaces::default());
    }

    #[test]
    fn equal_sets_have_equal_bytes_whatever_came_before() {
        for (each, more) in [(99, false), (20, true)] {
            let (mut grown, mut shrunk) = (TakenPlaces::default(), TakenPlaces::default());
            (0..50_000).for_each(|place| assert!(shrunk.insert(place)));
            let goes = |place: &u32| !place.is_multiple_of(each) || *place > 40_000;
            (0..50_000).filter(goes).for_each(|place| assert!(shrunk.remove(place)));
            let stays = (0..50_000).rev().filter(|place| !goes(place));
            stays.for_each(|place| assert!(grown.insert(place)));
            assert_eq!(matches!(grown.pages[0], TakenPage::Marked(_)), more);
            assert_eq!(bytes(&grown), bytes(&shrunk));
        }
    }

    #[test]
    fn few_cost_some_bytes_each_and_all_a_bit_each() {
        let (mut few, mut all) = (TakenPlaces::default(), TakenPlaces::default());
        (0..100).for_each(|place| assert!(few.insert(place * 10_000)));
        (0..100_000).for_each(|place| assert!(all.insert(place)));
        assert!(bytes(&few).len() < 1_000, "{}", bytes(&few).len());
        assert!(bytes(&all).len() < 13_000, "{}", bytes(&all).len());
    }

    #[test]
    fn a_count_that_is_not_that_of_its_pages_is_out() {
        let mut places = TakenPlaces::default();
        (0..100).for_each(|place| assert!(places.insert(place * 1000)));
        places.count += 3;
        assert_eq!(places.imbalance(), 3);
    }
}
