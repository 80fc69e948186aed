//! The archive: old frames of the log, packed into files beside the database.
//!
//! The files are called *segments*. They are numbered from 1, each begins where the one before it
//! ends, and none is ever changed. The table `segments` says which there are; a file without its
//! row was left by a crash and is replaced. A frame is deleted from the table `log` only after its
//! segment is durable and its row is, so it is always in one of the two, and for a while in both.
//! Whoever reads the log asks the table first and the archive where the table has nothing.

mod block;
mod cache;
pub mod carrying;
pub mod catalogue;
pub mod command;
mod footer;
mod index;
mod numbers;
mod reading;
mod segment;
mod writing;

pub use reading::{Archive, ArchiveReader};
pub use writing::{ArchiveJob, run};
