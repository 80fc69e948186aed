//! Tickets by pattern: numbers of 4 to 7 digits, some copies of each, sliced by their leading
//! digits.

pub mod lattice;
pub mod names;
pub mod pattern;
pub mod slice;
pub mod stock;

pub use names::{HoldId, SliceName, TicketId};
pub use pattern::Pattern;
pub use slice::{Command, Event, HoldState, HoldView, Ledger, Refusal, Slice, Terms};
