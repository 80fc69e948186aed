//! This node, and what it knows of the others.

use super::view::ClusterView;
use actors::Time;
use actors::engine::Node;
use actors::engine::neighbours::Peer;
use std::net::SocketAddr;
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

pub struct LocalNode {
    pub me: Peer,
    /// Where the other nodes reach it.
    pub address: String,
    pub beat: Duration,
    node: Arc<Node>,
    view: RwLock<ClusterView>,
}

/// What a node knows of the others, as the health check and the metrics say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Addresses of the nodes that partitions are shared out to, in order.
    pub serving: Vec<String>,
    pub serves: bool,
}

impl LocalNode {
    pub fn new(me: Peer, address: String, beat: Duration, node: Arc<Node>) -> LocalNode {
        LocalNode { me, address, beat, node, view: RwLock::new(ClusterView::new(me, beat)) }
    }

    pub fn now(&self) -> Time {
        self.node.now()
    }

    /// A number that no other request has.
    pub fn seed(&self) -> u64 {
        self.node.seed()
    }

    pub fn membership(&self) -> Membership {
        let (now, at) = (Instant::now(), self.now());
        let view = self.view();
        let mut serving: Vec<String> = view.serving(now, at).map(str::to_owned).collect();
        serving.sort();
        Membership { serves: view.serves(now, at), serving }
    }

    pub fn owner_of(&self, partition: &str) -> Option<Peer> {
        self.view().owner_of(partition, Instant::now(), self.now())
    }

    pub fn address_of(&self, peer: Peer) -> Option<SocketAddr> {
        self.view().socket_of(peer)
    }

    pub fn lives(&self, peer: Peer) -> bool {
        self.view().lives(peer, Instant::now())
    }

    /// Until it beats again, it counts as gone.
    pub fn suspect(&self, peer: Peer) {
        self.view_mut().suspect(peer);
    }

    pub fn view(&self) -> RwLockReadGuard<'_, ClusterView> {
        self.view.read().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub fn view_mut(&self) -> RwLockWriteGuard<'_, ClusterView> {
        self.view.write().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
