//! How a node proves that it is one: each request and each answer is signed with a key that only
//! nodes know.
//!
//! The head of a request names the sender, the receiver, the time and the hash of the body. So no
//! body is read before its sender has proved to be a node. A request that was overheard cannot be
//! sent to another node, nor later than its age allows, nor twice. What goes between nodes is not
//! hidden: keep it in a network of its own.

use actors::Time;
use actors::engine::neighbours::Peer;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::sync::Mutex;

/// Raised whenever what nodes say to each other takes another shape.
const LANGUAGE: u16 = 9;

/// A request may be so old when it arrives, and as much younger than the receiver's clock.
pub const AGE_MS: i64 = 10_000;

#[derive(Clone)]
pub struct ClusterKey(Hmac<Sha256>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedHead {
    language: u16,
    pub from: Peer,
    pub to: Peer,
    pub at: Time,
    pub once: u64,
    pub length: u64,
    pub body: [u8; 32],
}

impl SignedHead {
    pub fn of(body: &[u8], from: Peer, to: Peer, at: Time, once: u64) -> SignedHead {
        SignedHead {
            language: LANGUAGE,
            from,
            to,
            at,
            once,
            length: body.len() as u64,
            body: Sha256::digest(body).into(),
        }
    }
}

impl ClusterKey {
    /// Not the cluster key itself, which seals other things.
    pub fn derive(cluster_key: &[u8]) -> ClusterKey {
        let derived =
            with(cluster_key).chain_update(b"stampede: from node to node").finalize().into_bytes();
        ClusterKey(with(&derived))
    }

    /// A head as a header's value.
    pub fn sign(&self, head: &SignedHead) -> String {
        let mut bytes = postcard::to_stdvec(head).expect("a head is plain data");
        let proof =
            self.0.clone().chain_update(b"ask").chain_update(&bytes).finalize().into_bytes();
        bytes.extend_from_slice(&proof);
        hex(&bytes)
    }

    /// The head, if a node signed it.
    pub fn verify(&self, header: &str) -> Option<SignedHead> {
        let bytes = unhex(header)?;
        let (head, proof) = bytes.split_at_checked(bytes.len().checked_sub(32)?)?;
        self.0.clone().chain_update(b"ask").chain_update(head).verify_slice(proof).ok()?;
        postcard::from_bytes(head).ok().filter(|head: &SignedHead| head.language == LANGUAGE)
    }

    /// What shows that this is a node's answer to that request.
    pub fn sign_answer(&self, to: &SignedHead, answer: &[u8]) -> String {
        hex(&self.answering(to, answer).finalize().into_bytes())
    }

    pub fn verify_answer(&self, to: &SignedHead, answer: &[u8], proof: &str) -> bool {
        unhex(proof).is_some_and(|proof| self.answering(to, answer).verify_slice(&proof).is_ok())
    }

    fn answering(&self, to: &SignedHead, answer: &[u8]) -> Hmac<Sha256> {
        self.0
            .clone()
            .chain_update(b"answer")
            .chain_update(to.once.to_le_bytes())
            .chain_update(to.body)
            .chain_update(answer)
    }
}

fn with(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of every length")
}

/// What was said already. It is remembered for as long as its age would let it pass again.
#[derive(Default)]
pub struct Once(Mutex<Said>);

#[derive(Default)]
struct Said {
    since: Time,
    lately: HashSet<(Peer, u64)>,
    before: HashSet<(Peer, u64)>,
}

impl Once {
    /// Whether the head is for now, and was not here before.
    pub fn takes(&self, head: &SignedHead, now: Time) -> bool {
        if (now.0 - head.at.0).abs() > AGE_MS {
            return false;
        }
        let mut said = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if now.0 - said.since.0 > 2 * AGE_MS {
            said.before = std::mem::take(&mut said.lately);
            said.since = now;
        }
        let what = (head.from, head.once);
        !said.before.contains(&what) && said.lately.insert(what)
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
        .map(char::from)
        .collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| (digit as char).to_digit(16).filter(|_| !digit.is_ascii_uppercase());
    let byte = |pair: &[u8]| Some((value(pair[0])? << 4 | value(*pair.get(1)?)?) as u8);
    text.as_bytes().chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1_800_000_000_000);

    fn key() -> ClusterKey {
        ClusterKey::derive(b"a key that is long enough for tests")
    }

    fn head(once: u64) -> SignedHead {
        SignedHead::of(b"body", 1, 2, NOW, once)
    }

    #[test]
    fn a_signed_head_is_read_back() {
        assert_eq!(key().verify(&key().sign(&head(7))), Some(head(7)));
    }

    #[test]
    fn whatever_is_changed_in_it_is_noticed() {
        let signed = key().sign(&head(7));
        for place in 0..signed.len() {
            let mut changed = signed.clone().into_bytes();
            changed[place] = if changed[place] == b'0' { b'1' } else { b'0' };
            assert_eq!(key().verify(std::str::from_utf8(&changed).unwrap()), None, "{place}");
        }
        for wrong in
            ["", "00", "zz", &signed[1..], &signed[..signed.len() - 2], &signed.to_uppercase()]
        {
            assert_eq!(key().verify(wrong), None, "{wrong}");
        }
        assert_eq!(ClusterKey::derive(b"another key, as long as the first").verify(&signed), None);
    }

    #[test]
    fn no_head_is_believed_but_one_that_was_signed() {
        let signed = [key().sign(&head(7)), key().sign(&head(u64::MAX))];
        let seeds = [signed[0].clone().into_bytes(), signed[1].clone().into_bytes()];
        testing::fuzz::fuzz("heads between nodes", 20_000, &seeds, |bytes| {
            let text = String::from_utf8_lossy(bytes);
            assert_eq!(key().verify(&text).is_some(), signed.iter().any(|one| *one == text));
            assert!(!key().verify_answer(&head(7), b"answer", &text));
        });
    }

    #[test]
    fn another_language_is_not_understood() {
        assert_eq!(
            key().verify(&key().sign(&SignedHead { language: LANGUAGE + 1, ..head(7) })),
            None
        );
    }

    #[test]
    fn an_answer_belongs_to_its_request() {
        let proof = key().sign_answer(&head(7), b"answer");
        assert!(key().verify_answer(&head(7), b"answer", &proof));
        assert!(!key().verify_answer(&head(8), b"answer", &proof));
        assert!(!key().verify_answer(&head(7), b"another", &proof));
        assert!(!key().verify_answer(&head(7), b"answer", ""));
    }

    #[test]
    fn what_was_overheard_is_no_use_again_or_later() {
        let once = Once::default();
        assert!(once.takes(&head(7), NOW));
        for later in (0..=AGE_MS).step_by(1000) {
            assert!(!once.takes(&head(7), Time(NOW.0 + later)), "{later}");
            assert!(once.takes(
                &SignedHead { at: Time(NOW.0 + later), ..head(100 + later as u64) },
                Time(NOW.0 + later)
            ));
        }
        assert!(!once.takes(&head(8), Time(NOW.0 + AGE_MS + 1)));
        assert!(!once.takes(&head(9), Time(NOW.0 - AGE_MS - 1)));
    }
}
