//! Failures and requests, counted for all nodes if they share a memory, else for this one.
//!
//! This node counts in any case, so that it goes on with its own count when the memory is gone. As
//! long as the memory answers, its word counts, because it has seen what all nodes have.

use super::error::Error;
use super::failures::{Failures, of_account, of_address, of_known, of_probes};
use super::rates::Rates;
use super::sharing::Sharing;
use actors::Id;
use actors::time::{Clock, Time};
use ports::shared_memory::{PerMinute, Settled, Tried};
use std::sync::Arc;

pub struct Budgets {
    pub sharing: Sharing,
    pub clock: Clock,
    pub per_minute: PerMinute,
    pub failures: Arc<Failures>,
    pub requests: Rates,
    pub public_requests: Rates,
    pub new_members: Rates,
}

impl Budgets {
    /// Before any work is done for an address.
    pub async fn admit_address(&self, address: &str) -> Result<(), Error> {
        self.admit_record(of_address(address)).await
    }

    /// Whether the record is not paused.
    pub async fn admit_record(&self, record: Id) -> Result<(), Error> {
        let here = self.failures.pause_s(record, self.now()).map_or(Ok(()), Err);
        let shared = match self.sharing.memory() {
            Some(memory) => memory.pause_s(record, self.now()).await,
            None => None,
        };
        shared.map_or(here, none_left).map_err(too_many)
    }

    /// Counts something that is no password, paused or not. Answers how long the record was paused
    /// before.
    pub async fn count_record(&self, record: Id, per_minute: u32) -> u32 {
        let now = self.now();
        let here = self.failures.count(record, per_minute, now);
        match self.sharing.memory() {
            Some(memory) => memory.count(record, per_minute, true, now).await.unwrap_or(here),
            None => here,
        }
    }

    /// Whether this node has paused the record.
    pub fn is_paused_here(&self, record: Id) -> bool {
        self.failures.pause_s(record, self.now()).is_some()
    }

    /// After a password was checked: what may be said about it.
    pub async fn settle(&self, account: Id, address: &str, right: bool) -> Settled {
        let now = self.now();
        let here = self.failures.settle(account, address, right, now);
        let Some(memory) = self.sharing.memory() else { return here };
        let tried = Tried {
            address: of_address(address),
            known: of_known(account, address),
            account: of_account(account),
        };
        let is_home = self.failures.is_home(account, address);
        memory.settle(tried, self.per_minute, is_home, right, now).await.unwrap_or(here)
    }

    /// Something else that an address should not do too often, such as asking which names are
    /// taken.
    pub async fn count_probe(&self, address: &str) -> Result<(), Error> {
        let now = self.now();
        let here = self.failures.count_probe(address, now);
        let shared = match self.sharing.memory() {
            Some(memory) => {
                memory
                    .count(of_probes(address), self.failures.probes_per_minute(), false, now)
                    .await
            }
            None => None,
        };
        shared.map_or(here, none_left).map_err(too_many)
    }

    /// Counts a member for whom this service acts for the first time.
    pub async fn spend_new_member(&self, service: &str) -> Result<(), Error> {
        let name = Id::digest(&[b"new members of", service.as_bytes()]);
        self.new_members.spend(self.sharing.memory(), name, self.now()).await.map_err(too_many)
    }

    /// Counts a request of that caller, if there is a limit.
    pub async fn spend_request(&self, caller: Id) -> Result<(), Error> {
        self.spend_of("caller", &self.requests, caller).await
    }

    /// Counts a public read of somebody whom nobody knows, if there is a limit.
    pub async fn spend_public_request(&self, address: &str) -> Result<(), Error> {
        let name = Id::digest(&[b"public requests of", address.as_bytes()]);
        self.spend_of("address", &self.public_requests, name).await
    }

    async fn spend_of(&self, whose: &'static str, rates: &Rates, name: Id) -> Result<(), Error> {
        let spent = rates.spend(self.sharing.memory(), name, self.now()).await;
        spent.map_err(|retry_after_s| {
            metrics::counter!("stampede_over_rate_total", "rate" => whose).increment(1);
            Error::OverRate { whose, per_minute: rates.per_minute(), retry_after_s }
        })
    }

    fn now(&self) -> Time {
        (self.clock)()
    }
}

fn none_left(pause_s: u32) -> Result<(), u32> {
    if pause_s == 0 { Ok(()) } else { Err(pause_s) }
}

fn too_many(retry_after_s: u32) -> Error {
    Error::TooMany { retry_after_s }
}
