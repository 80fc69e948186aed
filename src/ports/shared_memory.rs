//! What nodes remember together, beside the store: which sessions were lately found alive, how
//! often a password was wrong, how many requests a caller made.
//!
//! Nothing rests on it. Where it does not answer, sessions are looked up in the directory, and each
//! node counts for itself.

use actors::store::StoreError;
use actors::{Id, Time};
use futures_util::future::LocalBoxFuture;

/// Whether the memory that nodes share answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryState {
    Up,
    Down,
}

impl MemoryState {
    pub fn name(self) -> &'static str {
        match self {
            MemoryState::Up => "up",
            MemoryState::Down => "down",
        }
    }
}

/// What may be said about a password that was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    Right,
    Wrong,
    /// The password may have been right, but the account is paused: the caller is told what a wrong
    /// one is told.
    Paused,
    AddressPaused {
        retry_after_s: u32,
    },
}

/// Whose password was tried, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Tried {
    pub address: Id,
    /// The account as it is known from that address.
    pub known: Id,
    pub account: Id,
}

/// How many failures an address and an account may have in a minute.
#[derive(Clone, Copy, Debug)]
pub struct PerMinute {
    pub address: u32,
    pub account: u32,
}

/// None, where an answer is an option, means that the memory gave no answer: the node goes by what
/// it has counted itself.
pub trait SharedMemory: Send + Sync {
    fn state(&self) -> MemoryState;

    /// Seconds for which the record is paused; 0 if it is not.
    fn pause_s(&self, record: Id, now: Time) -> LocalBoxFuture<'_, Option<u32>>;

    /// Counts something that is not a password. A paused record is only counted if `always`.
    /// Answers how long it was paused.
    fn count(
        &self,
        record: Id,
        per_minute: u32,
        always: bool,
        now: Time,
    ) -> LocalBoxFuture<'_, Option<u32>>;

    /// Counts a password that was checked. `is_home`: the account is known from that address,
    /// whatever the memory has forgotten.
    fn settle(
        &self,
        tried: Tried,
        per_minute: PerMinute,
        is_home: bool,
        right: bool,
        now: Time,
    ) -> LocalBoxFuture<'_, Option<Settled>>;

    /// Whether it answers at this moment: asks it.
    fn look(&self) -> LocalBoxFuture<'_, MemoryState>;

    /// How many requests of that caller this is, in that minute.
    fn spend(&self, caller: Id, minute: i64) -> LocalBoxFuture<'_, Option<u64>>;

    /// Whether what belongs to `owner` is alive: as the memory has it, else by what `ask` finds in
    /// the directory.
    fn is_alive<'a>(
        &'a self,
        owner: Id,
        what: Id,
        ask: LocalBoxFuture<'a, Result<bool, StoreError>>,
    ) -> LocalBoxFuture<'a, Result<bool, StoreError>>;

    /// To be called after the directory was told that something of this owner has ended, or was
    /// told so before. When it is done, no node believes a memory that says otherwise.
    fn tear_up(&self, owner: Id) -> LocalBoxFuture<'_, ()>;
}
