//! Replays a partition from its first record and checks what it comes to: chain, sequence, and the conservation law.

use actors::Machine;
use actors::engine::record::Broken;
use actors::engine::{Partition, Window};
use actors::machine::Counts;
use actors::store::{Frame, Opened};
use std::sync::Arc;

/// A partition being replayed, whatever its kind.
pub trait Replay {
    fn frame(&mut self, frame: &Frame) -> Result<(), Broken>;
    /// Records seen, and how far the books are from balancing.
    fn result(&self) -> (u64, i64);
    /// What the books say, for each whole that the partition has a share of.
    fn books(&self) -> Vec<(String, Counts)>;
}

pub fn replay<M: Machine>(name: &str) -> Result<Box<dyn Replay>, Broken> {
    let name = name.parse().map_err(|_| Broken::Name(name.to_owned()))?;
    // A window of its own: keys are not what is audited, and the oldest are forgotten first.
    let window = Arc::new(Window::new(1, 0));
    Ok(Box::new(Partition::<M, ()>::open(name, Opened::default(), window)?))
}

impl<M: Machine> Replay for Partition<M, ()> {
    fn frame(&mut self, frame: &Frame) -> Result<(), Broken> {
        self.replay(frame)
    }

    fn result(&self) -> (u64, i64) {
        (self.written().seq, self.machine().imbalance())
    }

    fn books(&self) -> Vec<(String, Counts)> {
        self.machine().books(self.name())
    }
}
