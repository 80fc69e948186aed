//! The port to other nodes on the same store: who should own a partition, and the way there.

use std::pin::Pin;

/// A process on the same store. Another process never has the same number, also when it has the
/// same address.
pub type Peer = u64;

pub type Passing = Pin<Box<dyn Future<Output = Result<Vec<u8>, Astray>>>>;

pub trait Neighbours: Send + Sync + 'static {
    /// Who should own the partition, as far as is known here; None if it is this node.
    fn owner_of(&self, partition: &str) -> Option<Peer>;
    /// Brings a request to the peer, and its answer back.
    fn pass_on(&self, to: Peer, partition: &str, request: Vec<u8>) -> Passing;
}

/// What became of a request that got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Astray {
    /// It never arrived.
    NotThere,
    /// Too many are on their way to that peer. It was not sent.
    TooMany,
    /// It may have been served.
    Unknown,
}
