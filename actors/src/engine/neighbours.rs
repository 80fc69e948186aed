//! Other nodes on the same store, and requests that are passed on to them.
//!
//! Who should own a partition is a belief, and beliefs may differ; the fence in the store is the
//! truth. So a request is passed on once: the node that gets it serves it, whatever it believes
//! itself. One that was certainly not served may be tried elsewhere; one of which nobody knows is
//! repeated only if repeating does no harm, and is Unknown otherwise.

use super::partition::{How, Reply, Request};
use super::router::{Failure, Router};
use crate::machine::{Machine, partition_id};
use std::pin::Pin;
use std::str::FromStr;

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

/// How often an owner is looked for. Each time something has changed: somebody was fenced off, or
/// was found to be gone.
const ATTEMPTS: u32 = 4;

impl<M: Machine> Router<M> {
    /// Asks whoever owns the partition.
    pub(super) async fn ask(
        &self,
        name: &M::Name,
        request: Request<M>,
    ) -> Result<Reply<M>, Failure<M::Refusal>> {
        let Some(neighbours) = self.node.neighbours() else {
            return self.ask_here(name, request).await;
        };
        let partition = partition_id::<M>(name);
        let mut failure = Failure::Moved;
        for _ in 0..ATTEMPTS {
            let answer = match neighbours.owner_of(&partition) {
                None => self.ask_here(name, request.clone()).await,
                Some(peer) => match neighbours.pass_on(peer, &partition, written(&request)).await {
                    Ok(answer) => postcard::from_bytes(&answer).unwrap_or(Err(Failure::Unknown)),
                    Err(Astray::NotThere) => Err(Failure::Moved),
                    Err(Astray::TooMany) => Err(Failure::Busy),
                    Err(Astray::Unknown) if request.may_be_repeated() => {
                        failure = Failure::Unknown;
                        continue;
                    }
                    Err(Astray::Unknown) => Err(Failure::Unknown),
                },
            };
            if !matches!(answer, Err(Failure::Moved)) {
                return answer;
            }
        }
        Err(failure)
    }

    pub(super) fn is_ours(&self, name: &M::Name) -> bool {
        self.node.neighbours().is_none() || self.node.should_own(&partition_id::<M>(name))
    }

    /// Serves what another node has passed on. None if it cannot be read.
    pub async fn serve_passed_on(&self, name: &str, request: &[u8]) -> Option<Vec<u8>> {
        let name = M::Name::from_str(name).ok()?;
        let request = postcard::from_bytes(request).ok()?;
        Some(written(&self.ask_here(&name, request).await))
    }
}

impl<M: Machine> Request<M> {
    /// Whether it comes to the same however often it is served.
    fn may_be_repeated(&self) -> bool {
        match self {
            Request::Command { key, how, .. } => key.is_some() || *how == How::Dry,
            Request::Pass { .. } | Request::Look(_) | Request::Left { .. } => true,
        }
    }
}

fn written(said: &impl serde::Serialize) -> Vec<u8> {
    postcard::to_stdvec(said).expect("what is passed on is plain data")
}
