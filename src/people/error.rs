//! Why something about a person was not done.

use super::hashing::Busy;
use super::proof_of_work::refusal::WorkRefusal;
use super::refusals::Denied;
use actors::store::StoreError;
use ports::profile::{Flaw, IdentifierKind};

/// Nothing was changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    #[error("{}", list(.0))]
    Invalid(Vec<Flaw>),
    #[error("another account has that identifier")]
    Taken(Vec<IdentifierKind>),
    /// The idempotency key was used for another body.
    #[error("the idempotency key stands for another request")]
    KeyReused,
    /// The first request with it is still under way.
    #[error("the request with this idempotency key is under way")]
    KeyInUse,
    #[error("account or password is wrong")]
    WrongCredentials,
    #[error("too many failures from this address")]
    TooMany { retry_after_s: u32 },
    /// `whose`: the caller's rate, or that of their address.
    #[error("more than {per_minute} requests in this minute")]
    OverRate { whose: &'static str, per_minute: u32, retry_after_s: u32 },
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Work(#[from] WorkRefusal),
    #[error("there would be no administrator any more")]
    LastAdministrator,
    #[error("there is no such member, session or key")]
    Unknown,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Flaw> for Error {
    fn from(flaw: Flaw) -> Error {
        Error::Invalid(vec![flaw])
    }
}

fn list(flaws: &[Flaw]) -> String {
    let flaws: Vec<String> =
        flaws.iter().map(|flaw| format!("{}: {}", flaw.field, flaw.says)).collect();
    flaws.join("; ")
}
