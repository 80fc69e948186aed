//! Requests that are counted in, and the callers that wait for their replies.

use super::failure::Lost;
use super::node::Node;
use super::request::Reply;
use crate::machine::Machine;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;

/// What a caller hears of a request; none if nobody ever answered it.
pub type HeardReply<M> = Option<Result<Reply<M>, Lost>>;

/// Hears of a reply for which nobody waits.
pub type Hears<M> = Box<dyn FnOnce(Result<Reply<M>, Lost>) + Send>;

/// A caller that waits for a reply. Dropping it counts the request out.
pub struct Waiter<M: Machine>(Place<M>);

enum Place<M: Machine> {
    Alone { to: oneshot::Sender<Result<Reply<M>, Lost>>, _in_flight: InFlight },
    Among { replies: Arc<Replies<M>>, place: usize },
    Nobody { hears: Hears<M>, _in_flight: InFlight },
}

/// Replies to requests that came together. They leave together, when nobody waits for one any
/// more.
pub struct Replies<M: Machine> {
    heard: Mutex<Vec<HeardReply<M>>>,
    to: Option<oneshot::Sender<Vec<HeardReply<M>>>>,
    _in_flight: InFlight,
}

/// Requests counted in, for the partition and for the node, until it is dropped.
pub struct InFlight {
    partition: Arc<AtomicUsize>,
    node: Arc<Node>,
    requests: usize,
}

impl InFlight {
    /// As many of these as there is room for; none when either is full.
    pub fn enter(
        partition: &Arc<AtomicUsize>,
        node: &Arc<Node>,
        wanted: usize,
    ) -> Option<InFlight> {
        let here = partition.fetch_add(wanted, Ordering::AcqRel);
        let everywhere = node.in_flight.fetch_add(wanted, Ordering::AcqRel);
        let room_here = node.limits.partition_in_flight.saturating_sub(here);
        let room = room_here.min(node.limits.node_in_flight.saturating_sub(everywhere));
        let (partition, node) = (partition.clone(), node.clone());
        let mut entered = InFlight { partition, node, requests: wanted };
        entered.leave(wanted.saturating_sub(room));
        (entered.requests > 0).then_some(entered)
    }

    /// How many are counted in.
    pub fn requests(&self) -> usize {
        self.requests
    }

    fn leave(&mut self, requests: usize) {
        if requests > 0 {
            self.partition.fetch_sub(requests, Ordering::AcqRel);
            self.node.in_flight.fetch_sub(requests, Ordering::AcqRel);
            self.requests -= requests;
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.leave(self.requests);
    }
}

impl<M: Machine> Waiter<M> {
    pub fn new(to: oneshot::Sender<Result<Reply<M>, Lost>>, in_flight: InFlight) -> Waiter<M> {
        Waiter(Place::Alone { to, _in_flight: in_flight })
    }

    /// Nobody waits; `hears` is told the reply, if there ever is one.
    pub fn nobody(hears: Hears<M>, in_flight: InFlight) -> Waiter<M> {
        Waiter(Place::Nobody { hears, _in_flight: in_flight })
    }

    pub fn answer(self, reply: Result<Reply<M>, Lost>) {
        match self.0 {
            // The caller may be gone; the fact stands all the same.
            Place::Alone { to, .. } => drop(to.send(reply)),
            Place::Among { replies, place } => replies.note(place, reply),
            Place::Nobody { hears, .. } => hears(reply),
        }
    }
}

impl<M: Machine> Replies<M> {
    /// To as many requests as were counted in.
    pub fn to(to: oneshot::Sender<Vec<HeardReply<M>>>, in_flight: InFlight) -> Arc<Replies<M>> {
        let heard = (0..in_flight.requests()).map(|_| None).collect();
        Arc::new(Replies { heard: Mutex::new(heard), to: Some(to), _in_flight: in_flight })
    }

    /// Who waits for the reply to the request at that place.
    pub fn waiter(self: &Arc<Self>, place: usize) -> Waiter<M> {
        Waiter(Place::Among { replies: self.clone(), place })
    }

    fn note(&self, place: usize, reply: Result<Reply<M>, Lost>) {
        let mut heard = self.heard.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        heard[place] = Some(reply);
    }
}

impl<M: Machine> Drop for Replies<M> {
    fn drop(&mut self) {
        let heard = self.heard.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(to) = self.to.take() {
            // The caller may be gone; the facts stand all the same.
            let _ = to.send(std::mem::take(heard));
        }
    }
}
