//! A stretch of the feed, as it was read.

use crate::feed::event::Event;
use std::sync::Arc;

/// Events of the frames after a position, complete up to another.
#[derive(Clone, Debug, Default)]
pub struct Read {
    pub events: Vec<Arc<Event>>,
    pub to: u64,
    /// Where the log ended meanwhile.
    pub end: u64,
}
