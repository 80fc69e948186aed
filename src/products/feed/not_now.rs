//! What the feed looks up and cannot have.

use crate::failure::Error;
use actors::store::StoreError;

/// A look is never refused; the owner is full or cannot be read, and the feed comes back later.
pub fn not_now(what: &str) -> impl Fn(Error) -> StoreError {
    move |error| StoreError::Unavailable(format!("the {what} cannot be looked up: {error}"))
}
