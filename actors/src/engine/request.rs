//! What a partition can be asked, and what it replies.

use super::keys::Key;
use crate::machine::{Caller, Machine};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a partition can be asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Request<M: Machine> {
    Command {
        command: M::Command,
        caller: Caller,
        key: Option<Key>,
        how: Manner,
    },
    /// To the home of an open request: note that it goes on to `to`, which has itself declined
    /// earlier notes until `after`. `declined` is the last note, once the place that it named has
    /// declined.
    Pass {
        key: Key,
        caller: Caller,
        declined: Option<HomeNote>,
        to: u16,
        after: Option<Time>,
    },
    Look(M::Question),
    /// How much of what the command asks for is left.
    Left {
        command: M::Command,
        caller: Caller,
    },
}

impl<M: Machine> Request<M> {
    /// Whether it is more than a look.
    pub(super) fn gives_a_command(&self) -> bool {
        matches!(self, Request::Command { .. } | Request::Pass { .. })
    }

    /// Whether it is there to change something, by what the time is.
    pub(super) fn decides(&self) -> bool {
        match self {
            Request::Command { command, how, .. } => {
                *how != Manner::DryRun && !M::is_opening(command)
            }
            Request::Pass { .. } => true,
            Request::Look(_) | Request::Left { .. } => false,
        }
    }
}

impl<M: Machine> Clone for Request<M> {
    fn clone(&self) -> Self {
        match self {
            Request::Command { command, caller, key, how } => {
                Request::Command { command: command.clone(), caller: *caller, key: *key, how: *how }
            }
            Request::Pass { key, caller, declined, to, after } => Request::Pass {
                key: *key,
                caller: *caller,
                declined: *declined,
                to: *to,
                after: *after,
            },
            Request::Look(question) => Request::Look(question.clone()),
            Request::Left { command, caller } => {
                Request::Left { command: command.clone(), caller: *caller }
            }
        }
    }
}

/// In what manner a command is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Manner {
    ForGood,
    /// Say what would happen, change nothing.
    DryRun,
    /// Passed on to the place of this note. A refusal is written down, so that it stays one.
    Guest(HomeNote),
}

/// What the home of a key has written: the place that the request goes on to, and when that was.
/// The instant tells it from a note on the same place from before the key was forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomeNote {
    pub to: u16,
    pub at: Time,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Reply<M: Machine> {
    Done(Done<M::Event, M::Witness>),
    Refused(M::Refusal),
    /// As a guest: refused at that instant, and never granted here by a note that is not later.
    Declined {
        at: Time,
    },
    /// As a home: the request was passed on.
    Passed(HomeNote),
    /// The key stands for another command.
    KeyReused,
    /// The key is older than the window: whether it was answered cannot be known.
    KeyForgotten,
    Looked(Looked<M::Answer>),
    Left(u64),
}

/// What was done: an event that is a fact by now, or that would become one.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Done<E, W = ()> {
    pub event: E,
    pub at: Time,
    /// It had happened before: this is the first answer again.
    pub replayed: bool,
    /// What its commit can show for it; a replayed fact has none.
    pub witness: Option<Arc<W>>,
}

impl<E, W> Done<E, W> {
    pub(super) fn new(event: E, at: Time) -> Self {
        Done { event, at, replayed: false, witness: None }
    }

    pub(super) fn again(event: E, at: Time) -> Self {
        Done { event, at, replayed: true, witness: None }
    }
}

impl<E: Clone, W> Clone for Done<E, W> {
    fn clone(&self) -> Self {
        Done {
            event: self.event.clone(),
            at: self.at,
            replayed: self.replayed,
            witness: self.witness.clone(),
        }
    }
}

/// An answer and the partition's time when it was true.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Looked<A> {
    pub answer: A,
    pub at: Time,
}
