//! What nodes that share a directory tell each other: who has left, and how often somebody has
//! failed.
//!
//! The directory is the truth about sessions and service keys. A node alone remembers what it ended
//! itself, and that is all there is. Several ask the directory at every request, unless a slip in
//! Redis spares it. Whoever ends something has it written first, and is answered when no node can
//! let it in any more.

use super::access::{Signed, Via, bearer};
use super::tokens::Reason;
use super::{Error, Identity, service_keys};
use actors::Id;
use actors::store::StoreError;
use base::fresh;
use ports::SharedMemory;
use ports::directory::Directory;
use ports::shared_memory::State;
use std::sync::Arc;

/// Under which name the directory keeps what the keys of this installation in Redis begin with.
const REALM: &str = "redis-realm";

/// How a node hears what other nodes have ended.
#[derive(Clone, Default)]
pub enum Sharing {
    /// There are no others.
    #[default]
    Alone,
    /// By asking the directory at every request.
    Directory,
    /// By asking it when the memory that they share does not know.
    Memory(Arc<dyn SharedMemory>),
}

impl Sharing {
    pub(super) fn memory(&self) -> Option<&dyn SharedMemory> {
        match self {
            Sharing::Memory(memory) => Some(&**memory),
            Sharing::Alone | Sharing::Directory => None,
        }
    }
}

/// What the keys of this installation begin with, in a memory that several installations share.
pub async fn realm(directory: &dyn Directory) -> Result<String, StoreError> {
    directory.prepare().await?;
    let realm = directory.secret(REALM, fresh::text().into_bytes()).await?;
    Ok(String::from_utf8_lossy(&realm).chars().take(8).collect())
}

impl Identity {
    /// The way in for every request: from the headers `Authorization` and `On-Behalf-Of` to who
    /// calls, as all nodes know it.
    pub async fn let_in(
        &self,
        authorization: Option<&str>,
        on_behalf_of: Option<&str>,
    ) -> Result<Signed, Error> {
        if is_for_a_service(authorization) {
            self.hear_of_service_keys().await?;
        }
        let signed = self.authenticate(authorization, on_behalf_of)?;
        if let Via::Session { id, in_doubt } = signed.via
            && !self.still_lives(signed.caller.id, id, in_doubt).await?
        {
            self.revoked.add(id, self.now());
            return Err(self.refuse(Reason::Revoked).into());
        }
        self.spend(signed.caller.id).await?;
        Ok(signed)
    }

    pub(super) async fn still_lives(
        &self,
        member: Id,
        session: Id,
        in_doubt: bool,
    ) -> Result<bool, StoreError> {
        let ask = async || {
            metrics::counter!("stampede_sessions_asked_total").increment(1);
            self.directory.session_is_alive(member, session).await
        };
        match &self.others {
            Sharing::Alone if !in_doubt => Ok(true),
            Sharing::Alone | Sharing::Directory => ask().await,
            Sharing::Memory(memory) => memory.is_alive(member, session, Box::pin(ask())).await,
        }
    }

    /// Reads the keys anew unless it is known that those in memory are all there are.
    pub(super) async fn hear_of_service_keys(&self) -> Result<(), StoreError> {
        match &self.others {
            Sharing::Alone => Ok(()),
            Sharing::Directory => self.reload_service_keys().await,
            Sharing::Memory(memory) => {
                let known = self.services.list();
                let ask = async {
                    self.reload_service_keys().await?;
                    Ok(self.services.list() == known)
                };
                memory.is_alive(service_keys::EVERYBODY, known, Box::pin(ask)).await.map(drop)
            }
        }
    }

    /// To be done before it is answered that something of a member has ended, also if it had ended
    /// before: whoever ended it then may not have come so far.
    pub(super) async fn tell_others(&self, owner: Id) {
        if let Sharing::Memory(memory) = &self.others {
            memory.tear_up(owner).await;
        }
    }

    /// None if there is none.
    pub fn memory(&self) -> Option<State> {
        self.others.memory().map(SharedMemory::state)
    }
}

fn is_for_a_service(authorization: Option<&str>) -> bool {
    bearer(authorization).is_ok_and(|token| token.starts_with(service_keys::PREFIX))
}
