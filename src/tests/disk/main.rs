//! The real binary on a disk that fails, fills up and loses its power at any moment.
//!
//! `shim.c` is loaded in front of the C library. It records every change under one folder, in
//! order, and fails what it is told to (`control.rs`): the n-th flush, write, truncation or
//! opening, pages written in the background, or whatever there is no room for. `recording.rs` reads
//! what was done; `replay.rs` makes the folder that a power cut at any operation may leave, from a
//! seed. `watched.rs` starts a server on such a disk. `facts.rs` are its clients: each notes, with
//! every answer, how far the recording was, so a cut at or after that position must leave the fact;
//! and it looks for the facts in a folder that was left.
//!
//! To find more: `let disk = Watched::new(); let server = disk.start();
//! disk.control.arm(Fault::once(Kind::Sync, 3, "stampede.db", EIO));` then work, `server.kill()`,
//! follow `disk.recording()` with a `replay::Disk`, `leave` a folder at any position and
//! `facts::check` it. `STAMPEDE_DISK_CUTS=100000` makes so many cuts, `STAMPEDE_DISK_RUNS=60` so
//! many runs with a failed flush. Every flush of a short life fails in turn, and with
//! `STAMPEDE_DISK_FAULTS=1` so does every other operation, rather than every so manyth.

mod archiving;
mod control;
mod cuts;
mod facts;
mod failing;
mod flushes;
mod ready;
mod recording;
mod replay;
mod watched;

use harness::Binary;

/// The program under test.
const STAMPEDE: Binary = Binary::at(env!("CARGO_BIN_EXE_stampede"));
