//! The embedded store: one SQLite file in a locked folder, and nothing else to install.
//!
//! One thread writes: whatever waits, of all partitions, becomes one transaction with one flush.
//! Another folds the write-ahead log in. Four threads read, two of them only lists. An opening goes
//! through the writer first, so that it finds everything asked for before it. The queue to the
//! writer has no bound of its own, because the engine bounds what may be under way in front of it.
//! One process owns the folder, so a stale owner is refused by sequence and head alone.

mod age;
mod archive;
mod backend;
mod backup;
mod batch;
mod directory;
mod error;
mod files;
mod fold;
mod folder;
mod health;

mod job;
mod log;
mod meters;
mod outsiders;
mod queue;
mod reader;
mod rows;
mod schema;
mod statements;
mod store;
mod sums;
mod sweep;
mod transaction;
mod upgrades;
mod view;
mod wal;
mod writer;

#[cfg(test)]
mod on_disk;

pub use archive::command::{ArchiveReport, archive};
pub use backend::SqliteBackend;
pub use backup::{backup, restore, restore_telling};
pub use error::Error;
pub use folder::{Folder, accept_loss};
pub use meters::measure_files;
pub use rows::RowsOf;
pub use store::SqliteStore;
pub use view::SqliteHistory;
