//! Keys of back ends: made, listed, revoked.
//!
//! All keys are in memory, because there are few. A change reaches this node's memory before it is
//! answered, and the other nodes at their next request.

use super::error::Error;
use super::hs256;
use super::key_draft::KeyDraft;
use super::known_keys::{KnownKey, KnownKeys, PREFIX, digest};
use super::refusals::Reason;
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
    pub async fn create(&self, draft: impl Into<KeyDraft>) -> Result<MadeKey, Error> {
        self.make(draft.into(), None).await
    }

    /// The same caller gets the same key again for the same idempotency key.
    pub async fn create_once(
        &self,
        draft: impl Into<KeyDraft>,
        by: Id,
        key: &str,
    ) -> Result<MadeKey, Error> {
        let seed = Id::digest(&[b"service-key", &by.0, key.as_bytes()]);
        self.make(draft.into(), Some(seed)).await
    }

    async fn make(&self, draft: KeyDraft, made_with: Option<Id>) -> Result<MadeKey, Error> {
        self.check(&draft)?;
        let KeyDraft { name, purpose, scopes, expires_at } = draft.clone();
        let text =
            made_with.map_or_else(fresh::text, |seed| URL_SAFE_NO_PAD.encode(self.derive(seed)));
        let (text, now) = (format!("{PREFIX}{text}"), (self.clock)());
        let id = made_with.unwrap_or_else(|| fresh::id(now));
        let row = ServiceKey {
            id,
            name,
            purpose,
            scopes,
            digest: digest(&text),
            created_at: now,
            expires_at,
            revoked_at: None,
        };
        let (kept, again) = self.directory.create_service_key(row).await?;
        if !draft.is_of(&kept) || kept.revoked_at.is_some() {
            return Err(Error::KeyReused);
        }
        self.reload().await?;
        self.sharing.tear_up(ALL_KEYS).await;
        Ok(MadeKey { id, key: text, again })
    }

    /// Whether such a key could be made now.
    pub fn check(&self, draft: &KeyDraft) -> Result<(), Error> {
        let flaws = draft.flaws((self.clock)());
        if flaws.is_empty() { Ok(()) } else { Err(Error::Invalid(flaws)) }
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

    /// What a key that lets in is, as far as this node knows.
    pub(crate) fn find(&self, key: &str) -> Result<Arc<KnownKey>, Reason> {
        let known = self.known.find(key).ok_or(Reason::UnknownServiceKey)?;
        if known.is_over((self.clock)()) { Err(Reason::ExpiredServiceKey) } else { Ok(known) }
    }

    /// How many keys end by themselves within so many days.
    pub fn count_expiring(&self, days: u32) -> usize {
        let now = (self.clock)();
        self.known.count_expiring(now, now.plus_s(days.saturating_mul(86_400)))
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
