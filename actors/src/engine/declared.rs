//! What facts leave in the store: rows of lists, and cards as the rows that they are.
//!
//! It follows from the log alone, so a store that has lost some of it makes it again.

use super::record::{self, Entry};
use crate::cards::{Card, CardOwner};
use crate::machine::{Machine, partition_id};
use crate::store::{Frame, Row};
use crate::time::Time;

/// Adds what one fact declares, and shows each card that it writes.
pub(super) fn declare<M: Machine>(
    name: &M::Name,
    lies_at: &CardOwner,
    event: &M::Event,
    at: Time,
    rows: &mut Vec<Row>,
    mut show: impl FnMut(&Card),
) {
    M::rows(name, event, at, rows);
    let mut cards = Vec::new();
    M::cards(event, at, &mut cards);
    for card in cards {
        show(&card);
        rows.push(lies_at.row(card));
    }
}

/// All that the facts of a frame declare. A frame that cannot be read declares nothing: what is
/// wrong with it is said when its partition is opened.
pub fn rows_of<M: Machine>(name: &str, frame: &Frame) -> Vec<Row> {
    let mut rows = Vec::new();
    let (Ok(name), Ok(records)) = (name.parse::<M::Name>(), record::records::<M::Event>(frame))
    else {
        return rows;
    };
    let lies_at = CardOwner::of(&partition_id::<M>(&name));
    for record in records {
        if let Entry::Fact(event) = &record.entry {
            declare::<M>(&name, &lies_at, event, record.at, &mut rows, |_| ());
        }
    }
    rows
}
