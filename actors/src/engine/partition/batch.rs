//! What waits for the next append, what is under way, and what a durable append sets free.

use crate::cards::CardKey;
use crate::engine::request::Reply;
use crate::machine::Machine;
use crate::store::{Position, Row, Snapshot};

/// Records that wait for the next append, and the callers that wait for them.
pub(super) struct Batch<M: Machine, W> {
    pub(super) records: Vec<u8>,
    pub(super) count: u64,
    pub(super) rows: Vec<Row>,
    pub(super) cards: Vec<CardKey>,
    pub(super) waiters: Vec<(W, Reply<M>)>,
}

pub(super) struct Flight<M: Machine, W> {
    pub(super) to: Position,
    /// Its frame is in the log; its rows may not be visible yet.
    pub(super) stands: bool,
    pub(super) cards: Vec<CardKey>,
    pub(super) waiters: Vec<(W, Reply<M>)>,
    pub(super) snapshot: Option<Snapshot>,
}

/// What a durable append sets free.
pub struct Landed<M: Machine, W> {
    pub answers: Vec<(W, Reply<M>)>,
    pub snapshot: Option<Snapshot>,
}

impl<M: Machine, W> Batch<M, W> {
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0 && self.waiters.is_empty()
    }
}

impl<M: Machine, W> Default for Batch<M, W> {
    fn default() -> Self {
        Batch {
            records: Vec::new(),
            count: 0,
            rows: Vec::new(),
            cards: Vec::new(),
            waiters: Vec::new(),
        }
    }
}
