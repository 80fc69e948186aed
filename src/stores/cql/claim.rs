//! Owning a partition: the epoch that fences all other nodes.
//!
//! A node that takes over raises the epoch first, and reads afterwards. From then on no other
//! node's append can count, so what is read is the end.

use actors::store::Position;

/// One opening's right to write, as long as no other node takes over.
#[derive(Clone, Debug)]
pub struct WriteClaim {
    pub generation: i32,
    pub epoch: i64,
    /// Where the log stands.
    pub at: Position,
    /// Where this generation began.
    pub began: u64,
    /// Bytes that this owner wrote to this generation.
    pub bytes: u64,
    /// Whether the sleepers' table says that the partition is awake.
    pub is_awake: bool,
    stamps: i64,
}

impl WriteClaim {
    pub fn new(generation: i32, epoch: i64, at: Position, began: u64) -> WriteClaim {
        WriteClaim { generation, epoch, at, began, bytes: 0, is_awake: false, stamps: 0 }
    }

    /// A number above all that this partition's owners before gave out, and above this one's own.
    /// It is the time of plain rows that only owners write, so that nothing late of a former owner
    /// ever wins.
    pub fn stamp(&mut self) -> i64 {
        self.stamps = (self.stamps + 1).min((1 << STAMP_BITS) - 1);
        self.epoch << STAMP_BITS | self.stamps
    }

    pub fn moved_to(self, generation: i32) -> WriteClaim {
        WriteClaim { generation, began: self.at.seq, bytes: 0, ..self }
    }
}

/// Four million stamps for each of two trillion epochs.
const STAMP_BITS: u32 = 22;

/// The static columns of one generation.
#[derive(Clone, Debug)]
pub struct Fence {
    pub epoch: i64,
    pub at: Position,
    pub next: Option<i32>,
    pub closed_epoch: i64,
}
