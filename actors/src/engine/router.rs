//! Finds the partition that owns a thing, starting its actor if it sleeps, and turns replies into
//! results.
//!
//! Admission stands here, in front of the mailbox: a full partition or node is Busy at once and
//! nothing was done. Nor is anything decided while the node's clock has moved and is not believed.

use super::actor::{Call, InFlight, Lost, PartitionActor, Place, Rest, Waiter};
use super::keys::Key;
use super::node::Node;
use super::open::{self, Reach};
use super::partition::{Done, How, Looked, Reply, Request};
use crate::machine::{Caller, Machine, Refused};
use actix::{Actor, Addr};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock, Weak};
use tokio::sync::oneshot;

/// Why the engine did not do what was asked. The one type that crosses its border.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure<R> {
    Refused(R),
    KeyReused,
    KeyForgotten,
    /// Too much is under way. Nothing was done.
    Busy,
    /// The store cannot be reached or read. Nothing was done.
    Unavailable(String),
    /// Another node owns the partition by now, or should, and could not be asked. Nothing was done.
    Moved,
    /// The outcome is not known; a repeat with the same key finds out.
    Unknown,
    /// The owner's wall clock has moved by itself, and nobody knows yet whether it is right.
    /// Nothing was done.
    ClockMoved,
}

impl<R> Failure<R> {
    /// The same failure, its refusal in other words.
    pub fn map<S>(self, say: impl FnOnce(R) -> S) -> Failure<S> {
        match self {
            Failure::Refused(refusal) => Failure::Refused(say(refusal)),
            Failure::KeyReused => Failure::KeyReused,
            Failure::KeyForgotten => Failure::KeyForgotten,
            Failure::Busy => Failure::Busy,
            Failure::Unavailable(why) => Failure::Unavailable(why),
            Failure::Moved => Failure::Moved,
            Failure::Unknown => Failure::Unknown,
            Failure::ClockMoved => Failure::ClockMoved,
        }
    }
}

impl<R> From<Lost> for Failure<R> {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Unavailable(why) => Failure::Unavailable(why),
            Lost::Moved => Failure::Moved,
            Lost::Unknown => Failure::Unknown,
        }
    }
}

pub type Outcome<M> =
    Result<Done<<M as Machine>::Event, <M as Machine>::Witness>, Failure<<M as Machine>::Refusal>>;

/// The partitions of one kind.
pub struct Router<M: Machine> {
    pub(super) node: Arc<Node>,
    table: Arc<Table<M>>,
}

impl<M: Machine> Clone for Router<M> {
    fn clone(&self) -> Self {
        Router { node: self.node.clone(), table: self.table.clone() }
    }
}

type Table<M> = RwLock<HashMap<<M as Machine>::Name, Handle<M>>>;

struct Handle<M: Machine> {
    actor: Addr<PartitionActor<M>>,
    in_flight: Arc<AtomicUsize>,
}

impl<M: Machine> Router<M> {
    pub fn new(node: Arc<Node>) -> Self {
        Router { node, table: Arc::default() }
    }

    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Gives a command. With `dry`, says what it would do.
    pub async fn command(
        &self,
        name: &M::Name,
        command: M::Command,
        caller: Caller,
        key: Option<Key>,
        dry: bool,
    ) -> Outcome<M> {
        let how = if dry { How::Dry } else { How::Real };
        match self.ask(name, Request::Command { command, caller, key, how }).await? {
            Reply::Done(done) => Ok(done),
            Reply::Refused(refusal) => Err(Failure::Refused(refusal)),
            reply => Err(unexpected(reply)),
        }
    }

    /// Gives a command that any of the partitions `names` may carry out; says which did.
    pub async fn command_any(
        &self,
        names: &[M::Name],
        command: M::Command,
        caller: Caller,
        key: Option<Key>,
        dry: bool,
    ) -> Result<(usize, Done<M::Event, M::Witness>), Failure<M::Refusal>> {
        let seed = self.node.seed();
        open::ask_any(&Among { router: self, names }, &command, caller, key, dry, seed).await
    }

    pub async fn look(
        &self,
        name: &M::Name,
        question: M::Question,
    ) -> Result<Looked<M::Answer>, Failure<M::Refusal>> {
        match self.ask(name, Request::Look(question)).await? {
            Reply::Looked(looked) => Ok(looked),
            reply => Err(unexpected(reply)),
        }
    }

    /// Starts the partition, so that it does what is due, unless that is for another node to do.
    pub fn wake(&self, name: &M::Name) {
        if self.is_ours(name) {
            self.enter(name).ok();
        }
    }

    /// The partitions that are awake.
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

    /// Asks the partitions of other nodes that are awake here to write a snapshot and leave; says
    /// how many there are.
    pub fn let_go(&self) -> usize {
        let table = self.read();
        let others = table.iter().filter(|(name, _)| !self.is_ours(name));
        others.map(|(_, handle)| handle.actor.do_send(Rest)).count()
    }

    /// Asks every partition to write a snapshot and leave. True when all have left.
    pub fn rest(&self) -> bool {
        let table = self.read();
        table.values().for_each(|handle| handle.actor.do_send(Rest));
        table.is_empty()
    }

    /// Asks this node's own actor, whoever should own the partition.
    pub(super) async fn ask_here(
        &self,
        name: &M::Name,
        request: Request<M>,
    ) -> Result<Reply<M>, Failure<M::Refusal>> {
        if request.decides() && !self.node.is_settled() {
            return Err(Failure::ClockMoved);
        }
        let (actor, in_flight) = self.enter(name)?;
        let (to, reply) = oneshot::channel();
        actor.do_send(Call { request, waiter: Waiter::new(to, in_flight) });
        // A dropped sender is an actor that died on the way; only the log knows what it had done.
        Ok(reply.await.unwrap_or(Err(Lost::Unknown))?)
    }

    /// Counts a request in while the table is locked, so that a partition going to sleep is never
    /// overtaken.
    fn enter(
        &self,
        name: &M::Name,
    ) -> Result<(Addr<PartitionActor<M>>, InFlight), Failure<M::Refusal>> {
        if let Some(handle) = self.read().get(name).filter(|handle| handle.actor.connected()) {
            return handle.enter(&self.node);
        }
        let mut table = self.table.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(handle) = table.get(name).filter(|handle| handle.actor.connected()) {
            return handle.enter(&self.node);
        }
        let handle = self.start(name)?;
        let entered = handle.enter(&self.node);
        table.insert(name.clone(), handle);
        entered
    }

    fn start(&self, name: &M::Name) -> Result<Handle<M>, Failure<M::Refusal>> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(name);
        let seat = self
            .node
            .seat(hash)
            .ok_or_else(|| Failure::Unavailable("no thread takes partitions yet".into()))?;
        let in_flight = Arc::new(AtomicUsize::new(0));
        let place = InTable::<M> {
            table: Arc::downgrade(&self.table),
            name: name.clone(),
            in_flight: in_flight.clone(),
        };
        let (name, node) = (name.clone(), self.node.clone());
        let actor = PartitionActor::start_in_arbiter(&seat, move |_| {
            PartitionActor::new(name, node, Box::new(place))
        });
        Ok(Handle { actor, in_flight })
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, HashMap<M::Name, Handle<M>>> {
        self.table.read().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl<M: Machine> Handle<M> {
    fn enter(
        &self,
        node: &Arc<Node>,
    ) -> Result<(Addr<PartitionActor<M>>, InFlight), Failure<M::Refusal>> {
        let in_flight = InFlight::enter(&self.in_flight, node).ok_or(Failure::Busy)?;
        Ok((self.actor.clone(), in_flight))
    }
}

fn unexpected<M: Machine>(reply: Reply<M>) -> Failure<M::Refusal> {
    match reply {
        Reply::KeyReused => Failure::KeyReused,
        Reply::KeyForgotten => Failure::KeyForgotten,
        // A key that was passed on, or declined, belongs to an open request; this one is not.
        Reply::Passed { .. } | Reply::Declined => Failure::KeyReused,
        Reply::Done(_) | Reply::Refused(_) | Reply::Looked(_) | Reply::Left(_) => Failure::Unknown,
    }
}

struct InTable<M: Machine> {
    table: Weak<Table<M>>,
    name: M::Name,
    in_flight: Arc<AtomicUsize>,
}

impl<M: Machine> Place for InTable<M> {
    fn leave(&self) -> bool {
        let Some(table) = self.table.upgrade() else { return true };
        let mut table = table.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        let nobody_on_the_way = self.in_flight.load(Ordering::Acquire) == 0;
        if nobody_on_the_way
            && table
                .get(&self.name)
                .is_some_and(|handle| Arc::ptr_eq(&handle.in_flight, &self.in_flight))
        {
            table.remove(&self.name);
        }
        nobody_on_the_way
    }

    fn vacate(&self) {
        let Some(table) = self.table.upgrade() else { return };
        let mut table = table.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        if table
            .get(&self.name)
            .is_some_and(|handle| Arc::ptr_eq(&handle.in_flight, &self.in_flight))
        {
            table.remove(&self.name);
        }
    }
}

/// The partitions of one resource, by place.
struct Among<'a, M: Machine> {
    router: &'a Router<M>,
    names: &'a [M::Name],
}

impl<M: Machine> Reach<M> for Among<'_, M> {
    fn places(&self) -> u16 {
        self.names.len() as u16
    }

    async fn ask(&self, place: u16, request: Request<M>) -> Result<Reply<M>, Failure<M::Refusal>> {
        self.router.ask(&self.names[place as usize], request).await
    }
}

/// A refusal that another partition might not share.
pub(super) fn may_be_had_elsewhere<M: Machine>(reply: &Reply<M>) -> bool {
    matches!(reply, Reply::Refused(refusal) if refusal.may_be_had_elsewhere())
}
