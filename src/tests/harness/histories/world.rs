//! What all clients of one history share, and where they find a server.

use super::lines::HistoryLine;
use crate::client::Client;
use actors::dice::Dice;
use std::sync::atomic::AtomicU64;
use std::sync::{Condvar, Mutex};
use std::time::Instant;

/// Why nobody knows what came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unheard {
    /// The connection broke, or nothing came in time.
    NotAnswered,
    /// It is to be asked again (503).
    SentAway,
}

/// Where clients find a server.
pub trait HistoryServers: Sync {
    /// The same caller, at the door for that attempt.
    fn at(&self, client: &Client, attempt: u64) -> Client;

    /// How often there was something new. Whoever is to come again waits for more.
    fn news(&self) -> u64;

    fn wait_for_news(&self, before: u64, unheard: Unheard);

    /// How often whoever was not answered asks again.
    fn attempts(&self, dice: &mut Dice) -> u64;

    fn was_answered(&self) {}
}

/// What all clients of one history share.
pub struct HistoryWorld<'a> {
    pub(super) history: u64,
    pub(super) service: Client,
    pub(super) admin: Client,
    pub(super) campaign: String,
    pub(super) servers: &'a dyn HistoryServers,
    pub(super) began: Instant,
    pub(super) done: Mutex<u64>,
    pub(super) more_is_done: Condvar,
    pub(super) begun: AtomicU64,
    pub(super) lines: Mutex<Vec<HistoryLine>>,
}

impl HistoryWorld<'_> {
    /// Until so many operations were done.
    pub fn wait_for(&self, operations: u64) {
        let done = self.done.lock().unwrap();
        drop(self.more_is_done.wait_while(done, |done| *done < operations).unwrap());
    }

    pub(super) fn one_more_is_done(&self) {
        *self.done.lock().unwrap() += 1;
        self.more_is_done.notify_all();
    }
}
