//! Keys of back ends that have members of their own: `sk_` and 256 random bits, of which only a
//! SHA-256 is kept.
//!
//! A key speaks for a service by name. With `On-Behalf-Of` it acts as one of that service's
//! members, whose id here is made from the service's name and the id there: nobody registers, and a
//! service's keys can be replaced. Without it, it acts as nobody. All keys are in memory, because
//! there are few; a change reaches the map before it is answered, and the other nodes at their next
//! request.

use actors::Id;
use hashbrown::{HashMap, HashSet};
use ports::directory::{Digest, ServiceKey};
use sha2::{Digest as _, Sha256};
use std::sync::{Arc, Mutex, RwLock};

pub const PREFIX: &str = "sk_";

/// Whose slip it is that says which list of keys is the latest.
pub const EVERYBODY: Id = Id(*b"all service keys");

/// Outsiders this process remembers to have introduced. Beyond it, it forgets and introduces them
/// again, which is harmless.
const INTRODUCED: usize = 100_000;

#[derive(Default)]
pub struct ServiceKeys {
    services: RwLock<Services>,
    introduced: Mutex<HashSet<Id>>,
}

#[derive(Default)]
struct Services {
    by_key: HashMap<Digest, Arc<str>>,
    list: Id,
}

pub fn digest(text: &str) -> Digest {
    Sha256::digest(text).into()
}

/// The member that a service's member is here.
pub fn outsider(service: &str, theirs: &str) -> Id {
    Id::digest(&[b"outsider", service.as_bytes(), theirs.as_bytes()])
}

/// Who a service is when it acts for nobody.
pub fn service_itself(service: &str) -> Id {
    Id::digest(&[b"service", service.as_bytes()])
}

/// 1 to 128 visible ASCII characters.
pub fn is_their_id(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

/// 1 to 64 letters, digits, dots, dashes or underscores of ASCII.
pub fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

impl ServiceKeys {
    /// Makes these the keys that let in.
    pub fn load(&self, keys: &[ServiceKey]) {
        let living = keys.iter().filter(|key| key.revoked_at.is_none());
        let by_key = living.map(|key| (key.digest, key.name.as_str().into())).collect();
        *self.services.write().unwrap_or_else(|poisoned| poisoned.into_inner()) =
            Services { by_key, list: list(keys) };
    }

    /// A name for exactly these keys.
    pub fn list(&self) -> Id {
        self.services.read().unwrap_or_else(|poisoned| poisoned.into_inner()).list
    }

    /// The service whose key that is. The look-up compares digests, of which a guesser controls
    /// nothing.
    pub fn service(&self, key: &str) -> Option<Arc<str>> {
        let services = self.services.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        services.by_key.get(&digest(key)).cloned()
    }

    pub fn is_introduced(&self, member: Id) -> bool {
        self.introduced().contains(&member)
    }

    pub fn introduce(&self, member: Id) {
        let mut introduced = self.introduced();
        if introduced.len() >= INTRODUCED {
            introduced.clear();
        }
        introduced.insert(member);
    }

    fn introduced(&self) -> std::sync::MutexGuard<'_, HashSet<Id>> {
        self.introduced.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn list(keys: &[ServiceKey]) -> Id {
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
        let keys = ServiceKeys::default();
        assert!(keys.service(text).is_none());
        keys.load(&[row.clone()]);
        assert_eq!(keys.service(text).as_deref(), Some("shop"));
        row.revoked_at = Some(Time(2));
        keys.load(&[row]);
        assert!(keys.service(text).is_none());
    }

    #[test]
    fn ids_of_two_services_never_collide() {
        assert_ne!(outsider("shop", "1"), outsider("shop2", "1"));
        assert_ne!(outsider("a", "bc"), outsider("ab", "c"));
        assert_eq!(outsider("shop", "1"), outsider("shop", "1"));
    }

    #[test]
    fn their_ids_are_visible_ascii() {
        assert!(is_their_id("x") && is_their_id(&"~".repeat(128)));
        for bad in ["", "a b", "ä", "a\n", &"x".repeat(129)] {
            assert!(!is_their_id(bad), "{bad:?}");
        }
    }
}
