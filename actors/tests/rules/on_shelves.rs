//! What lies on shelves once something has happened: the rows that were put there and not taken
//! away.

use actors::store::{Row, Shelf};
use actors::{Id, Machine, Time};
use std::collections::BTreeMap;

pub type Shelves = BTreeMap<(Shelf, Id, Vec<u8>), Vec<u8>>;

/// That happens to the partition of that name, too.
pub fn happen<M: Machine>(shelves: &mut Shelves, name: &M::Name, event: &M::Event, at: Time) {
    let mut rows = Vec::new();
    M::rows(name, event, at, &mut rows);
    for Row { shelf, owner, key, body } in rows {
        match body {
            Some(body) => shelves.insert((shelf, owner, key), body),
            None => shelves.remove(&(shelf, owner, key)),
        };
    }
}

/// The lines of one list, in their order.
pub fn lines_of(shelves: &Shelves, list: Id) -> Vec<&[u8]> {
    let of_list = shelves.keys().filter(|(_, owner, _)| *owner == list);
    of_list.map(|(.., key)| &key[..]).collect()
}
