//! Replays a partition from its first record and checks what it comes to: chain, sequence, and the
//! conservation law.
//!
//! Where its snapshot was taken, the machine, the keys that it remembers and the time to be woken
//! are compared with it.

use actors::Machine;
use actors::engine::record::Broken;
use actors::engine::snapshot::Suspect;
use actors::engine::{KeyWindow, Partition};
use actors::machine::{Counts, partition_id};
use actors::store::{Frame, Opened, Snapshot};
use std::sync::Arc;

/// A partition being replayed, whatever its kind.
pub trait Replay {
    /// Names the snapshot that must agree with the log. Comes before the first frame.
    fn suspect(&mut self, snapshot: Snapshot) -> Result<(), Broken>;
    fn frame(&mut self, frame: &Frame) -> Result<(), Broken>;
    /// Records seen, and how far the books are from balancing.
    fn result(&self) -> (u64, i64);
    /// What the books say, for each whole that the partition has a share of.
    fn books(&self) -> Vec<(String, Counts)>;
}

struct Audit<M: Machine> {
    partition: Partition<M, ()>,
    /// Until the replay has come to it.
    suspect: Option<Suspect>,
}

pub fn replay<M: Machine>(name: &str) -> Result<Box<dyn Replay>, Broken> {
    let name = name.parse().map_err(|_| Broken::Name(name.to_owned()))?;
    // A window of its own: what it remembers is not what is audited, and the oldest keys are
    // forgotten first.
    let window = Arc::new(KeyWindow::new(1, 0));
    let partition = Partition::<M, ()>::open(name, Opened::default(), window)?;
    Ok(Box::new(Audit { partition, suspect: None }))
}

impl<M: Machine> Replay for Audit<M> {
    fn suspect(&mut self, snapshot: Snapshot) -> Result<(), Broken> {
        self.suspect = Suspect::new(&partition_id::<M>(self.partition.name()), snapshot)?;
        Ok(())
    }

    fn frame(&mut self, frame: &Frame) -> Result<(), Broken> {
        let Some(suspect) = &mut self.suspect else { return self.partition.replay(frame) };
        self.partition.replay_and_show(frame, |record| suspect.hear(record))?;
        if suspect.at() != self.partition.written() {
            return Ok(());
        }
        let agrees = self.partition.agrees_with(suspect);
        self.suspect = None;
        if agrees { Ok(()) } else { Err(Broken::Disagrees(self.partition.written().seq)) }
    }

    fn result(&self) -> (u64, i64) {
        (self.partition.written().seq, self.partition.machine().imbalance())
    }

    fn books(&self) -> Vec<(String, Counts)> {
        self.partition.machine().books(self.partition.name())
    }
}
