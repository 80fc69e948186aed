//! The caller of a request, and how the caller is known.

use actors::{Caller, Id, Role};
use ports::directory::AccountRole;
use ports::scopes::{Scope, Scopes};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Signed {
    /// As products know the caller, who tell only members and administrators apart.
    pub caller: Caller,
    /// What the caller may do.
    pub role: AccountRole,
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
        /// The key's id.
        key: Id,
        service: Arc<str>,
        scopes: Scopes,
        on_behalf_of: Option<Arc<str>>,
    },
}

impl Signed {
    /// To products, whoever runs promotions is an administrator.
    pub(crate) fn new(id: Id, role: AccountRole, via: Via) -> Signed {
        Signed { caller: acting(id, role), role, via }
    }

    /// The caller of a request that would change something, for one that only asks what would
    /// come of it.
    pub fn acting(&self) -> Caller {
        acting(self.caller.id, self.role)
    }

    /// The same, for a request that only looks: to whoever may look at everything, all is shown
    /// that is shown to an administrator.
    pub fn looking(mut self) -> Signed {
        if self.role >= AccountRole::Viewer {
            self.caller.role = Role::Admin;
        }
        self
    }

    /// Whether a member acts. A service that names no member acts for itself.
    pub fn is_member(&self) -> bool {
        !matches!(self.via, Via::ServiceKey { on_behalf_of: None, .. })
    }

    /// Whether what is to be done lies within the scopes of the caller's key; one of `needed` is
    /// enough. Members of a service may do what its key may do for members. What a service does by
    /// itself may be what the role of its key allows.
    pub fn is_in_scope(&self, needed: &[Scope], is_a_look: bool) -> bool {
        let Via::ServiceKey { scopes, .. } = &self.via else { return true };
        let least = if is_a_look { AccountRole::Viewer } else { AccountRole::Operator };
        needed.iter().any(|scope| scopes.has(*scope)) || self.role >= least
    }

    /// Whether a crowd can be made of such callers: members with an account, as anybody gets one.
    pub fn is_of_a_crowd(&self) -> bool {
        matches!(self.via, Via::Session { .. }) && self.role == AccountRole::Member
    }

    /// Whether a service acts for a member of its own.
    pub fn is_of_a_service(&self) -> bool {
        matches!(self.via, Via::ServiceKey { on_behalf_of: Some(_), .. })
    }

    /// The session, if there is one.
    pub fn session(&self) -> Option<Id> {
        match self.via {
            Via::Session { id, .. } => Some(id),
            Via::ServiceKey { .. } => None,
        }
    }
}

fn acting(id: Id, role: AccountRole) -> Caller {
    let is_administrator = role >= AccountRole::Operator;
    Caller { id, role: if is_administrator { Role::Admin } else { Role::Member } }
}
