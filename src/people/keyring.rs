//! The keys that access tokens are signed with: one is active, the ones before it verify until the
//! last token they signed is dead.
//!
//! The ring lives in the directory as one secret. So all nodes have the same ring, and a rotation
//! is one step. A token names its key in its header. The header must be letter for letter the one
//! that we write for that key: nothing else in it is ever interpreted.

use actors::Time;
use base::fresh;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering};

/// Under which name the directory keeps the ring.
pub const SECRET: &str = "token-keys";

#[derive(Clone, Serialize, Deserialize)]
struct Stored {
    kid: String,
    key: String,
    /// From when on it signs.
    since: i64,
}

pub struct TokenKey {
    pub header: Header,
    /// The header as it stands in a token.
    prefix: String,
    since: Time,
    pub signs: EncodingKey,
    pub verifies: DecodingKey,
}

pub struct Keyring {
    keys: Vec<TokenKey>,
    /// How long a token lives, and so how long a replaced key is needed.
    token_s: u32,
    /// No two rings of a process have the same, so what was verified with one is not taken for
    /// verified with another.
    pub generation: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("the token keys in the store cannot be read")]
pub struct UnreadableTokenKeys;

/// A ring with one new key, as it is stored.
pub fn make_ring(now: Time) -> Vec<u8> {
    write(&[make_key(now)])
}

/// The ring with a new key that signs from `since` on, without those that are no longer needed.
pub fn rotate(
    stored: &[u8],
    now: Time,
    since: Time,
    token_s: u32,
) -> Result<Vec<u8>, UnreadableTokenKeys> {
    let mut keys = read(stored)?;
    let replaced =
        |keys: &[Stored]| keys.get(1).is_some_and(|next| Time(next.since).plus_s(token_s) < now);
    while replaced(&keys) {
        keys.remove(0);
    }
    keys.push(make_key(since));
    Ok(write(&keys))
}

fn make_key(since: Time) -> Stored {
    let [a, b, c, d] = fresh::bytes::<4>();
    Stored { kid: format!("{a:02x}{b:02x}{c:02x}{d:02x}"), key: fresh::text(), since: since.0 }
}

fn write(keys: &[Stored]) -> Vec<u8> {
    serde_json::to_vec(keys).expect("keys are plain data")
}

fn read(stored: &[u8]) -> Result<Vec<Stored>, UnreadableTokenKeys> {
    serde_json::from_slice::<Vec<Stored>>(stored)
        .ok()
        .filter(|keys| !keys.is_empty())
        .ok_or(UnreadableTokenKeys)
}

impl Keyring {
    pub fn load(stored: &[u8], token_s: u32) -> Result<Keyring, UnreadableTokenKeys> {
        static GENERATIONS: AtomicU64 = AtomicU64::new(1);
        let keys = read(stored)?.into_iter().map(TokenKey::load).collect::<Result<_, _>>()?;
        Ok(Keyring { keys, token_s, generation: GENERATIONS.fetch_add(1, Ordering::Relaxed) })
    }

    pub fn has_same_keys(&self, other: &Keyring) -> bool {
        self.keys.iter().map(|key| &key.prefix).eq(other.keys.iter().map(|key| &key.prefix))
    }

    /// The key that signs now.
    pub fn active(&self, now: Time) -> &TokenKey {
        self.keys.iter().rev().find(|key| key.since <= now).unwrap_or(&self.keys[0])
    }

    /// The key whose header a token has, if it still verifies.
    pub fn named_by(&self, token_header: &str, now: Time) -> Option<&TokenKey> {
        let place = self.keys.iter().position(|key| key.prefix == token_header)?;
        let retired =
            self.keys.get(place + 1).is_some_and(|next| next.since.plus_s(self.token_s) < now);
        (!retired).then(|| &self.keys[place])
    }
}

impl TokenKey {
    fn load(stored: Stored) -> Result<TokenKey, UnreadableTokenKeys> {
        let key = URL_SAFE_NO_PAD.decode(&stored.key).map_err(|_| UnreadableTokenKeys)?;
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(stored.kid);
        let prefix =
            URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).map_err(|_| UnreadableTokenKeys)?);
        let (signs, verifies) = (EncodingKey::from_secret(&key), DecodingKey::from_secret(&key));
        Ok(TokenKey { header, prefix, since: Time(stored.since), signs, verifies })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_key_verifies_until_its_last_token_is_dead_and_then_leaves() {
        let (made, rotated_at) = (Time(0), Time(1_000_000));
        let stored = rotate(&make_ring(made), rotated_at, rotated_at, 900).unwrap();
        let ring = Keyring::load(&stored, 900).unwrap();
        let old = ring.keys[0].prefix.clone();
        assert_eq!(ring.active(rotated_at).prefix, ring.keys[1].prefix);
        assert!(ring.named_by(&old, rotated_at.plus_s(900)).is_some());
        assert!(ring.named_by(&old, rotated_at.plus_s(901)).is_none());
        let again = rotate(&stored, rotated_at.plus_s(901), rotated_at.plus_s(901), 900).unwrap();
        assert_eq!(Keyring::load(&again, 900).unwrap().keys.len(), 2);
    }

    #[test]
    fn a_new_key_may_wait_until_every_node_knows_it() {
        let stored = rotate(&make_ring(Time(0)), Time(1000), Time(31_000), 900).unwrap();
        let ring = Keyring::load(&stored, 900).unwrap();
        assert_eq!(ring.active(Time(30_999)).prefix, ring.keys[0].prefix);
        assert_eq!(ring.active(Time(31_000)).prefix, ring.keys[1].prefix);
    }
}
