//! Tickets by pattern: numbers of 4 to 7 digits, some copies of each, sliced by their leading
//! digits.

mod books;
mod counts;
mod holding;
mod labels;
pub mod lattice;
pub mod names;
mod parts;
pub mod past;
pub mod pattern;
mod rows;
mod rules;
mod runs;
mod sale;
mod saved;
pub mod stock;
mod taken;
mod terms;
mod wish;
mod words;

pub use labels::LabelLedger;
pub use names::{HoldId, OrderNumber, SliceName, TicketId};
pub use past::Buyer;
pub use pattern::Pattern;
pub(crate) use rows::ticket_row;
pub use rows::{Bought, before_tickets_of, hold_of_row, key_of_hold, key_of_ticket, ticket_of_row};
pub use rules::Slice;
pub use sale::{Label, Sale, Wave};
pub use terms::{FirstTerms, SliceLabel, SliceTerms};
pub use words::{
    Answer, Command, Event, HoldState, HoldView, PartFate, Question, Refusal, Tenth, TicketLedger,
};
