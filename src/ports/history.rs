//! Everything that was ever written, for a reader beside the servers who checks the log. Servers
//! may write on meanwhile.
//!
//! Nothing is changed or taken over by looking. One partition is read at a time, one frame after
//! the other.

use actors::store::{Frame, Row, Snapshot};

/// Answers only when it has the answer, so it is not for threads that serve.
pub trait History {
    /// Every partition that ever wrote anything, in the order of their names.
    fn partitions(&self) -> anyhow::Result<Vec<String>>;
    /// Its newest snapshot.
    fn snapshot_of(&self, partition: &str) -> anyhow::Result<Option<Snapshot>>;
    /// Shows every frame of the partition, from the first to the last. The visitor ends it by
    /// failing.
    fn frames_of(
        &self,
        partition: &str,
        visit: &mut dyn FnMut(Frame) -> anyhow::Result<()>,
    ) -> anyhow::Result<()>;
    /// Checks what stands beside the logs and is in no chain. A database that checks its own files
    /// has nothing to say.
    fn check_the_rest(&self) -> anyhow::Result<()> {
        Ok(())
    }
    /// Shows every look-up row, in any order. False where they are not to be compared with the
    /// logs.
    fn each_row(&self, _visit: &mut dyn FnMut(Row)) -> anyhow::Result<bool> {
        Ok(false)
    }
}
