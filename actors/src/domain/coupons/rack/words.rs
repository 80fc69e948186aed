//! What a rack is told and asked, what happens, and why not.

use super::Spelling;
use crate::domain::coupons::coupon::Slot;
use crate::domain::coupons::names::Serial;
use crate::domain::coupons::offer::Offer;
use crate::domain::coupons::range;
use crate::domain::coupons::terms::CodeTerms;
use crate::id::Id;
use crate::machine::Refused;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What all codes of an imported batch are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RackTerms {
    pub offer: Offer,
    pub expires_at: Time,
}

/// A line of an imported file: its number and its code.
pub type CodeLine = (u64, Box<str>);
/// One whose code may have terms of its own.
pub type LineWithTerms = (CodeLine, CodeTerms);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    /// Takes in the codes that are not there yet.
    Import {
        batch: Serial,
        terms: RackTerms,
        spelling: Spelling,
        lines: Vec<CodeLine>,
    },
    In {
        batch: Serial,
        command: range::Command,
    },
    /// The batch has a share here, also if no line of it ever falls to it.
    Open {
        batch: Serial,
        terms: RackTerms,
    },
    /// The same as `Import`, of lines of which some have terms of their own.
    ImportWithTerms {
        batch: Serial,
        terms: RackTerms,
        spelling: Spelling,
        lines: Vec<LineWithTerms>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// Only lines that were taken in, the first of them as the coupon in that slot.
    Imported {
        batch: Serial,
        terms: RackTerms,
        first: Slot,
        lines: Vec<CodeLine>,
    },
    In {
        batch: Serial,
        event: range::Event,
    },
    Opened {
        batch: Serial,
        terms: RackTerms,
    },
    /// The same as `Imported`, of codes whose spelling is loose.
    ImportedLoosely {
        batch: Serial,
        terms: RackTerms,
        first: Slot,
        lines: Vec<CodeLine>,
    },
    /// The same, of either spelling, where some have terms of their own.
    ImportedWithTerms {
        batch: Serial,
        terms: RackTerms,
        spelling: Spelling,
        first: Slot,
        lines: Vec<LineWithTerms>,
    },
}

impl Event {
    /// The batch that lines were taken in for, and their numbers in the file.
    pub fn imported(&self) -> Option<(Serial, Vec<u64>)> {
        match self {
            Event::Imported { batch, lines, .. } | Event::ImportedLoosely { batch, lines, .. } => {
                Some((*batch, lines.iter().map(|(row, _)| *row).collect()))
            }
            Event::ImportedWithTerms { batch, lines, .. } => {
                Some((*batch, lines.iter().map(|((row, _), _)| *row).collect()))
            }
            Event::In { .. } | Event::Opened { .. } => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// All codes are here already.
    NothingNew,
    In(range::Refusal),
}

impl Refused for Refusal {
    fn may_be_had_elsewhere(&self) -> bool {
        // A rack that no line of the batch fell to is as empty as one whose codes are all assigned.
        matches!(self, Refusal::In(range::Refusal::Exhausted | range::Refusal::NotOpened))
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub enum Question {
    /// Where a code is.
    Find(Spelling, Box<str>),
    /// Which of these lines of the batch brought their code; the others are duplicates, or not
    /// there yet.
    Brought {
        batch: Serial,
        spelling: Spelling,
        lines: Vec<CodeLine>,
    },
    /// Which of these codes are here.
    Known(Spelling, Vec<Box<str>>),
    /// The codes of these coupons.
    Codes {
        batch: Serial,
        slots: Vec<Slot>,
    },
    In {
        batch: Serial,
        question: range::Question,
    },
}

#[expect(clippy::large_enum_variant, reason = "an answer is moved a few times and never kept")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    Found(Option<(Serial, Slot)>),
    /// One for each line or code asked for.
    Flags(Vec<bool>),
    Codes(Vec<Option<Arc<str>>>),
    In(range::Answer),
}

/// The caller's name for whatever an assignment is the answer to, as the ranges remember it.
pub fn source(scope: &str, text: &str) -> Id {
    Id::digest(&[b"source", scope.as_bytes(), text.as_bytes()])
}
