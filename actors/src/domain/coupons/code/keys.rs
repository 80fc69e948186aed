//! The keys that codes are made with: one prints, all are read.
//!
//! A key that was replaced goes on reading, because its codes are on paper and in wallets. A code
//! says in its first symbol which version of the keys it is of. So replacing a key voids nothing,
//! and protects only what is printed from then on: with a stolen key, codes of its version can be
//! made. `read_with_version` is for callers who know which version a batch was printed with, and
//! accept no other. There are 32 versions and none is used twice, so the 32nd is the last.

use super::permutation::Permutation;
use super::{Code, CouponNumber, NotOurs, symbols};
use crate::domain::coupons::Serial;
use std::fmt;
use std::ops::Range;

/// The version of a key; the first symbol of each of its codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u8);

impl Version {
    const FIRST: Version = Version(0);

    pub fn new(number: u8) -> Option<Version> {
        (number < 32).then_some(Version(number))
    }

    pub fn number(self) -> u8 {
        self.0
    }
}

/// Prints and reads the codes of one key.
#[derive(Clone)]
pub struct Press {
    version: Version,
    key: [u8; 32],
    permutation: Permutation,
}

impl Press {
    fn new(version: Version, key: [u8; 32]) -> Press {
        Press { version, key, permutation: Permutation::new(&key) }
    }

    pub fn version(&self) -> Version {
        self.version
    }

    pub fn print(&self, place: CouponNumber) -> Code {
        Code::write(
            u128::from(self.version.0) << super::permutation::BITS
                | self.permutation.encrypt(place.bits()),
        )
    }

    /// The codes of a batch or campaign, in the order of their indexes.
    pub fn print_all(&self, serial: Serial, indexes: Range<u64>) -> impl Iterator<Item = Code> {
        indexes.map(move |index| self.print(CouponNumber { serial, index }))
    }

    fn read(&self, cipher: u128) -> Result<CouponNumber, NotOurs> {
        CouponNumber::of_bits(self.permutation.decrypt(cipher)).ok_or(NotOurs::Forged)
    }
}

#[derive(Clone)]
pub struct Keys {
    /// By version, lowest first.
    presses: Vec<Press>,
    /// Which of them prints.
    current: usize,
}

/// Never more than this, so that a key is in no log line.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} keys, of which version {} prints",
            self.presses.len(),
            self.current().version.0
        )
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these are no keys for codes")]
pub struct UnreadableKeys;

/// The first byte of keys as they are kept: how what follows is written.
const FORMAT: u8 = 1;

/// A version and its key.
const ENTRY: usize = 1 + 32;

impl Keys {
    /// With one key, of the first version.
    pub fn new(key: [u8; 32]) -> Keys {
        Keys { presses: vec![Press::new(Version::FIRST, key)], current: 0 }
    }

    /// With a new key that prints from now on, or None if there have been 32.
    pub fn rotated(&self, key: [u8; 32]) -> Option<Keys> {
        let newest = self.presses.last().map_or(Version::FIRST, |press| press.version);
        let next = Version::new(newest.0 + 1)?;
        let mut presses = self.presses.clone();
        presses.push(Press::new(next, key));
        Some(Keys { current: presses.len() - 1, presses })
    }

    /// As they are kept: a byte of format, the version that prints, and every version with its key.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![FORMAT, self.current().version.0];
        for press in &self.presses {
            bytes.push(press.version.0);
            bytes.extend_from_slice(&press.key);
        }
        bytes
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Keys, UnreadableKeys> {
        let [FORMAT, current, entries @ ..] = bytes else { return Err(UnreadableKeys) };
        let (entries, rest) = entries.as_chunks::<ENTRY>();
        let presses: Vec<Press> =
            entries.iter().map(read_entry).collect::<Option<_>>().ok_or(UnreadableKeys)?;
        let in_order = presses.is_sorted_by(|one, next| one.version < next.version);
        let current =
            presses.iter().position(|press| press.version.0 == *current).ok_or(UnreadableKeys)?;
        (in_order && rest.is_empty()).then_some(Keys { presses, current }).ok_or(UnreadableKeys)
    }

    /// The one that prints now.
    pub fn current(&self) -> &Press {
        &self.presses[self.current]
    }

    pub fn of(&self, version: Version) -> Option<&Press> {
        self.presses.iter().find(|press| press.version == version)
    }

    pub fn print(&self, place: CouponNumber) -> Code {
        self.current().print(place)
    }

    /// Which coupon a text names. Whether there is such a coupon is not asked here.
    pub fn read(&self, text: &str) -> Result<CouponNumber, NotOurs> {
        self.read_with_version(text).map(|(place, _)| place)
    }

    pub fn read_with_version(&self, text: &str) -> Result<(CouponNumber, Version), NotOurs> {
        let bits = symbols::read(text).ok_or(NotOurs::Foreign)?;
        let version = Version((bits >> super::permutation::BITS) as u8);
        let press = self.of(version).ok_or(NotOurs::Forged)?;
        let place = press.read(bits & ((1 << super::permutation::BITS) - 1))?;
        Ok((place, version))
    }
}

fn read_entry([version, key @ ..]: &[u8; ENTRY]) -> Option<Press> {
    Some(Press::new(Version::new(*version)?, *key))
}
