//! The addresses that an account was logged in to from before: its homes.
//!
//! A stranger who tries passwords from elsewhere does not shut the owner out at home. A restart
//! forgets the homes; the directory does not.

use super::failures::Failures;
use super::hs256;
use actors::Id;
use actors::store::StoreError;
use hmac::Mac;
use ports::Directory;
use std::sync::Arc;

pub struct Homes {
    pub directory: Arc<dyn Directory>,
    /// Without this secret, an address cannot be found by trying which one fits.
    pub secret: Arc<[u8]>,
    pub failures: Arc<Failures>,
}

impl Homes {
    /// Whether the account was logged in to from that address. The directory is asked for accounts
    /// that do not exist, too, so that the time does not tell.
    pub async fn is_known(&self, account: Id, address: &str) -> Result<bool, StoreError> {
        if !self.failures.is_home(account, address)
            && self.directory.knows_home(account, self.mark(account, address)).await?
        {
            self.failures.note_home(account, address);
        }
        Ok(self.failures.is_known(account, address))
    }

    /// What the directory is to keep of a login from there; None if it was noted before.
    pub fn mark_if_new(&self, account: Id, address: &str) -> Option<Id> {
        (!self.failures.is_home(account, address)).then(|| self.mark(account, address))
    }

    /// The directory has noted that address.
    pub fn note(&self, account: Id, address: &str) {
        self.failures.note_home(account, address);
    }

    /// What the directory keeps of an address.
    fn mark(&self, account: Id, address: &str) -> Id {
        let mac = hs256::mac(&self.secret).chain_update(b"home").chain_update(account.0);
        Id::digest(&[&mac.chain_update(address).finalize().into_bytes()])
    }
}
