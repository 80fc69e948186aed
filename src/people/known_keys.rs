//! The service keys that this node knows: `sk_` and 256 random bits, of which only a SHA-256 is
//! kept.
//!
//! A key speaks for a service by name. With `On-Behalf-Of` it acts as one of that service's members
//! (`outsiders`). Without it, it acts as the service itself.

use actors::Id;
use hashbrown::HashMap;
use ports::directory::{Digest, ServiceKey};
use sha2::{Digest as _, Sha256};
use std::sync::{Arc, RwLock, RwLockReadGuard};

pub const PREFIX: &str = "sk_";

#[derive(Default)]
pub struct KnownKeys(RwLock<KeyList>);

#[derive(Default)]
struct KeyList {
    by_key: HashMap<Digest, Arc<str>>,
    id: Id,
}

pub fn digest(text: &str) -> Digest {
    Sha256::digest(text).into()
}

impl KnownKeys {
    /// Makes these the keys that let in.
    pub fn load(&self, keys: &[ServiceKey]) {
        let living = keys.iter().filter(|key| key.revoked_at.is_none());
        let by_key = living.map(|key| (key.digest, key.name.as_str().into())).collect();
        *self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner()) =
            KeyList { by_key, id: list_id(keys) };
    }

    /// A name for exactly these keys.
    pub fn list_id(&self) -> Id {
        self.read().id
    }

    /// The service whose key that is. The look-up compares digests, of which a guesser controls
    /// nothing.
    pub fn find(&self, key: &str) -> Option<Arc<str>> {
        self.read().by_key.get(&digest(key)).cloned()
    }

    fn read(&self) -> RwLockReadGuard<'_, KeyList> {
        self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn list_id(keys: &[ServiceKey]) -> Id {
    let mut living: Vec<&[u8]> = keys
        .iter()
        .filter(|key| key.revoked_at.is_none())
        .map(|key| key.digest.as_slice())
        .collect();
    living.sort_unstable();
    Id::digest(&living)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actors::Time;

    #[test]
    fn a_key_lets_in_until_it_is_revoked() {
        let text = "sk_secret";
        let mut row = ServiceKey {
            id: Id([1; 16]),
            name: "shop".to_owned(),
            digest: digest(text),
            created_at: Time(1),
            revoked_at: None,
        };
        let keys = KnownKeys::default();
        assert!(keys.find(text).is_none());
        keys.load(&[row.clone()]);
        assert_eq!(keys.find(text).as_deref(), Some("shop"));
        row.revoked_at = Some(Time(2));
        keys.load(&[row]);
        assert!(keys.find(text).is_none());
    }
}
