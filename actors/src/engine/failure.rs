//! Why the engine did not do what was asked.

use super::request::Done;
use crate::machine::Machine;
use serde::{Deserialize, Serialize};

/// The one type of failures that crosses the engine's border.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure<R> {
    Refused(R),
    KeyReused,
    KeyForgotten,
    /// Too much is under way. Nothing was done.
    Busy,
    /// The store cannot be reached or read. Nothing was done.
    Unavailable(String),
    /// Another node owns the partition by now, or should, and could not be asked. Nothing was done.
    Moved,
    /// The outcome is not known; a repeat with the same key finds out.
    Unknown,
    /// The owner's wall clock has moved by itself, and it is not known yet whether it is right.
    /// Nothing was done.
    ClockMoved,
}

/// What a command comes to.
pub type CommandResult<M> =
    Result<Done<<M as Machine>::Event, <M as Machine>::Witness>, Failure<<M as Machine>::Refusal>>;

/// Why a request got no reply from this node's own actor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// Nothing was done.
    Unavailable(String),
    /// Nothing was done: another node has taken the partition over.
    Moved,
    /// It may or may not have been done; the same key finds out.
    Unknown,
}

impl<R> Failure<R> {
    /// The same failure, its refusal in other words.
    pub fn map<S>(self, say: impl FnOnce(R) -> S) -> Failure<S> {
        match self {
            Failure::Refused(refusal) => Failure::Refused(say(refusal)),
            Failure::KeyReused => Failure::KeyReused,
            Failure::KeyForgotten => Failure::KeyForgotten,
            Failure::Busy => Failure::Busy,
            Failure::Unavailable(why) => Failure::Unavailable(why),
            Failure::Moved => Failure::Moved,
            Failure::Unknown => Failure::Unknown,
            Failure::ClockMoved => Failure::ClockMoved,
        }
    }
}

impl<R> From<Lost> for Failure<R> {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Unavailable(why) => Failure::Unavailable(why),
            Lost::Moved => Failure::Moved,
            Lost::Unknown => Failure::Unknown,
        }
    }
}
