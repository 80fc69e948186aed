//! The list of a member's own ballots: by lottery, box and place.

use super::names::{BallotId, BoxName};
use super::words::Event;
use crate::domain::pool::PoolName;
use crate::domain::shelves;
use crate::store::Row;
use crate::time::Time;

pub(super) fn declare(name: &BoxName, event: &Event, at: Time, rows: &mut Vec<Row>) {
    if let Event::Submitted { index, nonce, owner } = event {
        let (key, body) = line(&BallotId { name: *name, index: *index, nonce: *nonce }, at);
        rows.push(Row { shelf: shelves::BALLOTS, owner: *owner, key, body: Some(body) });
    }
}

fn line(id: &BallotId, at: Time) -> (Vec<u8>, Vec<u8>) {
    (key_of_ballot(id), [id.nonce.to_be_bytes(), at.0.to_be_bytes()].concat())
}

/// Where a ballot is in its owner's list.
pub fn key_of_ballot(BallotId { name, index, .. }: &BallotId) -> Vec<u8> {
    [&name.pool.row_key()[..], &[name.number], &index.to_be_bytes()].concat()
}

/// Behind it come the lines of that lottery and of those that close later.
pub fn before_lines_of(pool: PoolName) -> Vec<u8> {
    pool.row_key()
}

/// The ballot that a line is about, and when it was submitted.
pub fn ballot_of_row(key: &[u8], body: &[u8]) -> Option<(BallotId, Time)> {
    let (pool, rest) = PoolName::split(key)?;
    let (number, index) = rest.split_first()?;
    let name = BoxName { pool, number: *number };
    let (nonce, at) = body.split_first_chunk()?;
    let id = BallotId {
        name,
        index: u64::from_be_bytes(index.try_into().ok()?),
        nonce: u64::from_be_bytes(*nonce),
    };
    Some((id, Time(i64::from_be_bytes(at.try_into().ok()?))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::day::Day;

    #[test]
    fn a_ballot_reads_back_from_its_line() {
        let name = BoxName { pool: Day(20261231).into(), number: 63 };
        let id = BallotId { name, index: 1_000_000, nonce: 255 };
        let (key, body) = line(&id, Time(7));
        assert!(before_lines_of(name.pool) < key && key < before_lines_of(Day(20270101).into()));
        assert_eq!(ballot_of_row(&key, &body), Some((id, Time(7))));
    }
}
