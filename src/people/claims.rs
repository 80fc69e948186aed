//! What an access token says, once it was verified.

use actors::{Id, Time};
use ports::directory::AccountRole;

/// Who an access token says is calling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    pub member: Id,
    pub session: Id,
    pub role: AccountRole,
    pub issued_s: i64,
    pub expires_s: i64,
}

impl Claims {
    pub fn expires(&self) -> Time {
        Time(self.expires_s.saturating_mul(1000))
    }
}
