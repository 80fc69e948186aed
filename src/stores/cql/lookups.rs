//! Look-up rows: written after the append and before its answer.
//!
//! Each is written, or removed, at the time that is its event's sequence, under its partition's name; so a repeat, or a stale owner's late
//! write, changes nothing. Whoever opens a partition repeats the rows of the frames after its snapshot, because the one before may
//! have died between the append and its rows. Keys of one list are never shared by partitions, which the domain sees to.

use super::log::all_of;
use super::session::broken;
use super::tables::Tables;
use actors::Id;
use actors::store::{Listed, Page, Row, Shelf, StoreError};
use futures_util::TryStreamExt;
use std::collections::BTreeMap;
use tokio::time::Instant;

type Slot = (Shelf, Id, Vec<u8>);

/// A body, or none if the row is taken away, and the sequence at which that was said.
type Said = (Option<Vec<u8>>, i64);

/// The last word about each row.
#[derive(Default)]
pub struct Lines(BTreeMap<Slot, Said>);

impl Lines {
    pub fn add(&mut self, rows: impl IntoIterator<Item = Row>, seq: u64) {
        for Row { shelf, owner, key, body } in rows {
            self.0.insert((shelf, owner, key), (body, seq as i64));
        }
    }
}

impl Tables {
    pub async fn write_lines(&self, name: &str, lines: Lines, until: Instant) -> Result<(), StoreError> {
        all_of(lines.0.iter().map(|line| self.insist(until, move || self.write_line(name, line)))).await.map(|_| ())
    }

    async fn write_line(&self, name: &str, ((Shelf(shelf), owner, key), (body, seq)): (&Slot, &Said)) -> Result<(), StoreError> {
        let (shelf, owner) = (i32::from(*shelf), &owner.0[..]);
        match body {
            Some(body) => self.cql.write(&self.put_row, (shelf, owner, key, name, body, *seq)).await,
            None => self.cql.write(&self.take_row, (*seq, shelf, owner, key, name)).await,
        }
    }

    pub async fn page(&self, page: &Page) -> Result<Vec<Listed>, StoreError> {
        let limit = i32::try_from(page.limit).unwrap_or(i32::MAX);
        if limit == 0 {
            return Ok(Vec::new());
        }
        let rows =
            self.all::<(Vec<u8>, Option<Vec<u8>>), _>(&self.rows, (page.shelf.0 as i32, &page.owner.0[..], first_key(page), limit)).await?;
        let rows: Vec<(Vec<u8>, Option<Vec<u8>>)> = rows.try_collect().await?;
        // An empty body comes back as one, and none at all only from a row that nobody here wrote.
        rows.into_iter().map(|(key, body)| Ok(Listed { key, body: body.ok_or_else(|| broken("a row has no body"))? })).collect()
    }
}

/// The smallest key above `after`: keys are compared byte by byte, so it is the same with a zero behind.
fn first_key(page: &Page) -> Vec<u8> {
    let mut key = page.after.clone().unwrap_or_default();
    if page.after.is_some() {
        key.push(0);
    }
    key
}
