//! Two lists: the lotteries and pools about which something is still to be done, a line each that
//! is taken away when nothing is; and all pools with names of their own.

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
    let (key, owner) = (pool.row_key(), Id::SYSTEM);
    if matches!((event, pool), (Event::Arranged(_), PoolName::Own(_))) {
        let (shelf, key, body) = (shelves::POOLS, key.clone(), body.clone());
        rows.push(Row { shelf, owner, key, body });
    }
    rows.push(Row { shelf: shelves::LOTTERIES, owner, key, body });
}
