//! Failures and requests, counted for all nodes if they share a memory, else for this one.
//!
//! This node counts in any case, so that it goes on with what it has seen itself when that is
//! gone. As long as it answers, its word counts, because it has seen what all nodes have.

use super::failures::{of_account, of_address, of_known, of_probes};
use super::hashing::Asker;
use super::{Error, Identity, hs256};
use actors::Id;
use actors::store::StoreError;
use hmac::Mac;
use ports::shared_memory::Settled;
use ports::shared_memory::{PerMinute, Tried};

impl Identity {
    /// For whom a password is hashed that is checked against nothing.
    pub(super) fn asker(&self, address: &str) -> Asker {
        Asker { origin: of_address(address), account: None }
    }

    /// For whom a password of that account is checked. An account as it is known from this address
    /// has a place of its own, so that strangers who try its password from everywhere do not crowd
    /// its owner out.
    pub(super) async fn asker_for(&self, account: Id, address: &str) -> Result<Asker, StoreError> {
        self.recall_home(account, address).await?;
        let is_known = self.failures.is_known(account, address);
        let place = if is_known { of_known(account, address) } else { of_account(account) };
        Ok(Asker { account: Some(place), ..self.asker(address) })
    }

    /// A restart forgets from where an account was logged in to; the directory does not. It is
    /// asked for accounts that do not exist, too, so that the time does not tell.
    async fn recall_home(&self, account: Id, address: &str) -> Result<(), StoreError> {
        if self.failures.is_home(account, address) {
            return Ok(());
        }
        if self.directory.knows_home(account, self.home(account, address)).await? {
            self.failures.note_home(account, address);
        }
        Ok(())
    }

    /// What the directory keeps of an address. Without the secret nobody can try which address it
    /// is.
    fn home(&self, account: Id, address: &str) -> Id {
        let mac = hs256::mac(&self.refresh_secret).chain_update(b"home").chain_update(account.0);
        Id::digest(&[&mac.chain_update(address).finalize().into_bytes()])
    }

    /// What is to be noted of a login from there; nothing if it was noted before.
    pub(super) fn new_home(&self, account: Id, address: &str) -> Option<Id> {
        (!self.failures.is_home(account, address)).then(|| self.home(account, address))
    }

    pub(super) fn noted_home(&self, account: Id, address: &str) {
        self.failures.note_home(account, address);
    }

    /// Before any work is done for an address.
    pub(super) async fn admit_address(&self, address: &str) -> Result<(), Error> {
        self.admit_record(of_address(address)).await
    }

    /// Whether the record is not paused.
    pub(super) async fn admit_record(&self, record: Id) -> Result<(), Error> {
        let here = self.failures.pause_s(record, self.now()).map_or(Ok(()), Err);
        let shared = match self.others.memory() {
            Some(memory) => memory.pause_s(record, self.now()).await,
            None => None,
        };
        shared.map_or(here, none_left).map_err(too_many)
    }

    /// Counts something that is no password, paused or not. Answers how long the record was paused
    /// before.
    pub(super) async fn count_record(&self, record: Id, per_minute: u32) -> u32 {
        let now = self.now();
        let here = self.failures.count(record, per_minute, now);
        match self.others.memory() {
            Some(memory) => memory.count(record, per_minute, true, now).await.unwrap_or(here),
            None => here,
        }
    }

    /// After a password was checked: what may be said about it.
    pub(super) async fn settle(&self, account: Id, address: &str, right: bool) -> Settled {
        let now = self.now();
        let here = self.failures.settle(account, address, right, now);
        let Some(memory) = self.others.memory() else { return here };
        let tried = Tried {
            address: of_address(address),
            known: of_known(account, address),
            account: of_account(account),
        };
        let per_minute = PerMinute {
            address: self.settings.failures_per_minute,
            account: self.settings.account_failures_per_minute,
        };
        let is_home = self.failures.is_home(account, address);
        memory.settle(tried, per_minute, is_home, right, now).await.unwrap_or(here)
    }

    /// Something else that an address should not do too often, such as asking which names are
    /// taken.
    pub(super) async fn count_probe(&self, address: &str) -> Result<(), Error> {
        let now = self.now();
        let here = self.failures.count_probe(address, now);
        let shared = match self.others.memory() {
            Some(memory) => {
                memory
                    .count(of_probes(address), self.failures.probes_per_minute(), false, now)
                    .await
            }
            None => None,
        };
        shared.map_or(here, none_left).map_err(too_many)
    }

    /// Counts a member whom that service acts for the first time.
    pub(super) async fn spend_new_member(&self, service: &str) -> Result<(), Error> {
        let name = Id::digest(&[b"new members of", service.as_bytes()]);
        self.new_members.spend(self.others.memory(), name, self.now()).await.map_err(too_many)
    }

    /// Counts a request of that caller, if there is a limit.
    pub(super) async fn spend(&self, caller: Id) -> Result<(), Error> {
        let per_minute = self.rates.per_minute();
        let spent = self.rates.spend(self.others.memory(), caller, self.now()).await;
        spent.map_err(|retry_after_s| Error::OverRate { per_minute, retry_after_s })
    }
}

fn none_left(pause_s: u32) -> Result<(), u32> {
    if pause_s == 0 { Ok(()) } else { Err(pause_s) }
}

fn too_many(retry_after_s: u32) -> Error {
    Error::TooMany { retry_after_s }
}
