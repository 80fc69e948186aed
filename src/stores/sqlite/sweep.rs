//! Bringing the tables that follow the log up to date: a long, sorted walk over the waiting rows,
//! in short steps.
//!
//! One step rides along with each commit, so that nobody waits for the whole walk. A row that
//! changes behind the walk waits for the next one. Only at the end does `reach` move, to where the
//! log ended when the walk began: whatever a crash interrupts is made again from there, and writing
//! it twice changes nothing.

use super::log::{Log, Tail};
use super::rows::{Fresh, RowStatements};
use actors::store::RowKey;
use rusqlite::{Connection, Statement};
use std::sync::Arc;

/// Rows of one step, if the commit does not bring more itself.
const STEP: usize = 512;

pub struct Sweep {
    reach: i64,
    outsiders: i64,
    /// Partitions whose tails are still to be written.
    tails: Vec<Arc<str>>,
    /// The last row written.
    after: Option<RowKey>,
}

/// What a step wrote, to be settled when it is durable.
pub struct SweepStep {
    tails_left: usize,
    stored: Vec<RowKey>,
    is_last: bool,
}

pub struct SweepTables<'c> {
    rows: RowStatements<'c>,
    tail: Statement<'c>,
    reach: Statement<'c>,
}

impl<'c> SweepTables<'c> {
    pub fn new(connection: &'c Connection) -> rusqlite::Result<SweepTables<'c>> {
        Ok(SweepTables {
            rows: RowStatements::new(connection)?,
            tail: connection.prepare(
                "UPDATE partitions SET last = ?3, seq = ?4, head = ?5, sum = row_sum(?1, \
                    ?2, ?3, ?4, ?5) WHERE id = ?1",
            )?,
            reach: connection.prepare("UPDATE meta SET value = ?2 WHERE name = ?1")?,
        })
    }
}

impl Sweep {
    pub fn begin(log: &mut Log) -> Sweep {
        let tails = std::mem::take(&mut log.behind);
        for name in &tails {
            if let Some(tail) = log.tails.get_mut(name) {
                tail.behind = false;
            }
        }
        Sweep { reach: log.end, outsiders: log.outsiders.end, tails, after: None }
    }

    /// Writes the next rows and tails, inside the transaction under way: at least as many rows as
    /// come in with it.
    pub fn step(
        &self,
        log: &Log,
        fresh: &Fresh,
        incoming: usize,
        tables: &mut SweepTables<'_>,
    ) -> rusqlite::Result<SweepStep> {
        let tails_left = self.tails.len().saturating_sub(STEP);
        for name in &self.tails[tails_left..] {
            if let Some(Tail { id, at, last, .. }) = log.tails.get(name) {
                tables.tail.execute((id, &**name, last, at.seq as i64, at.head))?;
            }
        }
        let rows = STEP.max(2 * incoming);
        let stored = fresh.store(self.after.as_ref(), rows, &mut tables.rows)?;
        let is_last = tails_left == 0 && stored.len() < rows;
        if is_last {
            tables.reach.execute(("reach", self.reach))?;
            tables.reach.execute(("outsiders", self.outsiders))?;
        }
        Ok(SweepStep { tails_left, stored, is_last })
    }

    /// The step is durable. Gives the sweep back unless it was the last.
    pub fn settle(mut self, step: SweepStep, log: &mut Log, fresh: &Fresh) -> Option<Sweep> {
        self.tails.truncate(step.tails_left);
        fresh.forget(&step.stored);
        if step.is_last {
            log.reach = self.reach;
            log.outsiders.reach = self.outsiders;
            return None;
        }
        self.after = step.stored.into_iter().next_back().or(self.after);
        Some(self)
    }

    /// Another sweep will have to do it.
    pub fn give_up(mut self, log: &mut Log) {
        log.behind.append(&mut self.tails);
    }
}
