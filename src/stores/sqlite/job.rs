//! What the writer can be asked to do.

use super::closed;
use actors::Time;
use actors::store::{Append, AppendOutcome, Callback, Opened, Sleeper, Snapshot, StoreError};
use rusqlite::Connection;
use std::sync::Arc;

pub enum Job {
    Append(Append, Callback<AppendOutcome>),
    Save(Arc<str>, Snapshot),
    Forget(Arc<str>),
    Write(Write),
    Open(String, Callback<Result<Opened, StoreError>>),
    Sleepers(Time, Callback<Result<Vec<Sleeper>, StoreError>>),
    /// Answered when nothing is left to write, rows and tails included.
    Settle(Callback<Result<(), StoreError>>),
}

pub type Write = Box<dyn FnOnce(&Connection) -> Written + Send>;

/// What has been written, and whom to tell when it is durable.
pub struct Written {
    pub failed: bool,
    pub answer: Box<dyn FnOnce(Result<(), StoreError>)>,
}

impl Job {
    /// Answers that nobody will do it.
    pub fn refuse(self) {
        match self {
            Job::Append(_, done) => done(AppendOutcome::Unknown(closed().to_string())),
            Job::Open(_, done) => done(Err(closed())),
            Job::Sleepers(_, done) => done(Err(closed())),
            Job::Settle(done) => done(Err(closed())),
            Job::Save(..) | Job::Forget(_) | Job::Write(_) => {}
        }
    }
}
