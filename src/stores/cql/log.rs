//! The log: the fenced append, the look at the fence that confirms, and reading frames back.
//!
//! One group commit is one conditional statement on one CQL partition: a row, and the static
//! columns that fence it by epoch, sequence and head. A frame's head is a hash over all before it,
//! so it is the identity of an attempt: a repeat of the same statement can be told from the write
//! of another node. Records too large for a row lie in parts, written before under the head's name,
//! so that nothing refers to them unless the append counts.
//!
//! What writes nothing needs no round of consensus. A node acts on an epoch only after a quorum has
//! it, and any two quorums share a replica. So if a plain read of a quorum shows one's own epoch,
//! no other node had acted when it was asked.

use super::claim::WriteClaim;
use super::database::{Database, all_of};
use super::error::{Error, LostAnswer, broken};
use super::generations::Generations;
use super::outcome::{Meaning, meaning, seen};
use super::rows::{BEFORE_ALL, IF_UNCHANGED, LogRow, frame};
use super::session::{Conditional, settling};
use actors::store::{AppendOutcome, Frame, Position, StoreError};
use base::journal;
use base::journal::Value;
use futures_util::{Stream, TryStreamExt};
use scylla::serialize::row::SerializeRow;
use scylla::statement::prepared::PreparedStatement;
use std::sync::Arc;
use tokio::time::Instant;

pub struct FrameLog {
    db: Database,
    generations: Arc<Generations>,
    append: Conditional,
    frames_after: PreparedStatement,
    sequences_after: PreparedStatement,
    frame_at: PreparedStatement,
    /// The same, but it also completes what is under way.
    settled_head_at: PreparedStatement,
    put_part: PreparedStatement,
    part: PreparedStatement,
}

impl FrameLog {
    pub async fn prepare(db: Database, generations: Arc<Generations>) -> Result<FrameLog, Error> {
        let cql = &db.cql;
        let frame = "SELECT seq, from_seq, from_head, head, parts, records FROM log WHERE name \
                 = ? AND generation = ?";
        let head_at = "SELECT head FROM log WHERE name = ? AND generation = ? AND seq = ?";
        let mut settled_head_at = cql.prepare(head_at).await?;
        settled_head_at.set_consistency(settling(cql.settings().serial));
        Ok(FrameLog {
            append: cql
                .prepare_conditional(&format!(
                    "UPDATE log SET last_seq = ?, last_head = ?, from_seq = ?, from_head = ?, \
                 head = ?, parts = ?, records = ? WHERE name = ? AND generation = ? AND seq \
                 = ? {IF_UNCHANGED}"
                ))
                .await?,
            frames_after: cql.prepare(&format!("{frame} AND seq > ?")).await?,
            sequences_after: cql
                .prepare("SELECT seq FROM log WHERE name = ? AND generation = ? AND seq > ?")
                .await?,
            frame_at: cql.prepare(&format!("{frame} AND seq = ?")).await?,
            put_part: cql
                .prepare("INSERT INTO log_parts (name, head, part, bytes) VALUES (?, ?, ?, ?)")
                .await?,
            part: cql
                .prepare("SELECT bytes FROM log_parts WHERE name = ? AND head = ? AND part = ?")
                .await?,
            settled_head_at,
            generations,
            db,
        })
    }

    /// Writes the frame after `claim.at`, once, whatever is lost on the way.
    pub async fn append(&self, name: &str, claim: &WriteClaim, frame: &Frame) -> AppendOutcome {
        let until = self.db.deadline();
        let parts = match self.put_parts(name, frame, until).await {
            Ok(parts) => parts,
            // The row that counts was never sent.
            Err(error) => return AppendOutcome::Unknown(error.to_string()),
        };
        let records: &[u8] = if parts == 0 { &frame.records } else { &[] };
        let row = append_row(name, (claim.generation, claim.epoch), frame, parts, records);
        self.insist(name, claim, &row, frame.to, until).await
    }

    /// One attempt to append to a log that has no owner, and so no claim. False if it is not known
    /// to have counted.
    pub async fn try_append(&self, name: &str, generation: (i32, i64), frame: &Frame) -> bool {
        let row = append_row(name, generation, frame, 0, &frame.records);
        self.db.cql.decide(&self.append, &row, false).await.is_ok_and(|answer| answer.applied)
    }

    /// Writes nothing, and is only answered `Durable` if no other node had taken over when this was
    /// asked.
    pub async fn confirm(&self, name: &str, claim: &WriteClaim) -> AppendOutcome {
        let look = || self.generations.fence(name, claim.generation);
        match self.db.insist(self.db.deadline(), look).await {
            Ok(fence) => match seen(fence.as_ref(), claim) {
                Meaning::Applied | Meaning::AppliedBefore => AppendOutcome::Durable,
                Meaning::Fenced => AppendOutcome::Fenced,
                Meaning::Impossible => impossible(name),
            },
            Err(error) => AppendOutcome::Unknown(error.to_string()),
        }
    }

    /// Sends the same append until its outcome is known, or until it is too late.
    async fn insist(
        &self,
        name: &str,
        claim: &WriteClaim,
        row: &impl SerializeRow,
        to: Position,
        until: Instant,
    ) -> AppendOutcome {
        let mut doubt: Option<LostAnswer> = None;
        loop {
            match self.db.cql.decide(&self.append, row, doubt.is_some()).await {
                Ok(answer) => match meaning(&answer, claim.epoch, to) {
                    Meaning::Applied | Meaning::AppliedBefore => return AppendOutcome::Durable,
                    Meaning::Fenced if doubt.is_none() => return AppendOutcome::Fenced,
                    // An earlier attempt may have counted before another node took over, and what
                    // is in the log is a fact.
                    Meaning::Fenced => match self.stands(name, claim.generation, to).await {
                        Ok(true) => return AppendOutcome::Durable,
                        Ok(false) => return AppendOutcome::Fenced,
                        Err(error) => doubt = Some(LostAnswer(error.to_string())),
                    },
                    Meaning::Impossible => return impossible(name),
                },
                Err(lost) => doubt = Some(lost),
            }
            match &doubt {
                Some(LostAnswer(why)) if Instant::now() >= until => {
                    return AppendOutcome::Unknown(why.clone());
                }
                _ => self.db.pause().await,
            }
        }
    }

    /// Whether the log has that position, once whatever is under way there is completed.
    async fn stands(&self, name: &str, generation: i32, at: Position) -> Result<bool, StoreError> {
        let row: Option<(Vec<u8>,)> =
            self.db.one(&self.settled_head_at, (name, generation, at.seq as i64)).await?;
        Ok(row.is_some_and(|(head,)| head == at.head))
    }

    /// Whether that position is one of that generation, be it its beginning.
    pub async fn has(&self, name: &str, generation: i32, at: Position) -> Result<bool, StoreError> {
        let row: Option<LogRow> =
            self.db.one(&self.frame_at, (name, generation, at.seq as i64)).await?;
        Ok(row.is_some_and(|row| row.3 == at.head)
            || self.generations.beginning(name, generation).await? == Some(at))
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
        let next = self.generations.fence(name, generation).await?.and_then(|fence| fence.next);
        let rows = self.db.all::<LogRow, _>(&self.frames_after, (name, generation, after)).await?;
        let rows: Vec<LogRow> = rows.try_collect().await?;
        Ok((all_of(rows.into_iter().map(|row| self.whole(name, row))).await?, next))
    }

    /// The rows of one generation after the sequence, without what lies in parts.
    pub async fn rows_after(
        &self,
        name: &str,
        generation: i32,
        after: u64,
    ) -> Result<impl Stream<Item = Result<LogRow, StoreError>> + Send + use<>, StoreError> {
        let values = (name.to_owned(), generation, after as i64);
        self.db.all(&self.frames_after, values).await
    }

    /// The sequences of the frames of one generation after that one.
    pub async fn sequences_after(
        &self,
        name: &str,
        generation: i32,
        after: i64,
    ) -> Result<Vec<u64>, StoreError> {
        let rows = self.db.all::<(i64,), _>(&self.sequences_after, (name, generation, after));
        rows.await?.map_ok(|(seq,)| seq as u64).try_collect().await
    }

    pub async fn frame_at(
        &self,
        name: &str,
        generation: i32,
        seq: u64,
    ) -> Result<Frame, StoreError> {
        let row: Option<LogRow> =
            self.db.one(&self.frame_at, (name, generation, seq as i64)).await?;
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
                self.db.one(&self.part, (name, &frame.to.head[..], part)).await?;
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
        if frame.records.len() <= self.db.tuning.row_bytes {
            return Ok(0);
        }
        let mut parts = 0;
        for bytes in frame.records.chunks(self.db.tuning.row_bytes) {
            self.db
                .insist(until, || {
                    self.db.cql.write(&self.put_part, (name, &frame.to.head[..], parts, bytes))
                })
                .await?;
            parts += 1;
        }
        Ok(parts)
    }
}

fn impossible(name: &str) -> AppendOutcome {
    journal::error(
        "an append was refused although nobody has taken over",
        &[("partition", Value::Text(&name))],
    );
    AppendOutcome::Unknown("the log is not where it should be".into())
}

/// What the statement of an append is bound to. `parts` is 0 if the records are in the row.
fn append_row<'a>(
    name: &'a str,
    (generation, epoch): (i32, i64),
    frame: &'a Frame,
    parts: i32,
    records: &'a [u8],
) -> impl SerializeRow + 'a {
    let (from, to) = (&frame.from, &frame.to);
    let (from_seq, from_head, seq, head) =
        (from.seq as i64, &from.head[..], to.seq as i64, &to.head[..]);
    (
        seq, head, from_seq, from_head, head, parts, records, name, generation, seq, epoch,
        from_seq, from_head,
    )
}
