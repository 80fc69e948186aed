//! Comparing the look-up rows that a store keeps with those that the logs declare, without having
//! all of them at once.
//!
//! A row belongs to one partition, so what its events left of it is known when that partition has
//! been replayed. Of all rows only a count and a sum of their hashes is kept, for each shelf; the
//! sum is the same in whichever order they come. A partition of very many rows is gone through more
//! than once, each time for a part of its rows.

use actors::Id;
use actors::store::Row;
use anyhow::ensure;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

/// What a partition's events left of each row of one part.
pub struct Rows {
    part: u64,
    parts: u64,
    found: HashMap<u64, (u8, Hash)>,
    most: usize,
}

/// Rows that are remembered at a time: some hundred bytes each while the table grows.
pub const MOST: usize = 1 << 20;

/// How many rows there are, and the sum of their hashes, for each shelf.
#[derive(Default)]
pub struct Lists(BTreeMap<u8, (u64, Hash)>);

type Hash = u128;

impl Rows {
    /// Those of the first part, which is all of them unless there are more than so many.
    pub fn first(most: usize) -> Rows {
        Rows { part: 0, parts: 1, found: HashMap::new(), most }
    }

    /// Those of the next part, if there is one.
    pub fn next(self) -> Option<Rows> {
        let part = self.part + 1;
        (part < self.parts).then(|| Rows { part, found: HashMap::new(), ..self })
    }

    pub fn see(&mut self, row: &Row) {
        let place = BuildHasherDefault::<DefaultHasher>::default().hash_one((
            row.shelf.0,
            row.owner,
            &row.key,
        ));
        if place % self.parts != self.part {
            return;
        }
        match row.body {
            Some(_) => drop(self.found.insert(place, (row.shelf.0, hash(row)))),
            None => drop(self.found.remove(&place)),
        }
        // Only the first part may still be cut: what it loses belongs to parts that come later.
        if self.found.len() > self.most && self.part == 0 {
            self.parts *= 2;
            let (part, parts) = (self.part, self.parts);
            self.found.retain(|place, _| place % parts == part);
        }
    }
}

impl Lists {
    pub fn add(&mut self, row: &Row) {
        self.count(row.shelf.0, hash(row));
    }

    pub fn add_all(&mut self, rows: &Rows) {
        rows.found.values().for_each(|(shelf, hash)| self.count(*shelf, *hash));
    }

    fn count(&mut self, shelf: u8, hash: Hash) {
        let (rows, sum) = self.0.entry(shelf).or_default();
        *rows += 1;
        *sum = sum.wrapping_add(hash);
    }

    /// Names the first shelf that is not as the logs declare it.
    pub fn compare(&self, declared: &Lists) -> anyhow::Result<()> {
        for shelf in self.0.keys().chain(declared.0.keys()) {
            let (kept, expected) = (self.0.get(shelf).copied(), declared.0.get(shelf).copied());
            let ((rows, _), (should, _)) = (kept.unwrap_or_default(), expected.unwrap_or_default());
            ensure!(
                kept == expected,
                "the look-ups of shelf {shelf} are not what the logs declare: {rows} rows, and \
                 {should} expected"
            );
        }
        Ok(())
    }
}

fn hash(row: &Row) -> Hash {
    let body = row.body.as_deref().unwrap_or_default();
    u128::from_le_bytes(Id::digest(&[&[row.shelf.0], &row.owner.0, &row.key, body]).0)
}
