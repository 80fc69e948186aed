//! Several real processes of the binary on one real database, under load, while they are killed,
//! paused, restarted and told to stop.
//!
//! These tests live by the machine's clock: a client that is not answered comes again a moment
//! later, with the same key, as clients do.

mod at_once;
mod crowd;
mod histories;
mod limits;
mod outages;
mod serving;
mod told;
mod town;
