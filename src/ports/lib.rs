//! What the rooms above want from outside, as traits: a directory of people, a register of nodes,
//! a store as a whole, and everything that was ever written. Stores implement them; nothing here
//! knows a database.

pub mod backend;
pub mod deeds;
pub mod directory;
pub mod guarded_call;
pub mod history;
pub mod moving;
pub mod names;
pub mod probe;
pub mod profile;
pub mod register;
pub mod replication;
pub mod scopes;
pub mod shared_memory;
pub mod token_algorithm;

pub use backend::Backend;
pub use directory::Directory;
pub use guarded_call::GuardedCall;
pub use history::History;
pub use names::{AskOutsiders, OutsiderNames};
pub use register::Register;
pub use shared_memory::SharedMemory;
pub use token_algorithm::TokenAlgorithm;

use actors::store::StoreError;
use std::pin::Pin;

/// An answer that takes its time.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send>>;
