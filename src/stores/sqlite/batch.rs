//! What one transaction has promised so far, and how memory goes back if it fails.

use super::job::{StagedWrite, WriterJob};
use super::log::{Log, Saved, Tail};
use super::outsiders::{self, Noted};
use super::sweep::SweepStep;
use super::transaction::Transaction;
use actors::store::{Append, AppendOutcome, Callback, Position, Row, Snapshot, StoreError};
use ports::directory::Outsider;
use std::sync::Arc;

pub struct WriteBatch {
    pub appends: Vec<(Callback<AppendOutcome>, AppendOutcome)>,
    pub writes: Vec<StagedWrite>,
    pub notes: Vec<Callback<Result<(), StoreError>>>,
    /// What waits for the end of the transaction, to see all of it.
    pub looks: Vec<WriterJob>,
    pub rows: Vec<Row>,
    pub events: u64,
    pub step: Option<SweepStep>,
    /// How to go back, last change first.
    undo: Vec<(Arc<str>, Option<Tail>)>,
    end_before: i64,
    last_id_before: i64,
    outsiders_before: Noted,
}

impl WriteBatch {
    pub fn begin(log: &Log) -> WriteBatch {
        WriteBatch {
            appends: Vec::new(),
            writes: Vec::new(),
            notes: Vec::new(),
            looks: Vec::new(),
            rows: Vec::new(),
            events: 0,
            step: None,
            undo: Vec::new(),
            end_before: log.end,
            last_id_before: log.last_id,
            outsiders_before: log.outsiders,
        }
    }

    /// Checks the sequence and the head against memory, then writes the frame.
    pub fn append(
        &mut self,
        append: Append,
        log: &mut Log,
        transaction: &mut Transaction<'_>,
    ) -> rusqlite::Result<AppendOutcome> {
        let Append { partition, frame, rows } = append;
        let before = log.tails.get(&partition).copied();
        if before.map_or(Position::default(), |tail| tail.at) != frame.from {
            return Ok(AppendOutcome::Fenced);
        }
        let mut tail = match before {
            Some(tail) => tail,
            None => {
                log.last_id += 1;
                transaction.introduce(log.last_id, &partition)?;
                Tail::new(log.last_id)
            }
        };
        log.end += 1;
        transaction.append(log.end, &tail, &frame)?;
        (tail.at, tail.last) = (frame.to, log.end);
        if !std::mem::replace(&mut tail.behind, true) {
            log.behind.push(partition.clone());
        }
        self.remember(partition, tail, log);
        self.events += frame.to.seq - frame.from.seq;
        self.rows.extend(rows);
        Ok(AppendOutcome::Durable)
    }

    pub fn note(
        &mut self,
        outsider: &Outsider,
        log: &mut Log,
        transaction: &mut Transaction<'_>,
    ) -> rusqlite::Result<()> {
        log.outsiders.end += 1;
        transaction.note(log.outsiders.end, outsider)?;
        self.rows.push(outsiders::row(outsider.member, log.outsiders.end));
        Ok(())
    }

    /// A snapshot that cannot fit the log, or is older than the one there, is not kept.
    pub fn save(
        &mut self,
        partition: Arc<str>,
        snapshot: &Snapshot,
        log: &mut Log,
        transaction: &mut Transaction<'_>,
    ) -> rusqlite::Result<()> {
        let Some(mut tail) = log.tails.get(&partition).copied() else { return Ok(()) };
        let Snapshot { at, due, .. } = snapshot;
        if at.seq > tail.at.seq
            || (at.seq == tail.at.seq && *at != tail.at)
            || tail.saved.is_some_and(|saved| saved.seq > at.seq)
        {
            return Ok(());
        }
        transaction.save(tail.id, snapshot)?;
        tail.saved = Some(Saved { seq: at.seq, due: *due });
        self.remember(partition, tail, log);
        Ok(())
    }

    pub fn forget(
        &mut self,
        partition: Arc<str>,
        log: &mut Log,
        transaction: &mut Transaction<'_>,
    ) -> rusqlite::Result<()> {
        let Some(mut tail) = log.tails.get(&partition).copied() else { return Ok(()) };
        transaction.forget(tail.id)?;
        tail.saved = None;
        self.remember(partition, tail, log);
        Ok(())
    }

    fn remember(&mut self, partition: Arc<str>, tail: Tail, log: &mut Log) {
        let before = log.tails.insert(partition.clone(), tail);
        self.undo.push((partition, before));
    }

    /// The log as it was before the transaction began.
    pub fn undo(&mut self, log: &mut Log) {
        for (partition, before) in std::mem::take(&mut self.undo).into_iter().rev() {
            match before {
                Some(tail) => log.tails.insert(partition, tail),
                None => log.tails.remove(&partition),
            };
        }
        (log.end, log.last_id) = (self.end_before, self.last_id_before);
        log.outsiders = self.outsiders_before;
    }
}
