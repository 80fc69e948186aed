//! Where nodes write down that they live, and read who else does.

use crate::Answer;
use actors::Time;
use actors::engine::neighbours::Peer;

/// What a process says of itself, again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beat {
    pub id: Peer,
    /// HOST:PORT, as the others reach it. Of two processes with one address the younger is the
    /// living one.
    pub address: String,
    pub started: Time,
    /// Grows with every beat.
    pub count: u64,
    /// From when on, and until when, partitions are shared out to it. Named ahead, so that all
    /// change their minds at one instant.
    pub from: Time,
    pub until: Option<Time>,
}

pub trait Register: Send + Sync {
    fn write(&self, beat: Beat) -> Answer<()>;
    /// All that were written lately.
    fn read(&self) -> Answer<Vec<Beat>>;
    fn strike_off(&self, id: Peer) -> Answer<()>;
}
