//! The kinds of partitions this product has, and the one table that lists them.
//!
//! Whatever must treat all kinds alike (waking, resting, deriving rows, auditing) goes through `KINDS` or `Engine::each`; to add a kind,
//! add it there.

use crate::audit;
use actors::domain::lottery::Lottery;
use actors::domain::tickets::Slice;
use actors::engine::record::{self, Entry};
use actors::engine::{Node, Router};
use actors::store::{Frame, Listed, Page, Row, Sleeper, StoreError};
use actors::{Machine, machine};
use std::sync::Arc;
use tokio::sync::oneshot;

pub struct Engine {
    pub node: Arc<Node>,
    pub lotteries: Router<Lottery>,
    pub slices: Router<Slice>,
}

/// What can be done with a kind of partition without knowing which it is.
pub struct Kind {
    pub name: &'static str,
    rows: fn(&str, &Frame) -> Vec<Row>,
    pub audit: fn(&str) -> Result<Box<dyn audit::Replay>, record::Broken>,
}

pub static KINDS: &[Kind] = &[Kind::of::<Lottery>(), Kind::of::<Slice>()];

impl Kind {
    const fn of<M: Machine>() -> Kind {
        Kind { name: M::KIND, rows: rows_of::<M>, audit: audit::replay::<M> }
    }
}

/// The kind of a partition and its name within the kind.
pub fn kind_of(partition: &str) -> Option<(&'static Kind, &str)> {
    let (kind, name) = partition.split_once('/')?;
    KINDS.iter().find(|known| known.name == kind).map(|known| (known, name))
}

/// The rows that the events of a frame declare: what a store derives again when it has lost them.
pub fn rows(partition: &str, frame: &Frame) -> Vec<Row> {
    kind_of(partition).map_or_else(Vec::new, |(kind, name)| (kind.rows)(name, frame))
}

fn rows_of<M: Machine>(name: &str, frame: &Frame) -> Vec<Row> {
    let mut rows = Vec::new();
    // A frame that cannot be read declares nothing; whoever opens its partition says what is wrong with it.
    let (Ok(name), Ok(records)) = (name.parse::<M::Name>(), record::records::<M::Event>(frame)) else { return rows };
    for record in records {
        if let Entry::Fact(event) = &record.entry {
            M::rows(&name, event, record.at, &mut rows);
        }
    }
    rows
}

impl Engine {
    pub fn new(node: Arc<Node>) -> Arc<Engine> {
        Arc::new(Engine { lotteries: Router::new(node.clone()), slices: Router::new(node.clone()), node })
    }

    /// Starts a partition that has something to do although nobody called it.
    pub fn wake(&self, sleeper: &Sleeper) {
        wake(&self.lotteries, &sleeper.partition);
        wake(&self.slices, &sleeper.partition);
    }

    /// A page of a list of look-up rows.
    pub async fn rows(&self, page: Page) -> Result<Vec<Listed>, StoreError> {
        let (done, rows) = oneshot::channel();
        // Whoever asked may be gone.
        self.node.store.rows(page, Box::new(move |rows| drop(done.send(rows))));
        rows.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the reader has stopped".into())))
    }

    /// Partitions that have something to do although nobody calls them.
    pub async fn sleepers(&self) -> Result<Vec<Sleeper>, StoreError> {
        let (done, sleepers) = oneshot::channel();
        self.node.store.sleepers(self.node.now(), Box::new(move |sleepers| drop(done.send(sleepers))));
        sleepers.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the reader has stopped".into())))
    }

    /// Asks all partitions to write their snapshots and leave. True when all have left.
    pub fn rest(&self) -> bool {
        self.lotteries.rest() & self.slices.rest()
    }

    pub fn awake(&self) -> usize {
        self.lotteries.awake().len() + self.slices.awake().len()
    }

    /// The most requests under way in one partition.
    pub fn deepest(&self) -> usize {
        self.lotteries.deepest().max(self.slices.deepest())
    }
}

fn wake<M: Machine>(router: &Router<M>, partition: &str) {
    if let Some((kind, name)) = partition.split_once('/').filter(|(kind, _)| *kind == M::KIND)
        && let Ok(name) = name.parse()
    {
        debug_assert_eq!(machine::partition_id::<M>(&name), format!("{kind}/{name}"));
        router.wake(&name);
    }
}
