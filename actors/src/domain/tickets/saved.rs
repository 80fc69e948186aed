//! A slice as a snapshot keeps it: all that cannot be derived from the rest.

use super::books::{Live, LivePart};
use super::names::OrderNumber;
use super::rules::Slice;
use super::taken::TakenPlaces;
use super::terms::SliceTerms;
use crate::domain::pool::Edition;
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct Saved<'a> {
    opened: Option<(u8, &'a SliceTerms)>,
    next_hold: u32,
    live: Vec<(u32, &'a Live)>,
    parts: Vec<(OrderNumber, &'a LivePart)>,
    taken: &'a TakenPlaces,
    sold_tickets: u64,
    closing: bool,
    sealed: bool,
    edition: Edition,
    touched: bool,
}

/// The same, as it is read.
#[derive(Deserialize)]
struct Read {
    opened: Option<(u8, Box<SliceTerms>)>,
    next_hold: u32,
    live: Vec<(u32, Live)>,
    parts: Vec<(OrderNumber, LivePart)>,
    taken: TakenPlaces,
    sold_tickets: u64,
    closing: bool,
    sealed: bool,
    edition: Edition,
    touched: bool,
}

impl Serialize for Slice {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut live: Vec<_> = self.books.live.iter().map(|(hold, live)| (*hold, live)).collect();
        live.sort_by_key(|(hold, _)| *hold);
        let mut parts: Vec<_> =
            self.books.parts.iter().map(|(order, part)| (*order, part)).collect();
        parts.sort_by_key(|(order, _)| *order);
        let saved = Saved {
            opened: self.terms.as_deref().map(|terms| (self.lead, terms)),
            next_hold: self.books.next_hold,
            live,
            parts,
            taken: self.books.stock.taken(),
            sold_tickets: self.books.sold_tickets,
            closing: self.closing,
            sealed: self.sealed,
            edition: self.edition,
            touched: self.touched,
        };
        saved.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Slice {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Slice, D::Error> {
        let read = Read::deserialize(deserializer)?;
        let mut slice = Slice::default();
        if let Some((lead, terms)) = read.opened {
            slice.open(lead, terms);
            slice.books.stock = slice.books.stock.with(read.taken);
        }
        let books = &mut slice.books;
        read.live.into_iter().for_each(|(hold, live)| books.insert_live(hold, live));
        read.parts.into_iter().for_each(|(order, part)| books.insert_part(order, part));
        (books.next_hold, books.sold_tickets) = (read.next_hold, read.sold_tickets);
        let Read { closing, sealed, edition, touched, .. } = read;
        Ok(Slice { closing, sealed, edition, touched, ..slice })
    }
}
