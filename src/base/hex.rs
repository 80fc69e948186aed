//! Bytes that are written in hexadecimal, in the one way in which the documents of a draw write
//! them: lower case, nothing left out.

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hex<const N: usize>(pub [u8; N]);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} bytes are {twice} hexadecimal digits in lower case", twice = 2 * .0)]
pub struct NotHex(usize);

impl<const N: usize> Hex<N> {
    /// For constants; whatever is not hexadecimal does not compile.
    pub const fn constant(text: &str) -> Hex<N> {
        match read(text.as_bytes()) {
            Some(bytes) => Hex(bytes),
            None => panic!("not so many bytes in lower-case hexadecimal"),
        }
    }
}

const fn read<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    let (mut bytes, mut at) = ([0; N], 0);
    while at < N {
        match (digit(text[2 * at]), digit(text[2 * at + 1])) {
            (Some(high), Some(low)) => bytes[at] = high << 4 | low,
            _ => return None,
        }
        at += 1;
    }
    Some(bytes)
}

const fn digit(symbol: u8) -> Option<u8> {
    match symbol {
        b'0'..=b'9' => Some(symbol - b'0'),
        b'a'..=b'f' => Some(symbol - b'a' + 10),
        _ => None,
    }
}

impl<const N: usize> fmt::Display for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        // Written two by two: a receipt carries hundreds of hashes, and a call for each digit would
        // be dearer than the hashes.
        self.0.chunks(32).try_for_each(|chunk| {
            let mut text = [0; 64];
            for (pair, byte) in text.chunks_mut(2).zip(chunk) {
                pair.copy_from_slice(&[DIGITS[(byte >> 4) as usize], DIGITS[(byte & 15) as usize]]);
            }
            f.write_str(str::from_utf8(&text[..2 * chunk.len()]).map_err(|_| fmt::Error)?)
        })
    }
}

impl<const N: usize> fmt::Debug for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const N: usize> FromStr for Hex<N> {
    type Err = NotHex;

    fn from_str(text: &str) -> Result<Hex<N>, NotHex> {
        read(text.as_bytes()).map(Hex).ok_or(NotHex(N))
    }
}

impl<const N: usize> Serialize for Hex<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hex<N>, D::Error> {
        deserializer.deserialize_str(Digits)
    }
}

struct Digits<const N: usize>;

impl<const N: usize> Visitor<'_> for Digits<N> {
    type Value = Hex<N>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}", NotHex(N))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Hex<N>, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_read_back_as_they_were_written() {
        let bytes: [u8; 96] = std::array::from_fn(|i| (i * 37) as u8);
        let text = Hex(bytes).to_string();
        assert_eq!(text.len(), 192);
        assert!(text.starts_with("00254a6f94"), "{text}");
        assert_eq!(text.parse(), Ok(Hex(bytes)));
    }

    #[test]
    fn what_is_written_otherwise_is_refused() {
        for text in ["", "0", "00", "0g", "AB", "0x", "é"] {
            assert_eq!(text.parse::<Hex<2>>(), Err(NotHex(2)), "{text}");
        }
        assert_eq!(NotHex(2).to_string(), "2 bytes are 4 hexadecimal digits in lower case");
    }
}
