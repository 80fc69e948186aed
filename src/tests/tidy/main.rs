//! Keeps the house tidy: what `docs/architecture.md` promises of rooms, names and lines is counted
//! here, from the sources themselves.
//!
//! `workspace` asks Cargo which crates there are, `sources` reads their files, and each other file
//! is one rule. A rule that needs an exception has it in a list beside it; a list may only shrink,
//! and an exception that is no longer needed fails the test, too.

mod circles;
mod crates;
mod lines;
mod names;
mod pages;
mod rooms;
mod sources;
mod words;
mod workspace;
