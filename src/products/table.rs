//! The kinds of partitions that there are, and the one table that lists them.
//!
//! To add a kind, add a line to `kinds!`. Whatever treats all kinds alike (waking, resting,
//! deriving rows, telling, auditing) comes from that table.

use crate::audit;
use crate::telling::said;
use crate::telling::said::{Said, Told};
use actors::domain::acts::Acts;
use actors::domain::ballots::BallotBox;
use actors::domain::coupons::voiding::Voiding;
use actors::domain::coupons::{Campaign, Catalogue, Rack, Range};
use actors::domain::imports::Import;
use actors::domain::lottery::Lottery;
use actors::domain::notices::Notices;
use actors::domain::tickets::Slice;
use actors::domain::till::Till;
use actors::domain::webhooks::Webhook;
use actors::engine::{Node, Router, declared, record};
use actors::store::{Bodies, Frame, ListedRow, Page, Row, RowKey, Sleeper, StoreError};
use actors::{Machine, machine};
use futures_util::future::LocalBoxFuture;
use std::sync::Arc;
use tokio::sync::oneshot;

macro_rules! kinds {
    ($( $routers:ident: $kind:ty; )*) => {
        /// What runs the partitions of every kind: a router for each.
        pub struct Engine {
            pub node: Arc<Node>,
            $( pub $routers: Router<$kind>, )*
        }

        pub static KINDS: &[PartitionKind] = &[ $( PartitionKind::of::<$kind>(), )* ];

        impl Engine {
            pub fn new(node: Arc<Node>) -> Arc<Engine> {
                Arc::new(Engine { $( $routers: Router::new(node.clone()), )* node })
            }

            fn each(&self) -> [&dyn Routed; KINDS.len()] {
                [ $( &self.$routers, )* ]
            }
        }
    };
}

kinds! {
    lotteries: Lottery;
    slices: Slice;
    tills: Till;
    boxes: BallotBox;
    catalogue: Catalogue;
    campaigns: Campaign;
    ranges: Range;
    racks: Rack;
    notices: Notices;
    imports: Import;
    voidings: Voiding;
    webhooks: Webhook;
    acts: Acts;
}

/// What can be done with a kind of partition without knowing which it is.
pub struct PartitionKind {
    pub name: &'static str,
    rows: fn(&str, &Frame) -> Vec<Row>,
    tell: fn(&str, &Frame) -> Result<Vec<Said>, record::Broken>,
    pub audit: fn(&str) -> Result<Box<dyn audit::Replay>, record::Broken>,
}

/// What can be done with all partitions of a kind.
trait Routed {
    fn wake(&self, partition: &str);
    fn rest(&self) -> bool;
    fn let_go(&self) -> usize;
    fn serve_passed_on<'a>(
        &'a self,
        partition: &'a str,
        request: &'a [u8],
    ) -> LocalBoxFuture<'a, Option<Vec<u8>>>;
    fn awake(&self) -> usize;
    fn deepest(&self) -> usize;
}

impl PartitionKind {
    const fn of<M: Told>() -> PartitionKind {
        PartitionKind {
            name: M::KIND,
            rows: declared::rows_of::<M>,
            tell: said::tell::<M>,
            audit: audit::replay::<M>,
        }
    }
}

/// The kind of a partition and its name within the kind.
pub fn kind_of(partition: &str) -> Option<(&'static PartitionKind, &str)> {
    let (kind, name) = partition.split_once('/')?;
    KINDS.iter().find(|known| known.name == kind).map(|known| (known, name))
}

/// The rows and cards that the events of a frame declare: what a store derives again when it has
/// lost them.
pub fn rows(partition: &str, frame: &Frame) -> Vec<Row> {
    kind_of(partition).map_or_else(Vec::new, |(kind, name)| (kind.rows)(name, frame))
}

/// What a frame tells the outside.
pub fn tell(partition: &str, frame: &Frame) -> Result<Vec<Said>, record::Broken> {
    let (kind, name) =
        kind_of(partition).ok_or_else(|| record::Broken::Name(partition.to_owned()))?;
    (kind.tell)(name, frame)
}

impl Engine {
    /// Starts a partition that has something to do although nobody called it.
    pub fn wake(&self, sleeper: &Sleeper) {
        self.each().iter().for_each(|kind| kind.wake(&sleeper.partition));
    }

    /// A page of a list of look-up rows.
    pub async fn rows(&self, page: Page) -> Result<Vec<ListedRow>, StoreError> {
        let (done, rows) = oneshot::channel();
        // The asker may be gone.
        self.node.store.rows(page, Box::new(move |rows| drop(done.send(rows))));
        rows.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the reader has stopped".into())))
    }

    /// The bodies of these rows, none where there is no such row.
    pub async fn find(&self, keys: Vec<RowKey>) -> Result<Bodies, StoreError> {
        let (done, bodies) = oneshot::channel();
        // The asker may be gone.
        self.node.store.find(keys, Box::new(move |bodies| drop(done.send(bodies))));
        let stopped = || Err(StoreError::Unavailable("the reader has stopped".into()));
        bodies.await.unwrap_or_else(|_| stopped())
    }

    /// Partitions that have something to do although nobody calls them.
    pub async fn sleepers(&self) -> Result<Vec<Sleeper>, StoreError> {
        let (done, sleepers) = oneshot::channel();
        self.node
            .store
            .sleepers(self.node.now(), Box::new(move |sleepers| drop(done.send(sleepers))));
        sleepers
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable("the reader has stopped".into())))
    }

    /// Asks all partitions to write their snapshots and leave. True when all have left.
    pub fn rest(&self) -> bool {
        self.each().iter().filter(|kind| !kind.rest()).count() == 0
    }

    /// Asks partitions that other nodes should own to leave; says how many are still here.
    pub fn let_go(&self) -> usize {
        self.each().iter().map(|kind| kind.let_go()).sum()
    }

    /// Serves what another node has passed on. None if it cannot be read.
    pub async fn serve_passed_on(&self, partition: &str, request: &[u8]) -> Option<Vec<u8>> {
        for kind in self.each() {
            if let Some(answer) = kind.serve_passed_on(partition, request).await {
                return Some(answer);
            }
        }
        None
    }

    /// Whether this node is the one to do what only one should, named by a partition, or by a word
    /// of its own.
    pub fn should_do(&self, what: &str) -> bool {
        self.node.should_own(what)
    }

    pub fn awake(&self) -> usize {
        self.each().iter().map(|kind| kind.awake()).sum()
    }

    /// The most requests under way in one partition.
    pub fn deepest(&self) -> usize {
        self.each().iter().map(|kind| kind.deepest()).max().unwrap_or(0)
    }
}

impl<M: Machine> Routed for Router<M> {
    fn wake(&self, partition: &str) {
        if let Some((kind, name)) = partition.split_once('/').filter(|(kind, _)| *kind == M::KIND)
            && let Ok(name) = name.parse()
        {
            debug_assert_eq!(machine::partition_id::<M>(&name), format!("{kind}/{name}"));
            Router::wake(self, &name);
        }
    }

    fn rest(&self) -> bool {
        Router::rest(self)
    }

    fn let_go(&self) -> usize {
        Router::let_go(self)
    }

    fn serve_passed_on<'a>(
        &'a self,
        partition: &'a str,
        request: &'a [u8],
    ) -> LocalBoxFuture<'a, Option<Vec<u8>>> {
        Box::pin(async move {
            let (_, name) = partition.split_once('/').filter(|(kind, _)| *kind == M::KIND)?;
            Router::serve_passed_on(self, name, request).await
        })
    }

    fn awake(&self) -> usize {
        Router::awake(self).len()
    }

    fn deepest(&self) -> usize {
        Router::deepest(self)
    }
}
