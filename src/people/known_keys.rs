//! The service keys that this node knows: `sk_` and 256 random bits, of which only a SHA-256 is
//! kept.
//!
//! A key speaks for a service by name. With `On-Behalf-Of` it acts as one of that service's members
//! (`outsiders`). Without it, it acts as the service itself, which may do what its scopes say.

use actors::{Id, Time};
use hashbrown::HashMap;
use ports::directory::{Digest, ServiceKey};
use ports::scopes::Scopes;
use sha2::{Digest as _, Sha256};
use std::sync::{Arc, RwLock, RwLockReadGuard};

pub const PREFIX: &str = "sk_";

#[derive(Default)]
pub struct KnownKeys(RwLock<KeyList>);

#[derive(Default)]
struct KeyList {
    by_key: HashMap<Digest, Arc<KnownKey>>,
    id: Id,
}

/// A key that was not revoked.
#[derive(Debug, PartialEq)]
pub struct KnownKey {
    pub id: Id,
    pub service: Arc<str>,
    pub scopes: Scopes,
    expires_at: Option<Time>,
}

impl KnownKey {
    pub fn is_over(&self, now: Time) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

pub fn digest(text: &str) -> Digest {
    Sha256::digest(text).into()
}

impl KnownKeys {
    /// Makes these the keys that let in.
    pub fn load(&self, keys: &[ServiceKey]) {
        let living = keys.iter().filter(|key| key.revoked_at.is_none());
        let known = |key: &ServiceKey| KnownKey {
            id: key.id,
            service: key.name.as_str().into(),
            scopes: key.scopes,
            expires_at: key.expires_at,
        };
        let by_key = living.map(|key| (key.digest, Arc::new(known(key)))).collect();
        *self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner()) =
            KeyList { by_key, id: list_id(keys) };
    }

    /// A name for exactly these keys.
    pub fn list_id(&self) -> Id {
        self.read().id
    }

    /// What that key is. The look-up compares digests, of which a guesser controls nothing.
    pub fn find(&self, key: &str) -> Option<Arc<KnownKey>> {
        self.read().by_key.get(&digest(key)).cloned()
    }

    /// How many let in now and will not any more at that time.
    pub fn count_expiring(&self, now: Time, until: Time) -> usize {
        let keys = self.read();
        keys.by_key.values().filter(|key| !key.is_over(now) && key.is_over(until)).count()
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

    #[test]
    fn a_key_lets_in_until_it_is_revoked() {
        let text = "sk_secret";
        let mut row = ServiceKey {
            id: Id([1; 16]),
            name: "shop".to_owned(),
            purpose: None,
            scopes: Scopes::MEMBERS,
            digest: digest(text),
            created_at: Time(1),
            expires_at: Some(Time(9)),
            revoked_at: None,
        };
        let keys = KnownKeys::default();
        assert!(keys.find(text).is_none());
        keys.load(&[row.clone()]);
        let known = keys.find(text).unwrap();
        assert_eq!((&*known.service, known.scopes), ("shop", Scopes::MEMBERS));
        assert!(!known.is_over(Time(8)) && known.is_over(Time(9)));
        assert_eq!(keys.count_expiring(Time(1), Time(8)), 0);
        assert_eq!(keys.count_expiring(Time(8), Time(9)), 1);
        assert_eq!(keys.count_expiring(Time(9), Time(10)), 0);
        row.revoked_at = Some(Time(2));
        keys.load(&[row]);
        assert!(keys.find(text).is_none());
    }
}
