//! Two lists: all jobs, the newest first, and those that have not ended, which the workers read.

use super::words::Event;
use crate::domain::shelves;
use crate::id::Id;
use crate::store::Row;
use crate::time::Time;

/// Whose list names the jobs that have not ended. The list of all jobs is the engine's own.
pub const UNFINISHED: Id = Id(*b"unfinished jobs.");

/// The kind of partition that a job is; each line of the list of all jobs says it.
pub(super) const KIND: &str = "import";

pub(super) fn declare(job: &Id, event: &Event, at: Time, rows: &mut Vec<Row>) {
    let since = |at: Time| at.0.to_be_bytes().to_vec();
    let unfinished =
        |body| Row { shelf: shelves::JOBS, owner: UNFINISHED, key: job.0.to_vec(), body };
    match event {
        Event::Created(_) | Event::Planned(_) => {
            let body = Some(KIND.as_bytes().to_vec());
            let key = list_key(at, *job);
            rows.push(Row { shelf: shelves::JOBS, owner: Id::SYSTEM, key, body });
            rows.push(unfinished(Some(since(at))));
        }
        Event::Reopened => rows.push(unfinished(Some(since(at)))),
        Event::Finished | Event::Failed(_) | Event::Cancelled => rows.push(unfinished(None)),
        Event::Registered { .. } | Event::Advanced(_) | Event::Cancelling => {}
    }
}

/// The key of a job in the list of all: the newest first.
fn list_key(at: Time, job: Id) -> Vec<u8> {
    let newest_first = !(at.0 as u64);
    [&newest_first.to_be_bytes()[..], &job.0].concat()
}

/// The job that a line of either list names.
pub fn job_of_row(key: &[u8]) -> Option<Id> {
    key.last_chunk::<16>().copied().map(Id)
}
