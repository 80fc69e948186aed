//! What must be on a list before it becomes true in a member's row.

use actors::{Id, Time};

pub enum Note {
    Ended {
        session: Id,
        at: Time,
    },
    Owing,
    Leaving,
    /// What a client called itself goes before its member does.
    NoAgent(Id),
}
