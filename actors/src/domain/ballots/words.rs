//! What a box is told and asked, what happens in it, and why not.

use super::names::BoxName;
use crate::domain::draw::{Hash, Sealed, chain};
use crate::domain::pool::{Edition, InTheWay, PoolCommand};
use crate::id::Id;
use crate::machine::Refused;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// What a box is told when it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoxTerms {
    pub closes_at: Time,
    /// Ballots that it takes.
    pub most: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    Open {
        name: BoxName,
        terms: BoxTerms,
    },
    Submit,
    /// Takes nothing from now on.
    Seal,
    /// What is opened or submitted in a pool of that edition. Without it, it is the first.
    InEdition {
        edition: Edition,
        command: Box<Command>,
    },
    /// Takes nothing more of that edition, if it never took anything.
    Withdraw {
        edition: Edition,
    },
}

impl PoolCommand for Command {
    fn begins_something(&self) -> bool {
        matches!(self, Command::Open { .. } | Command::Submit)
    }

    fn of_later(edition: Edition, command: Box<Command>) -> Command {
        Command::InEdition { edition, command }
    }

    fn as_later(&self) -> Option<(Edition, &Command)> {
        match self {
            Command::InEdition { edition, command } => Some((*edition, command)),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Opened {
        name: BoxName,
        terms: BoxTerms,
    },
    Submitted {
        index: u64,
        nonce: u64,
        owner: Id,
    },
    Sealed(Sealed),
    /// As `Opened`, in a later edition of the pool.
    OpenedIn {
        edition: Edition,
        name: BoxName,
        terms: BoxTerms,
    },
    /// Nobody has touched it, and it is as if it had never been opened.
    Withdrawn {
        edition: Edition,
    },
}

/// In order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    NotOpened,
    /// The pool was withdrawn since, is being withdrawn, or was arranged anew.
    Withdrawn,
    /// It has ballots of this edition of the pool.
    Touched,
    /// An administrator can close a lottery, and so takes no part in it.
    NotForAdmins,
    Closed,
    Full,
}

impl InTheWay for Refusal {
    const TOUCHED: Refusal = Refusal::Touched;
    const CLOSED: Refusal = Refusal::Closed;
}

impl Refused for Refusal {
    fn may_be_had_elsewhere(&self) -> bool {
        *self == Refusal::Full
    }
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Question {
    State,
    Ballot {
        index: u64,
    },
    /// What the box can show for one ballot alone.
    Witness {
        index: u64,
    },
    /// The path of a ballot in the tree of a sealed box.
    Path {
        index: u64,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    NotOpened,
    State {
        count: u64,
        sealed: Option<Sealed>,
    },
    /// None: there is no ballot at that place.
    Ballot(Option<Ballot>),
    /// None: there is no ballot at that place.
    Witness(Option<(Ballot, Witness)>),
    /// None: there is no ballot at that place, or the box is not sealed.
    Path(Option<(Ballot, Vec<Hash>)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ballot {
    pub nonce: u64,
    pub owner: Id,
}

/// Some ballots in a row: their leaves, and the heads of the chain between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    pub from: u64,
    pub leaves: Vec<Hash>,
    /// Before each of them, and after the last.
    pub heads: Vec<Hash>,
    /// Made by the first who needs it, for all who were in the same commit.
    /// It stays behind when the witness is passed on to another node, which makes the same one.
    #[serde(skip)]
    pub signature: OnceLock<[u8; 64]>,
}

impl Witness {
    /// Of none yet: of those that come from here on.
    pub(super) fn begin(from: u64, head: Hash) -> Witness {
        Witness { from, leaves: Vec::new(), heads: vec![head], signature: OnceLock::new() }
    }

    pub(super) fn add(&mut self, leaf: Hash) {
        self.heads.push(chain::link(&self.head(), &leaf));
        self.leaves.push(leaf);
    }

    /// How many ballots the last head stands for.
    pub fn position(&self) -> u64 {
        self.from + self.leaves.len() as u64
    }

    /// The head of the chain after them, which is what is signed.
    pub fn head(&self) -> Hash {
        self.heads[self.leaves.len()]
    }
}
