//! Two lists: the voidings of each batch, the newest first, and those that have not ended, which
//! the worker reads.

use super::words::Event;
use crate::domain::coupons::names::Serial;
use crate::domain::shelves;
use crate::id::Id;
use crate::store::Row;
use crate::time::Time;

/// Whose list names the voidings that have not ended.
pub const UNFINISHED_VOIDINGS: Id = Id(*b"unfinished voids");

pub(super) fn declare(job: &Id, event: &Event, at: Time, rows: &mut Vec<Row>) {
    let unfinished = |body| Row {
        shelf: shelves::VOIDINGS,
        owner: UNFINISHED_VOIDINGS,
        key: job.0.to_vec(),
        body,
    };
    match event {
        Event::Planned(plan) => {
            let newest_first = !(at.0 as u64);
            let batch = before_voidings_of(plan.batch);
            let key = [&batch[..], &newest_first.to_be_bytes(), &job.0].concat();
            let body = Some(Vec::new());
            rows.push(Row { shelf: shelves::VOIDINGS, owner: Id::SYSTEM, key, body });
            rows.push(unfinished(Some(at.0.to_be_bytes().to_vec())));
        }
        Event::Finished | Event::Cancelled => rows.push(unfinished(None)),
        Event::Advanced(_) | Event::Cancelling => {}
    }
}

/// With what the lines of a batch begin in the list of all.
pub fn before_voidings_of(batch: Serial) -> Vec<u8> {
    batch.0.to_be_bytes().to_vec()
}

/// The job that a line of either list names.
pub fn voiding_of_row(key: &[u8]) -> Option<Id> {
    key.last_chunk::<16>().copied().map(Id)
}
