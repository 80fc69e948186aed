//! The list of lotteries about which something is still to be done: one line each, taken away when
//! nothing is.

use super::words::Event;
use crate::domain::pool::PoolName;
use crate::domain::shelves;
use crate::id::Id;
use crate::store::Row;

pub(super) fn declare(pool: &PoolName, event: &Event, rows: &mut Vec<Row>) {
    let body = match event {
        Event::Created(_) | Event::Planned(_) | Event::Arranged(_) => Some(Vec::new()),
        Event::Closing | Event::Sealed { .. } => return,
        Event::Closed | Event::Drawn(_) => None,
    };
    let key = pool.row_key();
    rows.push(Row { shelf: shelves::LOTTERIES, owner: Id::SYSTEM, key, body });
}
