//! The keys that access tokens are signed with: one is active, the ones before it verify until the
//! last token they signed is dead.
//!
//! The ring lives in the directory as one secret. So all nodes have the same ring, and a rotation
//! is one step. Keys of both algorithms may be in it: the newest says how tokens are signed. The
//! public halves of key pairs are published from when they are made, which is before they sign. A
//! token names its key in its header. The header must be letter for letter the one
//! that we write for that key: nothing else in it is ever interpreted.

use super::ed25519::public_half;
use actors::Time;
use base::fresh;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use ports::TokenAlgorithm;
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
    /// Rings of before had one only, and do not name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    algorithm: Option<String>,
}

pub struct TokenKey {
    pub header: Header,
    /// The header as it stands in a token.
    prefix: String,
    since: Time,
    /// What others verify with, if there is such a half.
    public: Option<[u8; 32]>,
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
pub fn make_ring(now: Time, algorithm: TokenAlgorithm) -> Vec<u8> {
    write(&[make_key(now, algorithm)])
}

/// The ring with a new key that signs from `since` on, without those that are no longer needed.
pub fn rotate(
    stored: &[u8],
    now: Time,
    since: Time,
    token_s: u32,
    algorithm: TokenAlgorithm,
) -> Result<Vec<u8>, UnreadableTokenKeys> {
    let mut keys = read(stored)?;
    let replaced =
        |keys: &[Stored]| keys.get(1).is_some_and(|next| Time(next.since).plus_s(token_s) < now);
    while replaced(&keys) {
        keys.remove(0);
    }
    keys.push(make_key(since, algorithm));
    Ok(write(&keys))
}

fn make_key(since: Time, algorithm: TokenAlgorithm) -> Stored {
    let [a, b, c, d] = fresh::bytes::<4>();
    let kid = format!("{a:02x}{b:02x}{c:02x}{d:02x}");
    let algorithm = match algorithm {
        TokenAlgorithm::Hs256 => None,
        TokenAlgorithm::EdDsa => Some(algorithm.name().to_owned()),
    };
    Stored { kid, key: fresh::text(), since: since.0, algorithm }
}

/// As the crate names it.
pub fn signature(algorithm: TokenAlgorithm) -> Algorithm {
    match algorithm {
        TokenAlgorithm::Hs256 => Algorithm::HS256,
        TokenAlgorithm::EdDsa => Algorithm::EdDSA,
    }
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

    /// What tokens are to be signed with, once the newest key signs.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.keys.last().map(|key| key.header.alg)
    }

    /// Whether a key of it signs so.
    pub fn has(&self, algorithm: Algorithm) -> bool {
        self.keys.iter().any(|key| key.header.alg == algorithm)
    }

    /// The names and public halves of those keys that verify, now or later.
    pub fn published(&self, now: Time) -> impl Iterator<Item = (&str, [u8; 32])> {
        let living = (0..self.keys.len()).filter(move |place| !self.is_retired(*place, now));
        living.filter_map(|place| {
            let key = &self.keys[place];
            Some((key.header.kid.as_deref()?, key.public?))
        })
    }

    fn is_retired(&self, place: usize, now: Time) -> bool {
        self.keys.get(place + 1).is_some_and(|next| next.since.plus_s(self.token_s) < now)
    }

    /// The key that signs now.
    pub fn active(&self, now: Time) -> &TokenKey {
        self.keys.iter().rev().find(|key| key.since <= now).unwrap_or(&self.keys[0])
    }

    /// The key whose header a token has, if it still verifies.
    pub fn named_by(&self, token_header: &str, now: Time) -> Option<&TokenKey> {
        let place = self.keys.iter().position(|key| key.prefix == token_header)?;
        (!self.is_retired(place, now)).then(|| &self.keys[place])
    }
}

impl TokenKey {
    fn load(stored: Stored) -> Result<TokenKey, UnreadableTokenKeys> {
        let key = URL_SAFE_NO_PAD.decode(&stored.key).map_err(|_| UnreadableTokenKeys)?;
        let algorithm = match stored.algorithm.as_deref() {
            None => TokenAlgorithm::Hs256,
            Some(name) => TokenAlgorithm::of_name(name).ok_or(UnreadableTokenKeys)?,
        };
        let (public, signs, verifies) = match algorithm {
            TokenAlgorithm::Hs256 => {
                (None, EncodingKey::from_secret(&key), DecodingKey::from_secret(&key))
            }
            TokenAlgorithm::EdDsa => {
                let secret = key.as_slice().try_into().map_err(|_| UnreadableTokenKeys)?;
                let public = public_half(secret);
                let verifies = DecodingKey::from_ed_der(&public);
                (Some(public), EncodingKey::from_ed_der(&key), verifies)
            }
        };
        let mut header = Header::new(signature(algorithm));
        header.kid = Some(stored.kid);
        let prefix =
            URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).map_err(|_| UnreadableTokenKeys)?);
        Ok(TokenKey { header, prefix, since: Time(stored.since), public, signs, verifies })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TokenAlgorithm::{EdDsa, Hs256};

    #[test]
    fn a_replaced_key_verifies_until_its_last_token_is_dead_and_then_leaves() {
        let (made, rotated_at) = (Time(0), Time(1_000_000));
        let stored = rotate(&make_ring(made, Hs256), rotated_at, rotated_at, 900, Hs256).unwrap();
        let ring = Keyring::load(&stored, 900).unwrap();
        let old = ring.keys[0].prefix.clone();
        assert_eq!(ring.active(rotated_at).prefix, ring.keys[1].prefix);
        assert!(ring.named_by(&old, rotated_at.plus_s(900)).is_some());
        assert!(ring.named_by(&old, rotated_at.plus_s(901)).is_none());
        let later = rotated_at.plus_s(901);
        let again = rotate(&stored, later, later, 900, Hs256).unwrap();
        assert_eq!(Keyring::load(&again, 900).unwrap().keys.len(), 2);
    }

    #[test]
    fn a_new_key_may_wait_until_every_node_knows_it() {
        let stored =
            rotate(&make_ring(Time(0), Hs256), Time(1000), Time(31_000), 900, Hs256).unwrap();
        let ring = Keyring::load(&stored, 900).unwrap();
        assert_eq!(ring.active(Time(30_999)).prefix, ring.keys[0].prefix);
        assert_eq!(ring.active(Time(31_000)).prefix, ring.keys[1].prefix);
    }
    #[test]
    fn a_ring_of_before_is_read_and_one_like_it_is_written_as_before() {
        let before = br#"[{"kid":"0a0b0c0d","key":"a2V5","since":5}]"#;
        let ring = Keyring::load(before, 900).unwrap();
        assert_eq!((ring.algorithm(), ring.keys[0].since), (Some(Algorithm::HS256), Time(5)));
        assert_eq!(write(&read(before).unwrap()), before);
        for unknown in [
            &br#"[{"kid":"0a0b0c0d","key":"a2V5","since":5,"algorithm":"RS256"}]"#[..],
            br#"[{"kid":"0a0b0c0d","key":"a2V5","since":5,"algorithm":"EdDSA"}]"#,
        ] {
            assert!(Keyring::load(unknown, 900).is_err());
        }
    }

    #[test]
    fn public_halves_are_published_before_they_are_needed_and_for_as_long() {
        let stored = rotate(&make_ring(Time(0), Hs256), Time(0), Time(30_000), 900, EdDsa).unwrap();
        let next = rotate(&stored, Time(60_000), Time(90_000), 900, EdDsa).unwrap();
        let ring = Keyring::load(&next, 900).unwrap();
        let [first, second] = &ring.keys[1..] else { panic!() };
        let names = |now: Time| ring.published(now).map(|(kid, _)| kid).collect::<Vec<_>>();
        let kid = |key: &TokenKey| key.header.kid.clone().unwrap();
        assert_eq!(names(Time(0)), [kid(first), kid(second)]);
        assert_eq!(names(Time(90_000).plus_s(900)), [kid(first), kid(second)]);
        assert_eq!(names(Time(90_000).plus_s(901)), [kid(second)]);
        assert_eq!(ring.active(Time(29_999)).header.alg, Algorithm::HS256);
        assert_eq!(ring.active(Time(30_000)).header.alg, Algorithm::EdDSA);
    }
}
