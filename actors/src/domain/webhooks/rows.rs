//! The list of webhooks: one line each, in the order of their creation.

use super::words::Event;
use crate::domain::shelves;
use crate::id::Id;
use crate::store::Row;

pub(super) fn declare(name: &Id, event: &Event, rows: &mut Vec<Row>) {
    let body = match event {
        Event::Created { .. } => Some(Vec::new()),
        Event::Deleted => None,
        _ => return,
    };
    rows.push(Row { shelf: shelves::WEBHOOKS, owner: Id::SYSTEM, key: name.0.to_vec(), body });
}
