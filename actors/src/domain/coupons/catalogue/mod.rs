//! The catalogue: all campaigns and batches.

mod rules;
mod words;

pub use rules::Catalogue;
pub use words::{
    Answer, BatchKind, CatalogueEntry, Command, Event, Plan, Question, Refusal, Registered,
};
