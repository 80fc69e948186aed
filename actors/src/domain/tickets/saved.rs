//! A slice as a snapshot keeps it: all that cannot be derived from the rest.

use super::books::{Live, Sold};
use super::rules::Slice;
use super::words::{Event, Terms};
use crate::machine::Machine;
use crate::time::Time;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Saved {
    opened: Option<(u8, Terms)>,
    next_hold: u32,
    live: Vec<(u32, Live)>,
    sold: Vec<(u32, Sold)>,
    released: Vec<u64>,
    ended: Vec<u32>,
    closing: bool,
    sealed: bool,
}

impl Serialize for Slice {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut live: Vec<_> =
            self.books.live.iter().map(|(hold, live)| (*hold, live.clone())).collect();
        let mut sold: Vec<_> =
            self.books.sold.iter().map(|(hold, sold)| (*hold, sold.clone())).collect();
        live.sort_by_key(|(hold, _)| *hold);
        sold.sort_by_key(|(hold, _)| *hold);
        let opened = self.terms.map(|terms| (self.lead, terms));
        let (closing, sealed) = (self.closing, self.sealed);
        let (released, ended) = (self.books.released.clone(), self.books.ended.clone());
        let saved = Saved {
            opened,
            next_hold: self.books.next_hold,
            live,
            sold,
            released,
            ended,
            closing,
            sealed,
        };
        saved.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Slice {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Slice, D::Error> {
        let saved = Saved::deserialize(deserializer)?;
        let mut slice = Slice::default();
        if let Some((lead, terms)) = saved.opened {
            slice.apply(&Event::Opened { lead, terms }, Time::default());
        }
        let books = &mut slice.books;
        saved.live.into_iter().for_each(|(hold, live)| books.insert_live(hold, live));
        saved.sold.into_iter().for_each(|(hold, sold)| books.restore_sold(hold, sold));
        (books.next_hold, books.released, books.ended) =
            (saved.next_hold, saved.released, saved.ended);
        Ok(Slice { closing: saved.closing, sealed: saved.sealed, ..slice })
    }
}
