//! Asks the node that owns a partition, which may be another one.
//!
//! Who should own a partition is a belief, and beliefs may differ; the fence in the store is the
//! truth. So a request is passed on once: the node that gets it serves it, whatever that node
//! believes itself. A request that was certainly not served may be tried elsewhere. If it is not
//! known whether it was served, it is repeated only if that does no harm; otherwise the answer is
//! Unknown.

use super::failure::Failure;
use super::neighbours::Astray;
use super::request::{Manner, Reply, Request};
use super::router::Router;
use crate::machine::{Machine, partition_id};
use crate::plain;
use futures_util::stream::{self, StreamExt};
use std::str::FromStr;

/// How often an owner is looked for. Each time something has changed: a node was fenced off, or was
/// found to be gone.
const ATTEMPTS: u32 = 4;

/// Of requests that came together, so many are on their way to another node at once.
pub const PASSED_ON_TOGETHER: usize = 64;

impl<M: Machine> Router<M> {
    /// Asks the owner of the partition.
    pub(super) async fn ask_owner(
        &self,
        name: &M::Name,
        request: Request<M>,
    ) -> Result<Reply<M>, Failure<M::Refusal>> {
        let Some(neighbours) = self.node().neighbours() else {
            return self.ask_here(name, request).await;
        };
        let partition = partition_id::<M>(name);
        let mut failure = Failure::Moved;
        for _ in 0..ATTEMPTS {
            let answer = match neighbours.owner_of(&partition) {
                None => self.ask_here(name, request.clone()).await,
                Some(peer) => match neighbours.pass_on(peer, &partition, encode(&request)).await {
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

    /// Whether it is this node that would be asked.
    pub(super) fn is_here(&self, name: &M::Name) -> bool {
        let neighbours = self.node().neighbours();
        neighbours.is_none_or(|others| others.owner_of(&partition_id::<M>(name)).is_none())
    }

    /// Asks the owner of the partition many things at once. What is another node's to say is passed
    /// on one by one, so many at a time, because the way to it has room for others, too.
    pub(super) async fn ask_owner_together(
        &self,
        name: &M::Name,
        requests: Vec<Request<M>>,
    ) -> Vec<Result<Reply<M>, Failure<M::Refusal>>> {
        let Some(neighbours) = self.node().neighbours() else {
            return self.ask_here_together(name, requests).await;
        };
        let here = match neighbours.owner_of(&partition_id::<M>(name)) {
            None => self.ask_here_together(name, requests.clone()).await,
            Some(_) => requests.iter().map(|_| Err(Failure::Moved)).collect(),
        };
        let asked = here.into_iter().zip(requests).map(async |(reply, request)| match reply {
            Err(Failure::Moved) => self.ask_owner(name, request).await,
            reply => reply,
        });
        stream::iter(asked).buffered(PASSED_ON_TOGETHER).collect().await
    }

    /// Serves what another node has passed on. None if it cannot be read.
    pub async fn serve_passed_on(&self, name: &str, request: &[u8]) -> Option<Vec<u8>> {
        let name = M::Name::from_str(name).ok()?;
        let request = postcard::from_bytes(request).ok()?;
        Some(encode(&self.ask_here(&name, request).await))
    }
}

impl<M: Machine> Request<M> {
    /// Whether it comes to the same however often it is served.
    fn may_be_repeated(&self) -> bool {
        match self {
            Request::Command { key, how, .. } => key.is_some() || *how == Manner::DryRun,
            Request::Pass { .. } | Request::Look(_) | Request::Left { .. } => true,
        }
    }
}

fn encode(said: &impl serde::Serialize) -> Vec<u8> {
    plain::bytes_of(said)
}
