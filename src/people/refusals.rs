//! Why a request is not let in. The log and the metrics name the reason; to the caller all reasons
//! are one answer.

use actors::time::Clock;
use base::journal;
use base::journal::Value;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

/// All refused tokens are counted, but only so many are logged in a second, so that an attack does
/// not fill the disk.
const LOGGED_PER_S: u32 = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    #[error("no valid token")]
    Unauthenticated(Reason),
    #[error("On-Behalf-Of is 1 to 128 visible ASCII characters")]
    BadOnBehalfOf,
    #[error("only a service key acts on behalf of somebody")]
    NotAService,
}

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    None,
    Scheme,
    TooLong,
    NotAToken,
    OtherAlgorithm,
    UnknownKey,
    Signature,
    Claims,
    Issuer,
    Audience,
    Type,
    Expired,
    Future,
    Revoked,
    UnknownServiceKey,
    ExpiredServiceKey,
    BadRefreshToken,
    BadResetToken,
    RefreshTokenReused,
    SessionOver,
}

impl Reason {
    /// As the log and the metrics call it.
    pub fn name(self) -> &'static str {
        match self {
            Reason::None => "none",
            Reason::Scheme => "scheme",
            Reason::TooLong => "too-long",
            Reason::NotAToken => "not-a-token",
            Reason::OtherAlgorithm => "other-algorithm",
            Reason::UnknownKey => "unknown-key",
            Reason::Signature => "signature",
            Reason::Claims => "claims",
            Reason::Issuer => "issuer",
            Reason::Audience => "audience",
            Reason::Type => "type",
            Reason::Expired => "expired",
            Reason::Future => "future",
            Reason::Revoked => "revoked",
            Reason::UnknownServiceKey => "unknown-service-key",
            Reason::ExpiredServiceKey => "expired-service-key",
            Reason::BadRefreshToken => "bad-refresh-token",
            Reason::BadResetToken => "bad-reset-token",
            Reason::RefreshTokenReused => "refresh-token-reused",
            Reason::SessionOver => "session-over",
        }
    }
}

pub struct Refusals {
    clock: Clock,
    second: AtomicI64,
    logged: AtomicU32,
}

impl Refusals {
    pub fn new(clock: Clock) -> Refusals {
        Refusals { clock, second: AtomicI64::default(), logged: AtomicU32::default() }
    }

    pub fn refuse(&self, reason: Reason) -> Denied {
        metrics::counter!("stampede_tokens_refused_total", "reason" => reason.name()).increment(1);
        if self.may_log((self.clock)().0 / 1000) {
            journal::info("a token was refused", &[("reason", Value::Text(&reason.name()))]);
        }
        Denied::Unauthenticated(reason)
    }

    fn may_log(&self, second: i64) -> bool {
        if self.second.swap(second, Ordering::Relaxed) != second {
            self.logged.store(0, Ordering::Relaxed);
        }
        self.logged.fetch_add(1, Ordering::Relaxed) < LOGGED_PER_S
    }
}
