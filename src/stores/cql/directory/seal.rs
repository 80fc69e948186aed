//! Secrets as they lie in a database that others may read: sealed with a key that only the nodes
//! have.
//!
//! ChaCha20-Poly1305 with a random nonce in front; what a secret is called is sealed with it, so
//! that nobody can exchange two of them. The key is derived from the cluster key for this purpose
//! alone.

use base::{Secret, fresh};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;

const NONCE: usize = 12;

pub struct Seal(ChaCha20Poly1305);

impl Seal {
    pub fn new(cluster_key: &Secret) -> Seal {
        let mut derive =
            <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(cluster_key.reveal().as_bytes())
                .expect("HMAC takes keys of any length");
        derive.update(b"stampede: secrets in the store, 1");
        Seal(ChaCha20Poly1305::new(&derive.finalize().into_bytes()))
    }

    pub fn close(&self, name: &str, secret: &[u8]) -> Vec<u8> {
        let nonce = fresh::bytes::<NONCE>();
        let payload = Payload { msg: secret, aad: name.as_bytes() };
        let sealed = self
            .0
            .encrypt(&Nonce::from(nonce), payload)
            .expect("a secret is far shorter than the 256 GiB that a nonce is good for");
        [&nonce[..], &sealed].concat()
    }

    /// None if it was sealed with another key or under another name, or was changed.
    pub fn open(&self, name: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        self.0.decrypt(&Nonce::from(*nonce), Payload { msg: sealed, aad: name.as_bytes() }).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(key: &str) -> Seal {
        Seal::new(&Secret::new(key))
    }

    #[test]
    fn what_was_closed_opens_with_the_same_key_and_name_and_with_nothing_else() {
        let sealed = seal("one").close("a", b"secret");
        assert_eq!(seal("one").open("a", &sealed).as_deref(), Some(&b"secret"[..]));
        assert_eq!(seal("two").open("a", &sealed), None);
        assert_eq!(seal("one").open("b", &sealed), None);
        assert_eq!(seal("one").open("a", &sealed[..11]), None);
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(seal("one").open("a", &changed), None, "byte {place}");
        }
    }

    #[test]
    fn the_same_secret_is_never_sealed_alike() {
        let seal = seal("one");
        assert_ne!(seal.close("a", b"secret"), seal.close("a", b"secret"));
    }
}
