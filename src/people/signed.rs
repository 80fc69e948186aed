//! The caller of a request, and how the caller is known.

use actors::{Caller, Id};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Signed {
    pub caller: Caller,
    pub via: Via,
}

#[derive(Clone, Debug)]
pub enum Via {
    Session {
        id: Id,
        /// The list of ended sessions does not reach back to the token. So only the directory can
        /// say whether the session lives.
        in_doubt: bool,
    },
    ServiceKey {
        service: Arc<str>,
        on_behalf_of: Option<Arc<str>>,
    },
}

impl Signed {
    /// Whether a member acts. A service that names no member acts for itself.
    pub fn is_member(&self) -> bool {
        !matches!(self.via, Via::ServiceKey { on_behalf_of: None, .. })
    }

    /// The session, if there is one.
    pub fn session(&self) -> Option<Id> {
        match self.via {
            Via::Session { id, .. } => Some(id),
            Via::ServiceKey { .. } => None,
        }
    }
}
