//! Requests that are counted in, and the callers that wait for their replies.

use super::failure::Lost;
use super::node::Node;
use super::request::Reply;
use crate::machine::Machine;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::oneshot;

/// A caller that waits for a reply. Dropping it counts the request out.
pub struct Waiter<M: Machine> {
    to: oneshot::Sender<Result<Reply<M>, Lost>>,
    _in_flight: InFlight,
}

/// One request counted in, for the partition and for the node, until it is dropped.
pub struct InFlight {
    partition: Arc<AtomicUsize>,
    node: Arc<Node>,
}

impl InFlight {
    /// None when either is full.
    pub fn enter(partition: &Arc<AtomicUsize>, node: &Arc<Node>) -> Option<InFlight> {
        let entered = InFlight { partition: partition.clone(), node: node.clone() };
        let here = partition.fetch_add(1, Ordering::AcqRel);
        let everywhere = node.in_flight.fetch_add(1, Ordering::AcqRel);
        (here < node.limits.partition_in_flight && everywhere < node.limits.node_in_flight)
            .then_some(entered)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.partition.fetch_sub(1, Ordering::AcqRel);
        self.node.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}

impl<M: Machine> Waiter<M> {
    pub fn new(to: oneshot::Sender<Result<Reply<M>, Lost>>, in_flight: InFlight) -> Waiter<M> {
        Waiter { to, _in_flight: in_flight }
    }

    pub fn answer(self, reply: Result<Reply<M>, Lost>) {
        // The caller may be gone; the fact stands all the same.
        let _ = self.to.send(reply);
    }
}
