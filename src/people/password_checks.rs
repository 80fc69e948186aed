//! Hashing and checking passwords within the budgets of their accounts and addresses.
//!
//! An unknown account, a wrong password and a paused account take the same way and the same time,
//! up to the answer.

use super::budgets::Budgets;
use super::error::Error;
use super::failures::{of_account, of_address, of_known};
use super::hashing::{Asker, Busy, Hashers};
use super::homes::Homes;
use super::passwords;
use actors::Id;
use actors::store::StoreError;
use ports::shared_memory::Settled;
use std::sync::Arc;

pub struct PasswordChecks {
    pub hashers: Hashers,
    pub homes: Arc<Homes>,
    pub budgets: Arc<Budgets>,
}

impl PasswordChecks {
    /// Before any work is done for an address.
    pub async fn admit(&self, address: &str) -> Result<(), Error> {
        self.budgets.admit_address(address).await
    }

    /// Whether the password is right and its account is not paused. Without a hash there is no
    /// account, and no password is right.
    pub async fn check(
        &self,
        account: Id,
        hash: Option<&str>,
        password: &str,
        address: &str,
    ) -> Result<bool, Error> {
        let asker = self.asker_for(account, address).await?;
        let compared = hash.map_or_else(|| self.hashers.decoy(), Arc::from);
        let right = self.hashers.check(password, compared, asker).await? && hash.is_some();
        match self.budgets.settle(account, address, right).await {
            Settled::Right => Ok(true),
            Settled::Wrong | Settled::Paused => Ok(false),
            Settled::AddressPaused { retry_after_s } => Err(Error::TooMany { retry_after_s }),
        }
    }

    pub async fn hash(&self, password: &str, address: &str) -> Result<String, Busy> {
        self.hashers.hash(password, asker(address)).await
    }

    /// The password under a hash as they are made today, if `hash` is another. None also if the
    /// hashers are busy: it can wait for a quieter hour.
    pub async fn rehash(&self, hash: &str, password: &str, address: &str) -> Option<String> {
        if passwords::is_of_today(hash, self.hashers.cost()) {
            return None;
        }
        self.hash(password, address).await.ok()
    }

    /// For whom a password of that account is checked. An account that is known from this address
    /// has a place of its own. So strangers who try its password from everywhere do not crowd its
    /// owner out.
    async fn asker_for(&self, account: Id, address: &str) -> Result<Asker, StoreError> {
        let is_known = self.homes.is_known(account, address).await?;
        let place = if is_known { of_known(account, address) } else { of_account(account) };
        Ok(Asker { account: Some(place), ..asker(address) })
    }
}

/// For whom a password is hashed that is compared with nothing.
fn asker(address: &str) -> Asker {
    Asker { origin: of_address(address), account: None }
}
