//! What an actor is told: by callers, by the store, by the node.

use crate::cards::CardKey;
use crate::engine::partition::Partition;
use crate::engine::record::Broken;
use crate::engine::request::Request;
use crate::engine::waiter::{Replies, Waiter};
use crate::machine::Machine;
use crate::store::{AppendOutcome, Bodies, ListedRow, StoreError};
use actix::Message;
use std::sync::Arc;
use std::time::Instant;

#[derive(Message)]
#[rtype(result = "()")]
pub struct Call<M: Machine> {
    pub request: Request<M>,
    pub waiter: Waiter<M>,
}

/// Requests that came together, and are served in their order.
#[derive(Message)]
#[rtype(result = "()")]
pub struct CallsTogether<M: Machine> {
    pub requests: Vec<Request<M>>,
    pub replies: Arc<Replies<M>>,
}

#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct OpenEnded<M: Machine>(pub(super) Result<Box<Partition<M, Waiter<M>>>, Obstacle>);

/// Why a partition could not be built from what the store had.
pub(super) enum Obstacle {
    Store(StoreError),
    /// Its snapshot is damaged, or was written by another version. The log says the same.
    Snapshot(Broken),
}

impl From<Broken> for Obstacle {
    fn from(broken: Broken) -> Obstacle {
        match broken {
            Broken::Snapshot(_) | Broken::Layout(_) => Obstacle::Snapshot(broken),
            broken => Obstacle::Store(StoreError::Broken(broken.to_string())),
        }
    }
}

impl From<Obstacle> for StoreError {
    fn from(obstacle: Obstacle) -> StoreError {
        match obstacle {
            Obstacle::Store(error) => error,
            Obstacle::Snapshot(broken) => StoreError::Broken(broken.to_string()),
        }
    }
}

/// The append that was sent last is in the log.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct AppendStands {
    pub(super) life: u64,
}

#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct AppendEnded {
    pub(super) life: u64,
    pub(super) sent_at: Instant,
    pub(super) outcome: AppendOutcome,
}

#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct LookedUp {
    pub(super) life: u64,
    pub(super) keys: Vec<CardKey>,
    pub(super) found: Result<Bodies, StoreError>,
}

#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct NamesRead {
    pub(super) life: u64,
    pub(super) rows: Result<Vec<ListedRow>, StoreError>,
}

/// Writes a snapshot if that can be done at once, and leaves if no request is on the way.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Rest;
