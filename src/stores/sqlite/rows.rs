//! Look-up rows that wait in memory, and the lists that they make together with the stored ones.
//!
//! A row written in the commit of its event would cost more than the request. So rows wait here,
//! sorted, from the moment their event is durable until a sweep has written them; readers merge
//! both. They are only ever rows of committed frames. The writer alone changes them.

use super::sums::LOOKUPS;
use actors::store::{Frame, ListedRow, Page, Row, RowKey};
use rusqlite::{Connection, OptionalExtension, Statement};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The look-up rows that a frame declares, made from the log again when they had not been written
/// yet.
pub type RowsOf = dyn Fn(&str, &Frame) -> Vec<Row>;

/// No body: the row is taken away.
type Body = Option<Vec<u8>>;

#[derive(Default)]
pub struct Fresh(RwLock<BTreeMap<RowKey, Body>>);

impl Fresh {
    pub fn gather(&self, rows: impl IntoIterator<Item = Row>) {
        let mut fresh = self.write();
        for Row { shelf, owner, key, body } in rows {
            fresh.insert(RowKey { shelf, owner, key }, body);
        }
    }

    pub fn len(&self) -> usize {
        self.read().len()
    }

    /// Writes the next rows in order, and says which.
    pub fn store(
        &self,
        after: Option<&RowKey>,
        limit: usize,
        tables: &mut RowStatements<'_>,
    ) -> rusqlite::Result<Vec<RowKey>> {
        let fresh = self.read();
        let from = after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        let mut stored = Vec::with_capacity(limit);
        for (slot, body) in fresh.range::<RowKey, _>((from, std::ops::Bound::Unbounded)).take(limit)
        {
            match body {
                Some(body) => tables.put.execute((slot.owner.0, slot.shelf.0, &slot.key, body))?,
                None => tables.take.execute((slot.owner.0, slot.shelf.0, &slot.key))?,
            };
            stored.push(slot.clone());
        }
        Ok(stored)
    }

    /// Whether a row that waits takes the place of this one, or takes it away.
    pub fn replaces(&self, Row { shelf, owner, key, .. }: &Row) -> bool {
        self.read().contains_key(&RowKey { shelf: *shelf, owner: *owner, key: key.clone() })
    }

    /// Those that are put; not those that take one away.
    pub fn each(&self, mut visit: impl FnMut(Row)) {
        for (RowKey { shelf, owner, key }, body) in
            self.read().iter().filter(|(_, body)| body.is_some())
        {
            visit(Row { shelf: *shelf, owner: *owner, key: key.clone(), body: body.clone() });
        }
    }

    pub fn forget(&self, slots: &[RowKey]) {
        let mut fresh = self.write();
        slots.iter().for_each(|slot| drop(fresh.remove(slot)));
    }

    /// What the waiting rows say of this one, if any does.
    fn at(&self, key: &RowKey) -> Option<Body> {
        self.read().get(key).cloned()
    }

    /// The fresh rows of a page, down to the key at which they alone would fill it.
    fn of(&self, page: &Page) -> Vec<(Vec<u8>, Body)> {
        let fresh = self.read();
        let from = RowKey { shelf: page.shelf, owner: page.owner, key: first_key(page) };
        let mut here = fresh
            .range(from..)
            .take_while(|(slot, _)| (slot.shelf, slot.owner) == (page.shelf, page.owner));
        let mut found = Vec::new();
        let mut live = 0;
        while live < page.limit
            && let Some((slot, body)) = here.next()
        {
            live += body.is_some() as usize;
            found.push((slot.key.clone(), body.clone()));
        }
        found
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<RowKey, Body>> {
        self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<RowKey, Body>> {
        self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// How rows are written down.
pub struct RowStatements<'c> {
    put: Statement<'c>,
    take: Statement<'c>,
}

impl<'c> RowStatements<'c> {
    pub fn new(connection: &'c Connection) -> rusqlite::Result<RowStatements<'c>> {
        Ok(RowStatements {
            put: connection.prepare(
                "INSERT OR REPLACE INTO lookups (owner, shelf, key, body, sum) VALUES (?1, ?2, ?3, \
                 ?4, row_sum(?1, ?2, ?3, ?4))",
            )?,
            take: connection
                .prepare("DELETE FROM lookups WHERE owner = ?1 AND shelf = ?2 AND key = ?3")?,
        })
    }
}

/// Reads pages of lists.
pub struct ListReader<'c> {
    stored: Statement<'c>,
    one: Statement<'c>,
}

impl<'c> ListReader<'c> {
    pub fn new(connection: &'c Connection) -> rusqlite::Result<ListReader<'c>> {
        let (list, whole) = ("owner = ?1 AND shelf = ?2 AND key >= ?3", LOOKUPS.whole());
        let sql =
            format!("SELECT key, body FROM lookups WHERE {list} AND {whole} ORDER BY key LIMIT ?4");
        let one = format!(
            "SELECT body FROM lookups WHERE owner = ?1 AND shelf = ?2 AND key = ?3 AND {whole}"
        );
        Ok(ListReader { stored: connection.prepare(&sql)?, one: connection.prepare(&one)? })
    }

    /// The body of one row. The fresh rows are asked first, as for a page.
    pub fn find(&mut self, fresh: &Fresh, key: &RowKey) -> rusqlite::Result<Option<Vec<u8>>> {
        if let Some(body) = fresh.at(key) {
            return Ok(body);
        }
        let body = |row: &rusqlite::Row| row.get(0);
        self.one.query_row((key.owner.0, key.shelf.0, &key.key), body).optional()
    }

    /// The fresh rows are read first: what a sweep moves meanwhile is then seen twice, and never
    /// missed.
    pub fn page(&mut self, fresh: &Fresh, page: &Page) -> rusqlite::Result<Vec<ListedRow>> {
        let fresh = fresh.of(page);
        let taken = fresh.iter().filter(|(_, body)| body.is_none()).count();
        let limit = page.limit.saturating_add(taken).min(i64::MAX as usize) as i64;
        let listed = |row: &rusqlite::Row| Ok(ListedRow { key: row.get(0)?, body: row.get(1)? });
        let stored =
            self.stored.query_map((page.owner.0, page.shelf.0, first_key(page), limit), listed)?;
        Ok(merge(fresh, stored.collect::<rusqlite::Result<_>>()?, page.limit))
    }
}

/// The smallest key above `after`: keys are compared byte by byte, so it is the same with a zero
/// behind.
fn first_key(page: &Page) -> Vec<u8> {
    let mut key = page.after.clone().unwrap_or_default();
    if page.after.is_some() {
        key.push(0);
    }
    key
}

/// One list in the order of keys. Where both have a row, the fresh one counts.
fn merge(fresh: Vec<(Vec<u8>, Body)>, stored: Vec<ListedRow>, limit: usize) -> Vec<ListedRow> {
    let mut fresh = fresh.into_iter().peekable();
    let mut stored = stored.into_iter().peekable();
    let mut merged = Vec::with_capacity(limit.min(stored.len() + fresh.len()));
    while merged.len() < limit {
        let first = match (fresh.peek(), stored.peek()) {
            (Some((fresh, _)), Some(stored)) => fresh.cmp(&stored.key),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => break,
        };
        if first != Ordering::Less {
            let row = stored.next();
            if first == Ordering::Greater {
                merged.extend(row);
                continue;
            }
        }
        merged.extend(fresh.next().and_then(|(key, body)| Some(ListedRow { key, body: body? })));
    }
    merged
}
