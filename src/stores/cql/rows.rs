//! Rows of the log as they are read, and the numbers that have a meaning in them.

use super::error::broken;
use actors::store::{Frame, Head, Position, StoreError};

/// Generations are counted from here.
pub const FIRST: i32 = 1;
/// Sequences of frames are above it, that of a sentinel is not.
pub const BEFORE_ALL: i64 = 0;
/// The epoch of a closed generation. Nobody's is above it.
pub const CLOSED: i64 = i64::MAX;
/// The condition of every fenced statement: nobody has taken over or written since.
pub const IF_UNCHANGED: &str = "IF epoch = ? AND last_seq = ? AND last_head = ?";

/// A row of the log, as it is read.
pub type LogRow = (i64, i64, Vec<u8>, Vec<u8>, Option<i32>, Vec<u8>);

/// The frame that a row is, and in how many parts its records lie elsewhere.
pub fn frame(
    (seq, from_seq, from_head, head, parts, records): LogRow,
) -> Result<(Frame, i32), StoreError> {
    let frame = Frame { from: position(from_seq, &from_head)?, to: position(seq, &head)?, records };
    Ok((frame, parts.unwrap_or(0)))
}

pub fn position(seq: i64, head: &[u8]) -> Result<Position, StoreError> {
    Ok(Position {
        seq: seq as u64,
        head: Head::try_from(head).map_err(|_| broken("a head of the log is not 32 bytes long"))?,
    })
}
