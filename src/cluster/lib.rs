//! Several nodes on one database: who lives, who should own what, and requests that go from one to
//! the other.
//!
//! Read in this order: `shares` (whose a partition should be), `view` (who lives, as one node sees
//! it), `heart` (saying so, again and again), `proof` (that it is a node who asks), `wire` (the way
//! there and back). Where requests arrive, `src/http/cluster.rs`, is a door of this node. All of it is belief, for speed: nothing here decides
//! what is true. The fence in the store does.

mod heart;
mod proof;
mod shares;
mod view;
mod wire;

pub use proof::Head;
pub use wire::{LONGEST, PATH, PROOF, unpack};

use actors::engine::neighbours::{Astray, Passing, Peer};
use actors::engine::{Neighbours, Node};
use metrics::{Counter, counter};
use ports::Register;
use proof::{Key, Once};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, RwLock, Weak};
use std::time::{Duration, Instant};
use view::View;
use wire::Lines;

/// Asks partitions that other nodes should own to leave, and says how many are still here.
pub type LetGo = Box<dyn Fn() -> usize + Send + Sync>;

/// This node among the others.
pub struct Cluster {
    me: Peer,
    address: String,
    beat: Duration,
    key: Key,
    once: Once,
    register: Arc<dyn Register>,
    node: Arc<Node>,
    let_go: LetGo,
    view: RwLock<View>,
    lines: Lines,
    /// Its end, when the process stops.
    heart: Mutex<Option<heart::Heart>>,
    leaving: AtomicBool,
    meters: Meters,
}

struct Meters {
    passed_on: Counter,
    not_there: Counter,
    unknown: Counter,
    served: Counter,
    missed: Counter,
}

/// How a node takes part.
pub struct Settings {
    /// Where others reach it.
    pub address: String,
    pub beat: Duration,
    pub key: String,
}

/// What a node knows of the others, as the health check and the metrics say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Addresses of the nodes that partitions are shared out to, in order.
    pub serving: Vec<String>,
    pub serves: bool,
}

impl Cluster {
    /// Announces this node and waits until it knows who else there is, so that it takes nothing
    /// from those who serve.
    pub fn join(
        node: Arc<Node>,
        let_go: LetGo,
        register: Arc<dyn Register>,
        settings: Settings,
    ) -> anyhow::Result<Arc<Cluster>> {
        let mut id = [0; 8];
        getrandom::fill(&mut id).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        let me = u64::from_le_bytes(id);
        let cluster = Arc::new(Cluster {
            me,
            view: RwLock::new(View::new(me, settings.beat)),
            address: settings.address,
            beat: settings.beat,
            key: Key::derived(settings.key.as_bytes()),
            once: Once::default(),
            register,
            lines: Lines::default(),
            heart: Mutex::default(),
            leaving: AtomicBool::new(false),
            meters: Meters {
                passed_on: counter!("stampede_cluster_passed_on_total"),
                not_there: counter!("stampede_cluster_not_there_total"),
                unknown: counter!("stampede_cluster_unknown_total"),
                served: counter!("stampede_cluster_served_total"),
                missed: counter!("stampede_cluster_missed_total"),
            },
            let_go,
            node: node.clone(),
        });
        *cluster.heart.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) =
            Some(heart::start(cluster.clone())?);
        node.live_among(Arc::new(Seat(Arc::downgrade(&cluster))));
        Ok(cluster)
    }

    pub fn membership(&self) -> Membership {
        let view = self.view.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        let (now, at) = (Instant::now(), self.node.now());
        let mut serving: Vec<String> =
            view.serving(now, at).map(|node| node.address.to_string()).collect();
        serving.sort();
        Membership { serves: view.serves(now, at), serving }
    }

    /// What another node asks, if this is the proof that one does. Nobody is told twice.
    pub fn admit(&self, proof: &str) -> Option<Head> {
        let head = self.key.verify(proof).filter(|head| head.to == self.me)?;
        self.once.takes(&head, self.node.now()).then_some(head)
    }

    /// What shows the other node that this is our answer.
    pub fn sign_answer(&self, to: &Head, answer: &[u8]) -> String {
        self.meters.served.increment(1);
        self.key.sign_answer(to, answer)
    }

    pub fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Acquire)
    }

    /// Gives everything to the others, beginning at an instant that they have heard of. Done when
    /// it has come.
    pub async fn leave(&self) {
        self.leaving.store(true, Ordering::Release);
        let told = self
            .heart
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .as_ref()
            .map(heart::Heart::leave);
        if let Some(left) = told {
            let _ = left.await;
        }
    }

    /// Strikes this node off the register, and its heart stops.
    pub async fn end(&self) {
        let told = self
            .heart
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .take()
            .map(heart::Heart::end);
        if let Some(ended) = told {
            let _ = ended.await;
        }
    }

    fn address_of(&self, peer: Peer) -> Option<SocketAddr> {
        self.view.read().unwrap_or_else(|poisoned| poisoned.into_inner()).socket_of(peer)
    }

    fn lives(&self, peer: Peer) -> bool {
        self.view
            .read()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .lives(peer, Instant::now())
    }

    /// Until it beats again, it counts as gone.
    fn suspect(&self, peer: Peer) {
        self.view.write().unwrap_or_else(|poisoned| poisoned.into_inner()).suspect(peer);
    }

    fn tells(self: &Arc<Self>, peer: Peer, partition: String, request: Vec<u8>) -> Passing {
        let cluster = self.clone();
        Box::pin(async move {
            cluster.meters.passed_on.increment(1);
            let answer = wire::pass_on(&cluster, peer, &partition, &request).await;
            match &answer {
                Err(Astray::NotThere) => cluster.meters.not_there.increment(1),
                Err(Astray::Unknown) => cluster.meters.unknown.increment(1),
                Ok(_) | Err(Astray::TooMany) => {}
            }
            answer
        })
    }
}

/// The port's view of it, which has to hand out futures that outlive the call.
struct Seat(Weak<Cluster>);

impl Neighbours for Seat {
    fn owner_of(&self, partition: &str) -> Option<Peer> {
        let cluster = self.0.upgrade()?;
        let view = cluster.view.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        view.owner_of(partition, Instant::now(), cluster.node.now())
    }

    fn pass_on(&self, to: Peer, partition: &str, request: Vec<u8>) -> Passing {
        match self.0.upgrade() {
            Some(cluster) => cluster.tells(to, partition.to_owned(), request),
            None => Box::pin(async { Err(Astray::NotThere) }),
        }
    }
}
