//! The engine: stamp → decide → apply → batch → append → answer, and finding the partition that
//! owns a thing.
//!
//! Read in this order: `partition` (the pure core), `actor` (its clockwork), `router` (finding it),
//! `open` (what may be had from any), `neighbours` (when it is another node's).

pub mod actor;
pub mod keys;
pub mod neighbours;
pub mod node;
pub mod open;
pub mod partition;
pub mod record;
pub mod router;
pub mod snapshot;

pub use keys::{Key, Window};
pub use neighbours::Neighbours;
pub use node::{Limits, Node};
pub use partition::{Done, How, Partition, Reply, Request};
pub use router::{Failure, Router};
