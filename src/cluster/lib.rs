//! Several nodes on one database: which nodes live, which node should own what, and how a request
//! goes from one node to another.
//!
//! Read in this order. `shares` says which node a partition should belong to. `view` says who
//! lives, as one node sees it. `local` is this node and its view. `heart` says again and again that
//! this node lives. `proof` shows that a request comes from a node. `wire` takes a request to
//! another node and brings the answer back. Requests arrive at a door of this node,
//! `src/http/cluster.rs`.
//!
//! All of it is belief, for speed: nothing here decides what is true. The fence in the store does.

mod heart;
mod local;
mod proof;
mod shares;
mod view;
mod wire;

pub use heart::LetGo;
pub use local::Membership;
pub use proof::SignedHead;
pub use wire::{LONGEST, PATH, PROOF, unpack};

use actors::engine::neighbours::{Astray, Passing, Peer};
use actors::engine::{Neighbours, Node};
use heart::Heart;
use local::LocalNode;
use metrics::{Counter, counter};
use ports::Register;
use proof::{ClusterKey, Once};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;
use wire::Wire;

/// This node among the others.
pub struct Cluster {
    local: Arc<LocalNode>,
    key: ClusterKey,
    once: Once,
    wire: Wire,
    /// Until the process stops, which ends it.
    heart: Mutex<Option<Heart>>,
    leaving: AtomicBool,
    meters: ClusterMeters,
}

struct ClusterMeters {
    passed_on: Counter,
    not_there: Counter,
    unknown: Counter,
    served: Counter,
}

/// How a node takes part.
pub struct Settings {
    /// Where the other nodes reach it.
    pub address: String,
    pub beat: Duration,
    pub key: String,
}

impl Cluster {
    /// Announces this node and waits until it knows which other nodes live. So it takes nothing
    /// from those that serve.
    pub fn join(
        node: Arc<Node>,
        let_go: LetGo,
        register: Arc<dyn Register>,
        settings: Settings,
    ) -> anyhow::Result<Arc<Cluster>> {
        let mut id = [0; 8];
        getrandom::fill(&mut id).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        let me = u64::from_le_bytes(id);
        let local = Arc::new(LocalNode::new(me, settings.address, settings.beat, node.clone()));
        let key = ClusterKey::derive(settings.key.as_bytes());
        let cluster = Arc::new(Cluster {
            wire: Wire::new(local.clone(), key.clone()),
            key,
            once: Once::default(),
            heart: Mutex::new(Some(heart::start(local.clone(), register, let_go)?)),
            leaving: AtomicBool::new(false),
            meters: ClusterMeters {
                passed_on: counter!("stampede_cluster_passed_on_total"),
                not_there: counter!("stampede_cluster_not_there_total"),
                unknown: counter!("stampede_cluster_unknown_total"),
                served: counter!("stampede_cluster_served_total"),
            },
            local,
        });
        node.live_among(Arc::new(Seat(Arc::downgrade(&cluster))));
        Ok(cluster)
    }

    /// Where the other nodes reach this one.
    pub fn address(&self) -> &str {
        &self.local.address
    }

    pub fn membership(&self) -> Membership {
        self.local.membership()
    }

    /// What another node asks, if this is the proof that a node asks. A proof counts once.
    pub fn admit(&self, proof: &str) -> Option<SignedHead> {
        let head = self.key.verify(proof).filter(|head| head.to == self.local.me)?;
        self.once.takes(&head, self.local.now()).then_some(head)
    }

    /// What shows the other node that this is our answer.
    pub fn sign_answer(&self, to: &SignedHead, answer: &[u8]) -> String {
        self.meters.served.increment(1);
        self.key.sign_answer(to, answer)
    }

    pub fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Acquire)
    }

    /// Gives everything to the other nodes, from an instant on that they have heard of. Returns
    /// when it has come.
    pub async fn leave(&self) {
        self.leaving.store(true, Ordering::Release);
        let left = self.heart().as_ref().map(Heart::leave);
        if let Some(left) = left {
            let _ = left.await;
        }
    }

    /// Strikes this node off the register, and its heart stops.
    pub async fn end(&self) {
        let ended = self.heart().take().map(Heart::end);
        if let Some(ended) = ended {
            let _ = ended.await;
        }
    }

    fn heart(&self) -> MutexGuard<'_, Option<Heart>> {
        self.heart.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn pass_on(self: &Arc<Self>, peer: Peer, partition: String, request: Vec<u8>) -> Passing {
        let cluster = self.clone();
        Box::pin(async move {
            cluster.meters.passed_on.increment(1);
            let answer = cluster.wire.pass_on(peer, &partition, &request).await;
            match &answer {
                Err(Astray::NotThere) => cluster.meters.not_there.increment(1),
                Err(Astray::Unknown) => cluster.meters.unknown.increment(1),
                Ok(_) | Err(Astray::TooMany) => {}
            }
            answer
        })
    }
}

/// The cluster as the engine sees it. It hands out futures that outlive the call.
struct Seat(Weak<Cluster>);

impl Neighbours for Seat {
    fn owner_of(&self, partition: &str) -> Option<Peer> {
        self.0.upgrade()?.local.owner_of(partition)
    }

    fn pass_on(&self, to: Peer, partition: &str, request: Vec<u8>) -> Passing {
        match self.0.upgrade() {
            Some(cluster) => cluster.pass_on(to, partition.to_owned(), request),
            None => Box::pin(async { Err(Astray::NotThere) }),
        }
    }
}
