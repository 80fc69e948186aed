//! What a node is told of its database.

use ports::replication::{ConsensusReach, Replication};
use std::fmt;

#[derive(Clone, Debug)]
pub struct CqlSettings {
    /// Any of the database's nodes, as HOST:PORT; the others are found through them.
    pub nodes: Vec<String>,
    pub keyspace: String,
    /// Only looked at when the keyspace is made.
    pub replication: Replication,
    pub login: Option<CqlLogin>,
    pub serial: ConsensusReach,
}

#[derive(Clone)]
pub struct CqlLogin {
    pub user: String,
    pub password: String,
}

impl fmt::Debug for CqlLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CqlLogin({}, …)", self.user)
    }
}

/// What is expected of the schema when a session begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaMode {
    /// It must be there, as this binary needs it.
    Check,
    /// The keyspace and its tables are made, or what is missing of them. Several may do so at the
    /// same time.
    Migrate,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let login = CqlLogin { user: "ada".into(), password: "secret".into() };
        assert!(!format!("{login:?}").contains("secret"));
    }
}
