//! What is left of a pool, as it was told to all who asked within a second.

use super::static_page::StaticPage;
use std::sync::Arc;

#[derive(Clone)]
pub struct LeftOfPool {
    pub page: Arc<StaticPage>,
    /// The same as one line.
    pub text: Arc<str>,
    pub free: u64,
}
