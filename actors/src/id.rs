//! A 16-byte id of a person or a thing, printed as 26 symbols of Crockford's base 32.
//!
//! Ids are all that events ever say about people; names live in the directory and can be forgotten.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Id(pub [u8; 16]);

const SYMBOLS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl Id {
    /// The engine itself: expiries, jobs, the first administrator's creation.
    pub const SYSTEM: Id = Id([0; 16]);

    /// The first 16 bytes of SHA-256 over the parts, each preceded by its length, so that no two
    /// lists of parts collide.
    pub fn digest(parts: &[&[u8]]) -> Id {
        let mut sha = Sha256::new();
        for part in parts {
            sha.update((part.len() as u64).to_le_bytes());
            sha.update(part);
        }
        let mut id = [0; 16];
        id.copy_from_slice(&sha.finalize()[..16]);
        Id(id)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = u128::from_be_bytes(self.0);
        let mut text = [0u8; 26];
        for (place, symbol) in text.iter_mut().rev().enumerate() {
            *symbol = SYMBOLS[(number >> (5 * place) & 31) as usize];
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({self})")
    }
}

#[derive(Debug, thiserror::Error)]
#[error("not an id")]
pub struct NotAnId;

impl FromStr for Id {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Id, NotAnId> {
        if text.len() != 26 || !matches!(text.as_bytes()[0], b'0'..=b'7') {
            return Err(NotAnId);
        }
        let mut number = 0u128;
        for symbol in text.bytes() {
            let value = SYMBOLS.iter().position(|s| *s == symbol).ok_or(NotAnId)?;
            number = number << 5 | value as u128;
        }
        Ok(Id(number.to_be_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_reads_back_as_itself() {
        for id in [Id::SYSTEM, Id([255; 16]), Id::digest(&[b"a", b"bc"])] {
            assert_eq!(id.to_string().parse::<Id>().unwrap(), id);
        }
    }

    #[test]
    fn a_text_of_another_shape_is_no_id() {
        for text in [
            "",
            "0",
            "zzzzzzzzzzzzzzzzzzzzzzzzzz",
            "0000000000000000000000000u",
            "00000000000000000000000000 ",
        ] {
            assert!(text.parse::<Id>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn parts_are_not_merely_joined() {
        assert_ne!(Id::digest(&[b"a", b"bc"]), Id::digest(&[b"ab", b"c"]));
    }
}
