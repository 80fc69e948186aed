//! Where `stampede copy` writes to.

use ports::Backend;
use ports::moving::Arrivals;
use std::sync::Arc;

/// A store that is empty, or the copy of another in the making.
pub struct Destination {
    pub store: Arc<dyn Backend>,
    pub people: Arc<dyn Arrivals>,
}
