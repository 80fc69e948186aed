//! Look-up rows: written after the append and before its answer.
//!
//! Each is written, or removed, at the time that is its event's sequence, under its partition's
//! name; so a repeat, or a stale owner's late write, changes nothing. An opening of a partition
//! repeats the rows of the frames after its snapshot, because the owner before may have died
//! between the append and its rows. Keys of one list are never shared by partitions, which the
//! domain sees to.

use super::database::{Database, all_of};
use super::error::{Error, broken};
use actors::Id;
use actors::store::{Bodies, ListedRow, Page, Row, RowKey, Shelf, StoreError};
use futures_util::{StreamExt, TryStreamExt, stream};
use scylla::statement::prepared::PreparedStatement;
use std::collections::BTreeMap;
use tokio::time::Instant;

type Slot = (Shelf, Id, Vec<u8>);

/// A body, or none if the row is taken away, and the sequence at which that was said.
type Said = (Option<Vec<u8>>, i64);

/// The last word about each row.
#[derive(Default)]
pub struct LastWords(BTreeMap<Slot, Said>);

impl LastWords {
    pub fn add(&mut self, rows: impl IntoIterator<Item = Row>, seq: u64) {
        for Row { shelf, owner, key, body } in rows {
            self.0.insert((shelf, owner, key), (body, seq as i64));
        }
    }
}

/// Rows of one request: one by one they would cost more than the append, and a server refuses
/// requests of this kind above 50 KiB.
const ROWS: usize = 40;
const BYTES: usize = 16 << 10;

pub struct Lookups {
    db: Database,
    rows: PreparedStatement,
    row: PreparedStatement,
    put_row: PreparedStatement,
    take_row: PreparedStatement,
}

impl Lookups {
    pub async fn prepare(db: Database) -> Result<Lookups, Error> {
        let cql = &db.cql;
        Ok(Lookups {
            rows: cql
                .prepare(
                    "SELECT key, body FROM lookups WHERE shelf = ? AND owner = ? AND key >= ? \
                 LIMIT ?",
                )
                .await?,
            row: cql
                .prepare("SELECT body FROM lookups WHERE shelf = ? AND owner = ? AND key = ?")
                .await?,
            put_row: cql
                .prepare(
                    "INSERT INTO lookups (shelf, owner, key, name, body) VALUES (?, ?, ?, ?, ?) \
                 USING TIMESTAMP ?",
                )
                .await?,
            take_row: cql
                .prepare(
                    "DELETE FROM lookups USING TIMESTAMP ? WHERE shelf = ? AND owner = ? AND \
                 key = ? AND name = ?",
                )
                .await?,
            db,
        })
    }

    pub async fn write(
        &self,
        name: &str,
        lines: LastWords,
        until: Instant,
    ) -> Result<(), StoreError> {
        let (mut puts, mut takes) = (Vec::new(), Vec::new());
        for ((Shelf(shelf), owner, key), (body, seq)) in &lines.0 {
            let (shelf, owner) = (i32::from(*shelf), &owner.0[..]);
            match body {
                Some(body) => puts.push((shelf, owner, key, name, body, *seq)),
                None => takes.push((*seq, shelf, owner, key, name)),
            }
        }
        let puts = requests(&puts, |put| put.2.len() + put.4.len());
        let takes = requests(&takes, |take| take.3.len());
        all_of(puts.into_iter().map(|some| {
            self.db.insist(until, move || self.db.cql.write_each(&self.put_row, some))
        }))
        .await?;
        all_of(takes.into_iter().map(|some| {
            self.db.insist(until, move || self.db.cql.write_each(&self.take_row, some))
        }))
        .await?;
        Ok(())
    }

    /// Only one partition writes a row that is asked for by its key.
    pub async fn find(&self, keys: &[RowKey]) -> Result<Bodies, StoreError> {
        let one = |RowKey { shelf, owner, key }: &RowKey| {
            self.db.one::<(Option<Vec<u8>>,)>(
                &self.row,
                (i32::from(shelf.0), owner.0.to_vec(), key.clone()),
            )
        };
        let found: Vec<_> = stream::iter(keys).map(one).buffered(AT_ONCE).try_collect().await?;
        let body = |(body,): (Option<Vec<u8>>,)| body.ok_or_else(|| broken("a row has no body"));
        found.into_iter().map(|row| row.map(body).transpose()).collect()
    }

    pub async fn page(&self, page: &Page) -> Result<Vec<ListedRow>, StoreError> {
        let limit = i32::try_from(page.limit).unwrap_or(i32::MAX);
        if limit == 0 {
            return Ok(Vec::new());
        }
        let rows = self
            .db
            .all::<(Vec<u8>, Option<Vec<u8>>), _>(
                &self.rows,
                (page.shelf.0 as i32, &page.owner.0[..], first_key(page), limit),
            )
            .await?;
        let rows: Vec<(Vec<u8>, Option<Vec<u8>>)> = rows.try_collect().await?;
        // An empty body comes back as one, and none at all only from a row that nobody here wrote.
        rows.into_iter()
            .map(|(key, body)| {
                Ok(ListedRow { key, body: body.ok_or_else(|| broken("a row has no body"))? })
            })
            .collect()
    }
}

/// Rows that are asked for at the same time.
const AT_ONCE: usize = 64;

/// The smallest key above `after`: keys are compared byte by byte, so it is the same with a zero
/// behind.
fn first_key(page: &Page) -> Vec<u8> {
    let mut key = page.after.clone().unwrap_or_default();
    if page.after.is_some() {
        key.push(0);
    }
    key
}

/// Splits rows into what one request takes, each at least one.
fn requests<R>(rows: &[R], size: impl Fn(&R) -> usize) -> Vec<&[R]> {
    let mut requests = Vec::new();
    let (mut from, mut bytes) = (0, 0);
    for (place, row) in rows.iter().enumerate() {
        if place > from && (place - from == ROWS || bytes + size(row) > BYTES) {
            requests.push(&rows[from..place]);
            (from, bytes) = (place, 0);
        }
        bytes += size(row);
    }
    if from < rows.len() {
        requests.push(&rows[from..]);
    }
    requests
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_in_requests_of_bounded_number_and_size() {
        let lengths = |rows: &[usize]| {
            requests(rows, |row| *row).iter().map(|some| some.len()).collect::<Vec<_>>()
        };
        assert!(lengths(&[]).is_empty());
        assert_eq!(lengths(&[1; 100]), [40, 40, 20]);
        assert_eq!(lengths(&[BYTES / 2; 5]), [2, 2, 1]);
        assert_eq!(lengths(&[1, BYTES * 3, 1]), [1, 1, 1]);
    }
}
