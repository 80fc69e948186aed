//! Keys of back ends: made, listed, revoked.
//!
//! All keys are in memory, because there are few. A change reaches this node's memory before it is
//! answered, and the other nodes at their next request.

use super::error::Error;
use super::hs256;
use super::known_keys::{KnownKeys, PREFIX, digest};
use super::sharing::Sharing;
use actors::Id;
use actors::store::StoreError;
use actors::time::Clock;
use base::fresh;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac;
use ports::Directory;
use ports::directory::ServiceKey;
use ports::profile::Flaw;
use std::sync::Arc;

/// The owner of the slip that says which list of keys is the latest.
const ALL_KEYS: Id = Id(*b"all service keys");

/// A service key, when it is made. Its text is nowhere else.
#[derive(Clone, Debug)]
pub struct MadeKey {
    pub id: Id,
    pub key: String,
    /// It had been made by the first request with this idempotency key.
    pub again: bool,
}

pub struct ServiceKeys {
    pub(crate) directory: Arc<dyn Directory>,
    /// The secret that repeatable keys are made with.
    pub(crate) secret: Arc<[u8]>,
    pub(crate) sharing: Sharing,
    pub(crate) clock: Clock,
    pub(crate) known: KnownKeys,
    pub(crate) reloading: tokio::sync::Mutex<()>,
}

impl ServiceKeys {
    pub async fn create(&self, name: &str) -> Result<MadeKey, Error> {
        self.make(name, None).await
    }

    /// The same caller gets the same key again for the same idempotency key.
    pub async fn create_once(&self, name: &str, by: Id, key: &str) -> Result<MadeKey, Error> {
        self.make(name, Some(Id::digest(&[b"service-key", &by.0, key.as_bytes()]))).await
    }

    async fn make(&self, name: &str, made_with: Option<Id>) -> Result<MadeKey, Error> {
        if !is_name(name) {
            let says = "1 to 64 ASCII letters, digits, dots, dashes or underscores";
            return Err(Flaw { field: "name", says }.into());
        }
        let text =
            made_with.map_or_else(fresh::text, |seed| URL_SAFE_NO_PAD.encode(self.derive(seed)));
        let (text, now) = (format!("{PREFIX}{text}"), (self.clock)());
        let id = made_with.unwrap_or_else(|| fresh::id(now));
        let row = ServiceKey {
            id,
            name: name.to_owned(),
            digest: digest(&text),
            created_at: now,
            revoked_at: None,
        };
        let (kept, again) = self.directory.create_service_key(row).await?;
        if kept.name != name || kept.revoked_at.is_some() {
            return Err(Error::KeyReused);
        }
        self.reload().await?;
        self.sharing.tear_up(ALL_KEYS).await;
        Ok(MadeKey { id, key: text, again })
    }

    fn derive(&self, seed: Id) -> [u8; 32] {
        hs256::mac(&self.secret)
            .chain_update(b"service-key")
            .chain_update(seed.0)
            .finalize()
            .into_bytes()
            .into()
    }

    pub async fn list(&self) -> Result<Vec<ServiceKey>, StoreError> {
        self.directory.service_keys().await
    }

    /// False if there is no such key, or it was revoked before.
    pub async fn revoke(&self, key: Id) -> Result<bool, StoreError> {
        let revoked = self.directory.revoke_service_key(key, (self.clock)()).await?;
        self.reload().await?;
        self.sharing.tear_up(ALL_KEYS).await;
        Ok(revoked)
    }

    /// The service that a key speaks for, as far as this node knows.
    pub(crate) fn find(&self, key: &str) -> Option<Arc<str>> {
        self.known.find(key)
    }

    /// One after the other, so that what was read first never takes the place of what was read
    /// later.
    pub(crate) async fn reload(&self) -> Result<(), StoreError> {
        let _turn = self.reloading.lock().await;
        let keys = self.directory.service_keys().await?;
        self.known.load(&keys);
        Ok(())
    }

    /// Reads the keys anew, unless it is certain that those in memory are all there are.
    pub(crate) async fn refresh(&self) -> Result<(), StoreError> {
        match &self.sharing {
            Sharing::Alone => Ok(()),
            Sharing::Directory => self.reload().await,
            Sharing::Memory(memory) => {
                let known = self.known.list_id();
                let ask = async {
                    self.reload().await?;
                    Ok(self.known.list_id() == known)
                };
                memory.is_alive(ALL_KEYS, known, Box::pin(ask)).await.map(drop)
            }
        }
    }
}

/// 1 to 64 letters, digits, dots, dashes or underscores of ASCII.
fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}
