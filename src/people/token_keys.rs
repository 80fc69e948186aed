//! The keys of access tokens as this node has them, and their rotation.

use super::claims::Claims;
use super::keyring::{self, Keyring, UnreadableTokenKeys};
use super::refusals::Reason;
use super::settings::Settings;
use super::{hs256, tokens};
use actors::Id;
use actors::store::StoreError;
use actors::time::{Clock, Time};
use ports::Directory;
use ports::directory::AccountRole;
use std::sync::{Arc, RwLock, RwLockReadGuard};

pub struct TokenKeys {
    directory: Arc<dyn Directory>,
    clock: Clock,
    token_s: u32,
    key_delay_s: u32,
    ring: RwLock<Keyring>,
}

#[derive(Debug, thiserror::Error)]
pub enum TokenKeysError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Unreadable(#[from] UnreadableTokenKeys),
}

impl TokenKeys {
    /// Makes the first key if there is none.
    pub async fn open(
        directory: Arc<dyn Directory>,
        settings: &Settings,
        clock: Clock,
    ) -> Result<TokenKeys, TokenKeysError> {
        hs256::install();
        let stored = directory.secret(keyring::SECRET, keyring::make_ring(clock())).await?;
        let (token_s, key_delay_s) = (settings.token_s, settings.key_delay_s);
        let ring = RwLock::new(Keyring::load(&stored, token_s)?);
        Ok(TokenKeys { directory, clock, token_s, key_delay_s, ring })
    }

    /// How long an access token lives.
    pub fn token_s(&self) -> u32 {
        self.token_s
    }

    pub fn issue(&self, member: Id, session: Id, role: AccountRole, now: Time) -> String {
        tokens::issue(&self.ring(), member, session, role, now, self.token_s)
    }

    pub fn verify(&self, token: &str) -> Result<Claims, Reason> {
        tokens::verify(&self.ring(), token, (self.clock)())
    }

    /// A new key signs from now on; the one before verifies until its last token is dead.
    pub async fn rotate(&self) -> Result<(), TokenKeysError> {
        rotate_token_keys(&*self.directory, (self.clock)(), self.token_s, self.key_delay_s).await?;
        Ok(self.reload().await?)
    }

    /// Takes over keys that were changed elsewhere.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let stored =
            self.directory.secret(keyring::SECRET, keyring::make_ring((self.clock)())).await?;
        match Keyring::load(&stored, self.token_s) {
            Ok(ring) if !ring.has_same_keys(&self.ring()) => {
                *self.ring.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = ring;
                Ok(())
            }
            Ok(_) => Ok(()),
            Err(unreadable) => Err(StoreError::Broken(unreadable.to_string())),
        }
    }

    fn ring(&self) -> RwLockReadGuard<'_, Keyring> {
        self.ring.read().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// For the command line, too, which needs nothing else of people.
pub async fn rotate_token_keys(
    directory: &dyn Directory,
    now: Time,
    token_s: u32,
    key_delay_s: u32,
) -> Result<(), TokenKeysError> {
    loop {
        let old = directory.secret(keyring::SECRET, keyring::make_ring(now)).await?;
        let new = keyring::rotate(&old, now, now.plus_s(key_delay_s), token_s)?;
        if directory.replace_secret(keyring::SECRET, old, new).await? {
            return Ok(());
        }
    }
}
