//! Numbers of campaigns and batches, and the names of their partitions. A code contains the number,
//! so it says where its coupon lives.

use crate::domain::NoSuchName;
use crate::id::Id;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The number of a campaign (odd) or of a batch (even): 30 bits, the first part of each of its
/// codes.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Serial(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SerialKind {
    Campaign,
    Batch,
}

impl Serial {
    pub const MOST: u32 = (1 << 30) - 1;

    /// The `n`th of its kind.
    pub fn new(n: u32, of: SerialKind) -> Option<Serial> {
        let number = n.checked_mul(2)?.checked_add(matches!(of, SerialKind::Campaign) as u32)?;
        (number <= Serial::MOST).then_some(Serial(number))
    }

    /// How many of its kind are before it.
    pub fn place(self) -> u32 {
        self.0 / 2
    }

    /// How many of that kind are not above it.
    pub fn places_up_to(self, of: SerialKind) -> u32 {
        match of {
            SerialKind::Campaign => self.0.div_ceil(2),
            SerialKind::Batch => self.0 / 2 + 1,
        }
    }

    pub fn of(self) -> SerialKind {
        if self.0 % 2 == 1 { SerialKind::Campaign } else { SerialKind::Batch }
    }
}

/// `c_17` for a campaign, `b_18` for a batch: the number as users see it.
impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = match self.of() {
            SerialKind::Campaign => 'c',
            SerialKind::Batch => 'b',
        };
        write!(f, "{letter}_{}", self.0)
    }
}

impl FromStr for Serial {
    type Err = NoSuchName;

    fn from_str(text: &str) -> Result<Serial, NoSuchName> {
        let digits =
            text.strip_prefix("c_").or_else(|| text.strip_prefix("b_")).ok_or(NoSuchName)?;
        let serial = digits.parse().map(Serial).map_err(|_| NoSuchName)?;
        (serial.0 <= Serial::MOST && serial.to_string() == text).then_some(serial).ok_or(NoSuchName)
    }
}

/// How many ranges the coupons of a large batch are dealt out to, index modulo this.
pub const RANGES: u8 = 16;

/// A batch of at most so many coupons is one range.
pub const ONE_RANGE_UP_TO: u64 = 1_000_000;

/// A share of a batch's coupons: every n-th.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RangeName {
    pub batch: Serial,
    pub range: u8,
}

impl fmt::Display for RangeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.batch, self.range)
    }
}

impl FromStr for RangeName {
    type Err = NoSuchName;

    fn from_str(text: &str) -> Result<RangeName, NoSuchName> {
        let (batch, range) = text.split_once('/').ok_or(NoSuchName)?;
        let name =
            RangeName { batch: batch.parse()?, range: range.parse().map_err(|_| NoSuchName)? };
        let known =
            name.batch.of() == SerialKind::Batch && name.range < RANGES && name.to_string() == text;
        known.then_some(name).ok_or(NoSuchName)
    }
}

/// A share of all imported codes: those whose hash names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RackName(pub u8);

impl RackName {
    pub fn all() -> impl Iterator<Item = RackName> {
        (0..RANGES).map(RackName)
    }

    pub fn of(code: &str) -> RackName {
        RackName(Id::digest(&[b"imported code", code.as_bytes()]).0[0] % RANGES)
    }
}

impl fmt::Display for RackName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for RackName {
    type Err = NoSuchName;

    fn from_str(text: &str) -> Result<RackName, NoSuchName> {
        let name = text.parse().map(RackName).map_err(|_| NoSuchName)?;
        (name.0 < RANGES && name.to_string() == text).then_some(name).ok_or(NoSuchName)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_as_they_were_written() {
        for text in ["c_17", "b_0", "b_1073741822"] {
            assert_eq!(text.parse::<Serial>().unwrap().to_string(), text);
        }
        assert_eq!("b_18/15".parse::<RangeName>().unwrap().to_string(), "b_18/15");
    }

    #[test]
    fn other_texts_are_no_names() {
        for text in ["", "c_18", "b_17", "c_017", "c_-1", "b_1073741824", "17", "c_1 "] {
            assert!(text.parse::<Serial>().is_err(), "{text}");
        }
        for text in ["b_18", "b_18/16", "b_18/01", "c_17/1", "b_18/"] {
            assert!(text.parse::<RangeName>().is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_of_both_kinds_are_counted_up_to_any() {
        for of in [SerialKind::Campaign, SerialKind::Batch] {
            for upper in 0..20 {
                let up_to = (0..20).filter_map(|n| Serial::new(n, of)).filter(|s| s.0 <= upper);
                assert_eq!(
                    Serial(upper).places_up_to(of) as usize,
                    up_to.count(),
                    "{of:?} {upper}"
                );
            }
        }
    }

    #[test]
    fn a_number_says_what_it_is_of() {
        assert_eq!(Serial::new(3, SerialKind::Campaign), Some(Serial(7)));
        assert_eq!(Serial::new(3, SerialKind::Batch).map(Serial::of), Some(SerialKind::Batch));
        assert_eq!(Serial::new(Serial::MOST, SerialKind::Batch), None);
    }
}
