//! How a node hears what other nodes have done: that a session or a service key has ended, and how
//! often a password was wrong.

use actors::Id;
use actors::store::StoreError;
use base::fresh;
use ports::SharedMemory;
use ports::directory::Directory;
use std::sync::Arc;

/// Under which name the directory keeps what the keys of this installation in Redis begin with.
const REALM: &str = "redis-realm";

#[derive(Clone, Default)]
pub enum Sharing {
    /// There are no other nodes.
    #[default]
    Alone,
    /// By asking the directory at every request.
    Directory,
    /// By asking it when the memory that they share does not know.
    Memory(Arc<dyn SharedMemory>),
}

impl Sharing {
    pub fn memory(&self) -> Option<&dyn SharedMemory> {
        match self {
            Sharing::Memory(memory) => Some(&**memory),
            Sharing::Alone | Sharing::Directory => None,
        }
    }

    /// Makes every node forget what it knows of this owner. To be done before it is answered that
    /// something of the owner has ended.
    pub async fn tear_up(&self, owner: Id) {
        if let Some(memory) = self.memory() {
            memory.tear_up(owner).await;
        }
    }
}

/// What the keys of this installation begin with, in a memory that several installations share.
pub async fn read_realm(directory: &dyn Directory) -> Result<String, StoreError> {
    directory.prepare().await?;
    let realm = directory.secret(REALM, fresh::text().into_bytes()).await?;
    Ok(String::from_utf8_lossy(&realm).chars().take(8).collect())
}
