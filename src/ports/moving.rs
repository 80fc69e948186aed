//! What is carried from one store into another besides the log: people as they are kept, and what
//! only this installation knows.

use crate::Answer;
use crate::directory::{Account, Directory, Session};
use actors::{Id, Time};

/// A directory that people are carried into.
pub trait Arrivals: Directory {
    /// Fails if another is there under their id or one of their identifiers.
    fn take_in(&self, person: Person) -> Answer<()>;
    /// All that is kept of them here.
    fn person(&self, id: Id) -> Answer<Person>;
}

/// All that is kept of a member. A deleted member has no account any more.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    pub id: Id,
    pub account: Option<Account>,
    pub deleted_at: Option<Time>,
    pub owed: Option<Vec<u8>>,
    pub sessions: Vec<Kept>,
    /// In the order of what is kept of them.
    pub homes: Vec<Home>,
}

/// From where a member has logged in, and when that was noted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Home {
    pub home: Id,
    pub at: Time,
}

/// A session as it is kept, living or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub session: Session,
    pub step: u32,
    pub ended_at: Option<Time>,
}

#[derive(Clone, PartialEq)]
pub struct NamedSecret {
    pub name: String,
    pub value: Vec<u8>,
}
