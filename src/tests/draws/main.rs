//! Draws as a stranger sees them: three verifiers that share no code, honest draws, forgeries, and
//! vectors for another.
//!
//! Everything honest is made by the machines that serve it; everything forged is made from that,
//! and made anew so far that only what was known before exposes it, where that is possible.
//! `stampede verify-draw` is run as its user runs it, and so is `docs/verify_draw.py`; the modules
//! of the page of a draw run without the page.

mod anything;
mod forged;
mod forgeries;
mod honest;
mod refusals;
mod vectors;

use harness::Binary;

/// The program under test.
const STAMPEDE: Binary = Binary::at(env!("CARGO_BIN_EXE_stampede"));
