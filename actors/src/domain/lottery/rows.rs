//! The list of lotteries about which something is still to be done: one line each, taken away when
//! nothing is.

use super::words::Event;
use crate::domain::day::Day;
use crate::domain::shelves;
use crate::id::Id;
use crate::store::Row;

pub(super) fn declare(day: &Day, event: &Event, rows: &mut Vec<Row>) {
    let body = match event {
        Event::Created(_) | Event::Planned(_) => Some(Vec::new()),
        Event::Closing | Event::Sealed { .. } => return,
        Event::Closed | Event::Drawn(_) => None,
    };
    let key = day.0.to_be_bytes().to_vec();
    rows.push(Row { shelf: shelves::LOTTERIES, owner: Id::SYSTEM, key, body });
}
