//! A store as a whole, as a process uses it.

use crate::Answer;
use crate::directory::Directory;
use crate::register::Register;
use actors::Time;
use actors::store::Store;
use std::sync::Arc;

/// The folder beside a store, in the data folder, that keeps files to import.
pub const IMPORTS: &str = "imports";

pub trait Backend: Send + Sync {
    fn log(&self) -> Arc<dyn Store>;
    fn directory(&self) -> Arc<dyn Directory>;
    /// Where nodes say that they live, if several can share it.
    fn register(&self) -> Option<Arc<dyn Register>> {
        None
    }
    /// Moves some of the oldest facts, of that time or before, to where old ones are kept. True if
    /// there may be more to move, false if there was nothing.
    fn archive(&self, _until: Time) -> Answer<bool> {
        Box::pin(async { Ok(false) })
    }
    /// Whether it answers, takes a write, and knows nothing against itself.
    fn ready(&self) -> Answer<()>;
    /// Done when everything asked for before, snapshots too, is written or given up.
    fn settled(&self) -> Answer<()>;
}
