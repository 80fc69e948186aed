//! The partitions of one kind, and their actors on this node: finds a partition's actor, and starts
//! it if the partition sleeps.
//!
//! `passing` adds how the owner is asked, which may be another node; `commands` adds what callers
//! use.
//!
//! Admission stands here, in front of the mailbox: a full partition or node is Busy at once, and
//! nothing was done. Nor is anything decided while the node's clock has moved and is not believed.

use super::actor::messages::{Call, CallsTogether, Rest};
use super::actor::{Exit, PartitionActor};
use super::failure::{Failure, Lost};
use super::node::Node;
use super::request::{Reply, Request};
use super::waiter::{HeardReply, Hears, InFlight, Replies, Waiter};
use crate::machine::{Machine, partition_id};
use actix::{Actor, Addr};
use hashbrown::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock, RwLockReadGuard, Weak};
use tokio::sync::oneshot;

/// The way to all partitions of one kind.
pub struct Router<M: Machine> {
    node: Arc<Node>,
    handles: Arc<Handles<M>>,
}

impl<M: Machine> Clone for Router<M> {
    fn clone(&self) -> Self {
        Router { node: self.node.clone(), handles: self.handles.clone() }
    }
}

type Handles<M> = RwLock<HashMap<<M as Machine>::Name, Handle<M>>>;

struct Handle<M: Machine> {
    /// An address that is copied allocates.
    actor: Arc<Addr<PartitionActor<M>>>,
    in_flight: Arc<AtomicUsize>,
}

impl<M: Machine> Router<M> {
    pub fn new(node: Arc<Node>) -> Self {
        Router { node, handles: Arc::default() }
    }

    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Asks this node's own actor, also if another node should own the partition.
    pub(super) async fn ask_here(
        &self,
        name: &M::Name,
        request: Request<M>,
    ) -> Result<Reply<M>, Failure<M::Refusal>> {
        if request.decides() && !self.node.is_settled() {
            return Err(Failure::ClockMoved);
        }
        let (actor, in_flight) = self.enter(name, 1)?;
        let (to, reply) = oneshot::channel();
        actor.do_send(Call { request, waiter: Waiter::new(to, in_flight) });
        // A dropped sender is an actor that died on the way; only the log knows what it had done.
        Ok(reply.await.unwrap_or(Err(Lost::Unknown))?)
    }

    /// Sends this node's own actor a request, and waits for nothing.
    pub(super) fn send_here(
        &self,
        name: &M::Name,
        request: Request<M>,
        hears: Hears<M>,
    ) -> Result<(), Failure<M::Refusal>> {
        if request.decides() && !self.node.is_settled() {
            return Err(Failure::ClockMoved);
        }
        let (actor, in_flight) = self.enter(name, 1)?;
        actor.do_send(Call { request, waiter: Waiter::nobody(hears, in_flight) });
        Ok(())
    }

    /// Asks this node's own actor many things at once, which it serves in their order. Those for
    /// which there is no room are Busy.
    pub(super) async fn ask_here_together(
        &self,
        name: &M::Name,
        mut requests: Vec<Request<M>>,
    ) -> Vec<Result<Reply<M>, Failure<M::Refusal>>> {
        let asked = requests.len();
        let entered = match requests.iter().any(Request::decides) && !self.node.is_settled() {
            true => Err(Failure::ClockMoved),
            false => self.enter(name, asked),
        };
        let (actor, in_flight) = match entered {
            Ok(entered) => entered,
            Err(failure) => return (0..asked).map(|_| Err(failure.clone())).collect(),
        };
        let served = in_flight.requests();
        requests.truncate(served);
        let (to, heard) = oneshot::channel();
        actor.do_send(CallsTogether { requests, replies: Replies::to(to, in_flight) });
        let mut heard = heard.await.unwrap_or_default();
        heard.resize_with(served, || None);
        let reply = |heard: HeardReply<M>| Ok(heard.unwrap_or(Err(Lost::Unknown))?);
        let busy = (served..asked).map(|_| Err(Failure::Busy));
        heard.into_iter().map(reply).chain(busy).collect()
    }

    /// Starts the partition, so that it does what is due, unless that is for another node to do.
    pub fn wake(&self, name: &M::Name) {
        if self.is_ours(name) {
            self.enter(name, 1).ok();
        }
    }

    /// The partitions that are awake on this node.
    pub fn awake(&self) -> Vec<M::Name> {
        self.read().keys().cloned().collect()
    }

    /// The most requests under way in one partition.
    pub fn deepest(&self) -> usize {
        self.read()
            .values()
            .map(|handle| handle.in_flight.load(Ordering::Relaxed))
            .max()
            .unwrap_or(0)
    }

    /// Asks the partitions that other nodes should own to write a snapshot and leave; says how many
    /// there are.
    pub fn let_go(&self) -> usize {
        let handles = self.read();
        let others = handles.iter().filter(|(name, _)| !self.is_ours(name));
        others.map(|(_, handle)| handle.actor.do_send(Rest)).count()
    }

    /// Asks every partition to write a snapshot and leave. True when all have left.
    pub fn rest(&self) -> bool {
        let handles = self.read();
        handles.values().for_each(|handle| handle.actor.do_send(Rest));
        handles.is_empty()
    }

    fn is_ours(&self, name: &M::Name) -> bool {
        !self.node.has_neighbours() || self.node.should_own(&partition_id::<M>(name))
    }

    /// Counts requests in, as many as there is room for, while the table is locked, so that a
    /// partition going to sleep is never overtaken.
    fn enter(
        &self,
        name: &M::Name,
        requests: usize,
    ) -> Result<(Arc<Addr<PartitionActor<M>>>, InFlight), Failure<M::Refusal>> {
        if let Some(handle) = self.read().get(name).filter(|handle| handle.actor.connected()) {
            return handle.enter(&self.node, requests);
        }
        let mut handles = self.handles.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(handle) = handles.get(name).filter(|handle| handle.actor.connected()) {
            return handle.enter(&self.node, requests);
        }
        let handle = self.start(name)?;
        let entered = handle.enter(&self.node, requests);
        handles.insert(name.clone(), handle);
        entered
    }

    fn start(&self, name: &M::Name) -> Result<Handle<M>, Failure<M::Refusal>> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(name);
        let seat = self
            .node
            .seat(hash)
            .ok_or_else(|| Failure::Unavailable("no thread takes partitions yet".into()))?;
        let in_flight = Arc::new(AtomicUsize::new(0));
        let exit = RouterExit::<M> {
            handles: Arc::downgrade(&self.handles),
            name: name.clone(),
            in_flight: in_flight.clone(),
        };
        let (name, node) = (name.clone(), self.node.clone());
        let alarms = seat.alarms;
        let actor = PartitionActor::start_in_arbiter(&seat.arbiter, move |_| {
            PartitionActor::new(name, node, Box::new(exit), alarms)
        });
        Ok(Handle { actor: Arc::new(actor), in_flight })
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<M::Name, Handle<M>>> {
        self.handles.read().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl<M: Machine> Handle<M> {
    fn enter(
        &self,
        node: &Arc<Node>,
        requests: usize,
    ) -> Result<(Arc<Addr<PartitionActor<M>>>, InFlight), Failure<M::Refusal>> {
        let in_flight = InFlight::enter(&self.in_flight, node, requests).ok_or(Failure::Busy)?;
        Ok((self.actor.clone(), in_flight))
    }
}

struct RouterExit<M: Machine> {
    handles: Weak<Handles<M>>,
    name: M::Name,
    in_flight: Arc<AtomicUsize>,
}

impl<M: Machine> RouterExit<M> {
    /// Takes the partition out if `may_leave` says so, unless another actor has its place by now.
    fn leave_if(&self, may_leave: impl FnOnce() -> bool) -> bool {
        let Some(handles) = self.handles.upgrade() else { return true };
        let mut handles = handles.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        let leaves = may_leave();
        if leaves
            && handles
                .get(&self.name)
                .is_some_and(|handle| Arc::ptr_eq(&handle.in_flight, &self.in_flight))
        {
            handles.remove(&self.name);
        }
        leaves
    }
}

impl<M: Machine> Exit for RouterExit<M> {
    fn leave(&self) -> bool {
        self.leave_if(|| self.in_flight.load(Ordering::Acquire) == 0)
    }

    fn leave_at_once(&self) {
        self.leave_if(|| true);
    }
}
