//! The catalogue: all campaigns and batches.

mod rules;
mod words;

pub use rules::Catalogue;
pub use words::{
    Answer, BatchKind, CatalogueEntry, CatalogueRecord, Command, Event, Plan, Question, Refusal,
};
