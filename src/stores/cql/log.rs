//! The log: the fenced append, the confirmation that needs no row, and reading frames back.
//!
//! One group commit is one conditional statement on one CQL partition: a row, and the static
//! columns that fence it by epoch, sequence and head. A frame's head is a hash over all before it,
//! so it serves as the identity of an attempt: a repeat of the same statement can be told from
//! anybody else's write. Records too large for a row lie in parts, written before under the head's
//! name, so that nothing refers to them unless the append counts.

use super::claim::Claim;
use super::outcome::{Meaning, meaning};
use super::session::{Conditional, Lost, broken};
use super::tables::{LogRow, Tables, frame};
use actors::store::{AppendOutcome, Frame, Opened, Position, StoreError};
use base::journal;
use base::journal::Value;
use futures_util::{StreamExt, TryStreamExt, stream};
use scylla::serialize::row::SerializeRow;
use tokio::time::Instant;

/// Generations are counted from here.
pub const FIRST: i32 = 1;
/// Sequences of frames are above it, that of a sentinel is not.
pub const BEFORE_ALL: i64 = 0;
/// Plain statements of one piece of work that may be under way at the same time.
pub const AT_ONCE: usize = 32;

/// What is in the log when a statement counted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaves {
    Row(Position),
    Nothing,
}

impl Leaves {
    fn at(self, claim: &Claim) -> Position {
        match self {
            Leaves::Row(to) => to,
            Leaves::Nothing => claim.at,
        }
    }
}

impl Tables {
    /// Writes the frame after `claim.at`, once, whatever is lost on the way.
    pub async fn append(&self, name: &str, claim: &Claim, frame: &Frame) -> AppendOutcome {
        let until = self.deadline();
        let parts = match self.put_parts(name, frame, until).await {
            Ok(parts) => parts,
            // The row that counts was never sent.
            Err(error) => return AppendOutcome::Unknown(error.to_string()),
        };
        let records: &[u8] = if parts == 0 { &frame.records } else { &[] };
        let (from, to) = (frame.from, frame.to);
        let (from_seq, from_head, seq, head) =
            (from.seq as i64, &from.head[..], to.seq as i64, &to.head[..]);
        let row = (
            seq,
            head,
            from_seq,
            from_head,
            head,
            parts,
            records,
            name,
            claim.generation,
            seq,
            claim.epoch,
            from_seq,
            from_head,
        );
        self.fenced(name, claim, &self.append, &row, Leaves::Row(to), until).await
    }

    /// Writes nothing, and is only answered `Durable` if nobody has taken over. It may be repeated
    /// as often as need be.
    pub async fn confirm(&self, name: &str, claim: &Claim) -> AppendOutcome {
        let (seq, head) = (claim.at.seq as i64, &claim.at.head[..]);
        let row = (head, name, claim.generation, claim.epoch, seq, head);
        self.fenced(name, claim, &self.confirm, &row, Leaves::Nothing, self.deadline()).await
    }

    /// Sends the same statement until its outcome is known, or until it is too late.
    async fn fenced(
        &self,
        name: &str,
        claim: &Claim,
        statement: &Conditional,
        row: &impl SerializeRow,
        leaves: Leaves,
        until: Instant,
    ) -> AppendOutcome {
        let to = leaves.at(claim);
        let mut doubt: Option<Lost> = None;
        loop {
            match self.cql.decide(statement, row, doubt.is_some()).await {
                Ok(verdict) => match meaning(&verdict, claim.epoch, to) {
                    Meaning::Applied | Meaning::AppliedBefore => return AppendOutcome::Durable,
                    Meaning::Fenced if doubt.is_none() || leaves == Leaves::Nothing => {
                        return AppendOutcome::Fenced;
                    }
                    // An earlier attempt may have counted before somebody took over, and what is in
                    // the log is a fact.
                    Meaning::Fenced => match self.stands(name, claim.generation, to).await {
                        Ok(true) => return AppendOutcome::Durable,
                        Ok(false) => return AppendOutcome::Fenced,
                        Err(error) => doubt = Some(Lost(error.to_string())),
                    },
                    Meaning::Impossible => {
                        journal::error(
                            "an append was refused although nobody has taken over",
                            &[("partition", Value::Text(&name))],
                        );
                        return AppendOutcome::Unknown("the log is not where it should be".into());
                    }
                },
                Err(lost) => doubt = Some(lost),
            }
            match &doubt {
                Some(Lost(why)) if Instant::now() >= until => {
                    return AppendOutcome::Unknown(why.clone());
                }
                _ => self.pause().await,
            }
        }
    }

    /// Whether the log has that position, once whatever is under way there is completed.
    async fn stands(&self, name: &str, generation: i32, at: Position) -> Result<bool, StoreError> {
        let row: Option<(Vec<u8>,)> =
            self.one(&self.settled_head_at, (name, generation, at.seq as i64)).await?;
        Ok(row.is_some_and(|(head,)| head == at.head))
    }

    /// Whether that position is one of that generation, be it its beginning.
    pub async fn has(&self, name: &str, generation: i32, at: Position) -> Result<bool, StoreError> {
        let row: Option<LogRow> =
            self.one(&self.frame_at, (name, generation, at.seq as i64)).await?;
        Ok(row.is_some_and(|row| row.3 == at.head)
            || self.beginning(name, generation).await? == Some(at))
    }

    /// Every frame after the sequence in that generation and those that follow it.
    pub async fn frames_after(
        &self,
        name: &str,
        generation: i32,
        seq: u64,
    ) -> Result<Vec<Frame>, StoreError> {
        let (mut frames, mut next) = self.generation_after(name, generation, seq as i64).await?;
        while let Some(generation) = next {
            let (more, after) = self.generation_after(name, generation, BEFORE_ALL).await?;
            frames.extend(more);
            next = after;
        }
        Ok(frames)
    }

    /// Every frame of one generation after the sequence, and which generation follows. That is
    /// asked first: when one follows, no more frames come.
    pub async fn generation_after(
        &self,
        name: &str,
        generation: i32,
        after: i64,
    ) -> Result<(Vec<Frame>, Option<i32>), StoreError> {
        let next = self.fence(name, generation).await?.and_then(|fence| fence.next);
        let rows = self.all::<LogRow, _>(&self.frames_after, (name, generation, after)).await?;
        let rows: Vec<LogRow> = rows.try_collect().await?;
        Ok((all_of(rows.into_iter().map(|row| self.whole(name, row))).await?, next))
    }

    /// The newest snapshot that fits the log, and every frame after it up to that position, which
    /// is where the log ends.
    pub async fn read_up_to(&self, name: &str, end: Position) -> Result<Opened, StoreError> {
        let (generation, snapshot) = match self.load_snapshot(name).await? {
            Some((generation, snapshot)) => (generation, Some(snapshot)),
            None => (FIRST, None),
        };
        let at = snapshot.as_ref().map_or(Position::default(), |snapshot| snapshot.at);
        let mut frames = self.frames_after(name, generation, at.seq).await?;
        // If somebody has taken over since, there may be more; but then this opening can write
        // nothing.
        frames.retain(|frame| frame.to.seq <= end.seq);
        match frames.last().map_or(at, |last| last.to) {
            found if found == end => Ok(Opened { snapshot, frames }),
            found => Err(broken(format!(
                "the log of {name} ends at {} and should end at {}",
                found.seq, end.seq
            ))),
        }
    }

    pub async fn frame_at(
        &self,
        name: &str,
        generation: i32,
        seq: u64,
    ) -> Result<Frame, StoreError> {
        let row: Option<LogRow> = self.one(&self.frame_at, (name, generation, seq as i64)).await?;
        self.whole(
            name,
            row.ok_or_else(|| broken(format!("the frame {seq} of {name} is missing")))?,
        )
        .await
    }

    async fn whole(&self, name: &str, row: LogRow) -> Result<Frame, StoreError> {
        let (mut frame, parts) = frame(row)?;
        for part in 0..parts {
            let bytes: Option<(Vec<u8>,)> =
                self.one(&self.part, (name, &frame.to.head[..], part)).await?;
            let (bytes,) = bytes.ok_or_else(|| {
                broken(format!("a part of the frame {} of {name} is missing", frame.to.seq))
            })?;
            frame.records.extend(bytes);
        }
        Ok(frame)
    }

    /// How many parts the records lie in; none if they fit into the row.
    async fn put_parts(
        &self,
        name: &str,
        frame: &Frame,
        until: Instant,
    ) -> Result<i32, StoreError> {
        if frame.records.len() <= self.tuning.row_bytes {
            return Ok(0);
        }
        let mut parts = 0;
        for bytes in frame.records.chunks(self.tuning.row_bytes) {
            self.insist(until, || {
                self.cql.write(&self.put_part, (name, &frame.to.head[..], parts, bytes))
            })
            .await?;
            parts += 1;
        }
        Ok(parts)
    }
}

/// Does them all, some at a time, and gives their results in order, or what failed first.
pub async fn all_of<T, F>(work: impl IntoIterator<Item = F>) -> Result<Vec<T>, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    // Futures that are made beforehand need no closure that outlives their references.
    let work: Vec<F> = work.into_iter().collect();
    stream::iter(work).buffered(AT_ONCE).try_collect().await
}
