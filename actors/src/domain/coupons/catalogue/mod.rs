//! The catalogue: all campaigns and batches.

mod cards;
mod naming;
mod rows;
mod rules;
mod words;

pub use cards::{figures_of_card, names_of_card, numbers_after, record_of_card};
pub use rows::{OWN_ENDS, expiry_of_row, key_of_expiry, key_of_time};
pub use rules::Catalogue;
pub use words::{
    Answer, BatchKind, BatchPlan, CampaignNames, CatalogueEntry, CatalogueRecord, Command, Event,
    Question, Refusal,
};
