//! What the notices are told and asked, and what happens.

use crate::domain::day::Day;
use crate::machine::Refused;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    Finish { day: Day },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Finished { day: Day },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {}

impl Refused for Refusal {}

/// What the last day is whose notices were all given.
#[derive(Clone, Serialize, Deserialize)]
pub struct Question;

pub type Answer = Option<Day>;
