//! Names of pools. What closes at the end of a day is named by the day; any other pool has a name
//! of its own.

use crate::domain::NoSuchName;
use crate::domain::day::Day;
use crate::machine::Verdict;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// How many pools of a name were withdrawn, or nearly, before. A pool that nobody has touched can
/// be withdrawn, and another one arranged under its name. What is told to the slices, tills and
/// boxes of the earlier one comes too late then: they compare this number.
pub type Edition = u32;

/// What a slice, a till or a box is told. What opens or begins something says of which edition of
/// the pool it is. What is about something that exists needs not: a pool in which there ever was
/// anything is not withdrawn.
pub trait PoolCommand: Sized {
    fn begins_something(&self) -> bool;
    /// Of an edition behind the first.
    fn of_later(edition: Edition, command: Box<Self>) -> Self;
    /// What `of_later` was made of.
    fn as_later(&self) -> Option<(Edition, &Self)>;

    fn in_edition(&self) -> (Option<Edition>, &Self) {
        match self.as_later() {
            Some((edition, command)) => (Some(edition), command),
            None => (self.begins_something().then_some(0), self),
        }
    }

    /// The same in that edition; in the first as it always was.
    fn of(self, edition: Edition) -> Self {
        match edition {
            0 => self,
            _ => Self::of_later(edition, Box::new(self)),
        }
    }
}

/// Why a part of a pool does not give way.
pub(super) trait InTheWay {
    const TOUCHED: Self;
    const CLOSED: Self;
}

/// How a part of a pool stands when the pool is withdrawn.
pub(super) struct PoolPart {
    /// What is of an earlier one comes too late.
    pub edition: Edition,
    /// Somebody has done something here, in this edition.
    pub touched: bool,
    pub closed: bool,
}

impl PoolPart {
    /// Whether it gives way to the withdrawal of that edition. It may have before.
    pub fn withdraw<E, R: InTheWay>(self, edition: Edition, event: E) -> Result<Verdict<E>, R> {
        match edition < self.edition {
            true => Ok(Verdict::Already(event)),
            false if self.touched => Err(R::TOUCHED),
            false if self.closed => Err(R::CLOSED),
            false => Ok(Verdict::New(event)),
        }
    }
}

/// Days come before names of their own, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PoolName {
    Day(Day),
    Own(Slug),
}

impl PoolName {
    /// As the ids of tickets, holds and ballots have it: without dashes, if it is a day.
    pub fn in_ids(&self) -> NameInIds<'_> {
        NameInIds(self)
    }

    pub fn from_id(text: &str) -> Result<PoolName, NoSuchName> {
        let name = match text.parse() {
            Ok(day) => PoolName::Day(Day(day).to_string().parse().map_err(|_| NoSuchName)?),
            Err(_) => PoolName::Own(text.parse()?),
        };
        if name.in_ids().to_string() == text { Ok(name) } else { Err(NoSuchName) }
    }

    /// What the keys of rows begin with, in the order of the names. No key begins like another.
    pub fn row_key(&self) -> Vec<u8> {
        match self {
            PoolName::Day(day) => day.0.to_be_bytes().to_vec(),
            PoolName::Own(slug) => [slug.as_str().as_bytes(), &[END]].concat(),
        }
    }

    /// The name that a row's key begins with, and what comes after it.
    pub fn split(key: &[u8]) -> Option<(PoolName, &[u8])> {
        if key.first()? < &FIRST_OF_SLUGS {
            let (day, rest) = key.split_first_chunk()?;
            return Some((PoolName::Day(Day(u32::from_be_bytes(*day))), rest));
        }
        let end = key.iter().position(|byte| *byte == END)?;
        let slug = std::str::from_utf8(&key[..end]).ok()?.parse().ok()?;
        Some((PoolName::Own(slug), &key[end + 1..]))
    }

    pub fn day(&self) -> Option<Day> {
        match self {
            PoolName::Day(day) => Some(*day),
            PoolName::Own(_) => None,
        }
    }
}

pub struct NameInIds<'a>(&'a PoolName);

impl fmt::Display for NameInIds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            PoolName::Day(day) => fmt::Display::fmt(&day.0, f),
            PoolName::Own(slug) => fmt::Display::fmt(slug, f),
        }
    }
}

/// Ends a slug in a row's key.
const END: u8 = 0;
/// No day of four digits of year has such a first byte.
const FIRST_OF_SLUGS: u8 = b'a';

impl Default for PoolName {
    fn default() -> PoolName {
        PoolName::Day(Day::default())
    }
}

impl From<Day> for PoolName {
    fn from(day: Day) -> PoolName {
        PoolName::Day(day)
    }
}

/// `2026-12-31`, or `summer-gala`
impl fmt::Display for PoolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PoolName::Day(day) => day.fmt(f),
            PoolName::Own(slug) => slug.fmt(f),
        }
    }
}

impl FromStr for PoolName {
    type Err = NoSuchName;

    fn from_str(text: &str) -> Result<PoolName, NoSuchName> {
        match text.parse() {
            Ok(day) => Ok(PoolName::Day(day)),
            Err(_) => text.parse().map(PoolName::Own),
        }
    }
}

/// In events a day is the number that it always was, and a name of its own comes after a zero,
/// which is no day.
impl Serialize for PoolName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            PoolName::Day(day) => day.serialize(serializer),
            PoolName::Own(slug) => (0u32, slug.as_str()).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for PoolName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PoolName, D::Error> {
        deserializer.deserialize_tuple(2, DayOrOwn)
    }
}

struct DayOrOwn;

impl<'de> Visitor<'de> for DayOrOwn {
    type Value = PoolName;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a day, or a zero and the name of a pool")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<PoolName, A::Error> {
        let missing = || A::Error::custom("the name of a pool is cut short");
        match parts.next_element()?.ok_or_else(missing)? {
            0 => {
                let name: String = parts.next_element()?.ok_or_else(missing)?;
                name.parse().map(PoolName::Own).map_err(A::Error::custom)
            }
            day => Ok(PoolName::Day(Day(day))),
        }
    }
}

/// The longest slug, in bytes.
pub const MOST_OF_SLUG: usize = 40;

/// Small letters, digits and dashes, as in an address; a letter first, no dash last and no two of
/// them side by side.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug {
    /// Filled up with zeros, so that the order is that of texts.
    bytes: [u8; MOST_OF_SLUG],
    length: u8,
}

impl Slug {
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).expect("it is ASCII")
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

impl FromStr for Slug {
    type Err = NoSuchName;

    fn from_str(text: &str) -> Result<Slug, NoSuchName> {
        let is_known =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_slug = text.len() <= MOST_OF_SLUG
            && text.bytes().all(is_known)
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && !text.ends_with('-')
            && !text.contains("--");
        if !is_slug {
            return Err(NoSuchName);
        }
        let mut bytes = [0; MOST_OF_SLUG];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Slug { bytes, length: text.len() as u8 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> PoolName {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_reads_back_from_its_text_its_id_and_its_key() {
        for (text, in_ids) in [("2026-12-31", "20261231"), ("row-7", "row-7"), ("a", "a")] {
            let name = name(text);
            assert_eq!(
                (name.to_string(), name.in_ids().to_string()),
                (text.to_owned(), in_ids.to_owned())
            );
            assert_eq!(PoolName::from_id(in_ids).unwrap(), name);
            let key = [name.row_key(), vec![7, 0, 9]].concat();
            assert_eq!(PoolName::split(&key), Some((name, &[7, 0, 9][..])));
        }
    }

    #[test]
    fn a_day_has_the_bytes_that_it_always_had() {
        let day = Day(20_261_231);
        let (old, new) =
            (postcard::to_stdvec(&(day, 7u8)), postcard::to_stdvec(&(name("2026-12-31"), 7u8)));
        assert_eq!(old, new);
        for text in ["2026-12-31", "row-7"] {
            let bytes = postcard::to_stdvec(&(name(text), 7u8)).unwrap();
            assert_eq!(postcard::from_bytes(&bytes), Ok((name(text), 7u8)));
        }
    }

    #[test]
    fn keys_have_the_order_of_the_names() {
        let names = ["2026-12-31", "9999-12-31", "a", "a-b", "a1", "ab", "b"].map(name);
        assert!(names.is_sorted() && names.map(|name| name.row_key()).is_sorted());
    }

    #[test]
    fn other_texts_are_no_names() {
        let long = "a".repeat(MOST_OF_SLUG + 1);
        for text in ["", "-", "A", "a_b", "a--b", "a-", "7", "2026-13-01", "é", " a", &long] {
            assert!(text.parse::<PoolName>().is_err(), "{text}");
        }
        for text in ["20261301", "2026-12-31", "", "7", "020261231"] {
            assert!(PoolName::from_id(text).is_err(), "{text}");
        }
    }
}
