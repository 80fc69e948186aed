//! What the writer can be asked to do.

use super::error::closed;
use super::health::DiskHealth;
use actors::Time;
use actors::store::{Append, AppendOutcome, Callback, Opened, Sleeper, Snapshot, StoreError};
use ports::directory::Outsider;
use rusqlite::Connection;
use std::sync::Arc;

pub enum WriterJob {
    Append(Append, Callback<AppendOutcome>),
    Save(Arc<str>, Snapshot),
    Forget(Arc<str>),
    Write(WriteCall),
    Note(Outsider, Callback<Result<(), StoreError>>),
    Open(String, Callback<Result<Opened, StoreError>>),
    Sleepers(Time, Callback<Result<Vec<Sleeper>, StoreError>>),
    /// Brings the tables that follow the log up to date, beside other work.
    Sweep,
    /// Answered when nothing is left to write, rows and tails included.
    Settle(Callback<Result<(), StoreError>>),
}

pub type WriteCall = Box<dyn FnOnce(&Connection) -> StagedWrite + Send>;

/// What has been written, and the answer to give when it is durable.
pub struct StagedWrite {
    pub failed: bool,
    pub answer: Box<dyn FnOnce(Result<(), StoreError>)>,
}

impl WriterJob {
    /// Runs in the next commit, and is told of when that commit is durable.
    pub fn write<R: Send + 'static>(
        write: impl FnOnce(&Connection) -> rusqlite::Result<R> + Send + 'static,
        health: &Arc<DiskHealth>,
        tell: impl FnOnce(Result<R, StoreError>) + Send + 'static,
    ) -> WriterJob {
        let health = health.clone();
        WriterJob::Write(Box::new(move |connection: &Connection| {
            let result = write(connection);
            StagedWrite {
                failed: result.is_err(),
                answer: Box::new(move |committed| {
                    tell(committed.and_then(|()| result.map_err(|error| health.tell(error))))
                }),
            }
        }))
    }

    /// Answers that it will not be done.
    pub fn refuse(self) {
        match self {
            WriterJob::Append(_, done) => done(AppendOutcome::Unknown(closed().to_string())),
            WriterJob::Open(_, done) => done(Err(closed())),
            WriterJob::Sleepers(_, done) => done(Err(closed())),
            WriterJob::Note(_, done) | WriterJob::Settle(done) => done(Err(closed())),
            WriterJob::Save(..) | WriterJob::Forget(_) | WriterJob::Write(_) | WriterJob::Sweep => {
            }
        }
    }
}
