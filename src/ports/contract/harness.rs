//! What a directory brings to the promises.

use ports::directory::Directory;
use std::sync::Arc;

/// A directory of its own, which is empty when the harness is made.
pub trait DirectoryHarness {
    fn directory(&self) -> Arc<dyn Directory>;
    /// As another node has it. The same one where only one process can have them.
    fn elsewhere(&self) -> Arc<dyn Directory>;
    /// Lets go of everything and opens it again.
    fn reopen(&mut self);
}
