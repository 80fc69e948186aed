//! The keys of access tokens as this node has them, and their rotation.

use super::claims::Claims;
use super::keyring::{self, Keyring, UnreadableTokenKeys};
use super::refusals::Reason;
use super::settings::Settings;
use super::{signatures, tokens};
use actors::Id;
use actors::store::StoreError;
use actors::time::{Clock, Time};
use ports::directory::AccountRole;
use ports::{Directory, TokenAlgorithm};
use std::sync::{Arc, RwLock, RwLockReadGuard};

pub struct TokenKeys {
    directory: Arc<dyn Directory>,
    clock: Clock,
    token_s: u32,
    key_delay_s: u32,
    algorithm: TokenAlgorithm,
    ring: RwLock<Keyring>,
}

/// With which others can verify tokens.
pub struct PublishedKey {
    pub kid: String,
    pub public: [u8; 32],
}

#[derive(Debug, thiserror::Error)]
pub enum TokenKeysError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Unreadable(#[from] UnreadableTokenKeys),
}

impl TokenKeys {
    /// Makes the first key if there is none, and a new one if the newest is of another kind than
    /// the settings say.
    pub async fn open(
        directory: Arc<dyn Directory>,
        settings: &Settings,
        clock: Clock,
    ) -> Result<TokenKeys, TokenKeysError> {
        signatures::install();
        let Settings { token_s, key_delay_s, token_algorithm: algorithm, .. } = *settings;
        let made = keyring::make_ring(clock(), algorithm);
        let stored = directory.secret(keyring::SECRET, made).await?;
        let ring = RwLock::new(Keyring::load(&stored, token_s)?);
        let keys = TokenKeys { directory, clock, token_s, key_delay_s, algorithm, ring };
        if keys.ring().algorithm() != Some(keyring::signature(algorithm)) {
            keys.rotate().await?;
        }
        Ok(keys)
    }

    /// The keys with which others can verify what is signed now and soon.
    pub fn published(&self) -> Vec<PublishedKey> {
        let key = |(kid, public): (&str, [u8; 32])| PublishedKey { kid: kid.to_owned(), public };
        self.ring().published((self.clock)()).map(key).collect()
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
        let TokenKeys { token_s, key_delay_s, algorithm, .. } = *self;
        let now = (self.clock)();
        rotate_token_keys(&*self.directory, now, token_s, key_delay_s, algorithm).await?;
        Ok(self.reload().await?)
    }

    /// Takes over keys that were changed elsewhere.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let made = keyring::make_ring((self.clock)(), self.algorithm);
        let stored = self.directory.secret(keyring::SECRET, made).await?;
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
    algorithm: TokenAlgorithm,
) -> Result<(), TokenKeysError> {
    loop {
        let old = directory.secret(keyring::SECRET, keyring::make_ring(now, algorithm)).await?;
        let new = keyring::rotate(&old, now, now.plus_s(key_delay_s), token_s, algorithm)?;
        if directory.replace_secret(keyring::SECRET, old, new).await? {
            return Ok(());
        }
    }
}
