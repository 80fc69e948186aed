//! What an act is, what the book of acts is told and asked, what happens, and why not.

use crate::id::Id;
use crate::machine::Refused;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActBy {
    Account(Id),
    /// A service by itself, with the key of that id.
    Key {
        key: Id,
        service: String,
    },
}

/// What somebody of the staff is about to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    pub by: ActBy,
    /// The name of the call.
    pub what: String,
    /// To what; no code of a coupon stands in it.
    pub path: String,
    pub dry_run: bool,
    pub reason: Option<String>,
    /// The id of the request.
    pub request: String,
}

/// What came of an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActOutcome {
    /// The status of the answer.
    pub status: u16,
    pub at: Time,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    Begin(Act),
    /// It was begun at that instant.
    End {
        number: u64,
        begun_at: Time,
        status: u16,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Begun { number: u64, act: Act },
    Ended { number: u64, begun_at: Time, status: u16 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// No act has that number.
    Unknown,
}

impl Refused for Refusal {}

/// How many there are. To be asked before the lists are read: the owner of the partition then
/// writes again what its last owner may have left unwritten.
#[derive(Clone, Serialize, Deserialize)]
pub struct Question;

pub type Answer = u64;
