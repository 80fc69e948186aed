//! Reads a proof front to back. Its members are taken in their order, so what is missing, doubled
//! or unknown is noticed where it should have stood.

use super::{Bundle, BundleHead, Listed, Share};
use crate::inclusion::Inclusion;
use crate::{Text, bundle, inclusion};
use actors::domain::ballots::{BallotId, BoxName, MOST_BOXES};
use actors::domain::pool::PoolName;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::io::Read;
use std::marker::PhantomData;

/// Either of the two proofs that a file may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    Draw(Box<Bundle>),
    Inclusion(Inclusion),
}

impl Document {
    pub fn read(from: impl Read) -> Result<Document, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_reader(from);
        let document = reader.deserialize_map(Proof)?;
        reader.end()?;
        Ok(document)
    }
}

/// The next member, which must be this one.
fn member<'de, A: MapAccess<'de>, T: Deserialize<'de>>(
    map: &mut A,
    name: &'static str,
) -> Result<T, A::Error> {
    member_as(map, name, PhantomData)
}

fn member_as<'de, A: MapAccess<'de>, S: DeserializeSeed<'de>>(
    map: &mut A,
    name: &'static str,
    seed: S,
) -> Result<S::Value, A::Error> {
    match map.next_key::<Cow<str>>()? {
        Some(key) if key == name => map.next_value_seed(seed),
        Some(key) => Err(A::Error::custom(format_args!("{key:?} stands where {name:?} belongs"))),
        None => Err(A::Error::missing_field(name)),
    }
}

fn end<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    match map.next_key::<Cow<str>>()? {
        Some(key) => Err(A::Error::custom(format_args!("{key:?} does not belong there"))),
        None => Ok(()),
    }
}

struct Proof;

impl<'de> Visitor<'de> for Proof {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("the proof of a draw or of one ballot")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        let format: String = member(&mut map, "format")?;
        match format.as_str() {
            bundle::FORMAT => bundle(&mut map).map(Box::new).map(Document::Draw),
            inclusion::FORMAT => inclusion(&mut map).map(Document::Inclusion),
            _ => Err(A::Error::custom(format_args!(
                "the format {format:?} is unknown to this version"
            ))),
        }
    }
}

fn inclusion<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Inclusion, A::Error> {
    let proof = Inclusion {
        format: inclusion::InclusionFormat::Inclusion1,
        ballot: member(map, "ballot")?,
        path: member(map, "path")?,
        boxes: member(map, "boxes")?,
        root: member(map, "root")?,
    };
    end(map)?;
    Ok(proof)
}

fn bundle<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Bundle, A::Error> {
    let head = BundleHead {
        format: bundle::FORMAT,
        lottery: member(map, "lottery")?,
        commitment: member(map, "commitment")?,
        winners: member(map, "winners")?,
        reserves: member(map, "reserves")?,
        beacon: member(map, "beacon")?,
        seed: member(map, "seed")?,
        root: member(map, "root")?,
        lots: member(map, "lots")?,
    };
    let mut misplaced = None;
    let boxes = member_as(map, "boxes", Boxes { pool: head.lottery.0, misplaced: &mut misplaced })?;
    end(map)?;
    Ok(Bundle { head, boxes, misplaced })
}

/// A ballot, and the place where it stands.
type Misplaced = Option<(BallotId, BallotId)>;

struct Boxes<'a> {
    pool: PoolName,
    misplaced: &'a mut Misplaced,
}

struct OneBox<'a> {
    name: BoxName,
    misplaced: &'a mut Misplaced,
}

struct Ballots<'a> {
    name: BoxName,
    misplaced: &'a mut Misplaced,
}

impl<'de> DeserializeSeed<'de> for Boxes<'_> {
    type Value = Vec<Listed>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Listed>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Boxes<'_> {
    type Value = Vec<Listed>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "1 to {MOST_BOXES} boxes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<Listed>, A::Error> {
        let mut boxes = Vec::new();
        for number in 0..MOST_BOXES {
            let name = BoxName { pool: self.pool, number };
            match seq.next_element_seed(OneBox { name, misplaced: self.misplaced })? {
                Some(listed) => boxes.push(listed),
                None if boxes.is_empty() => return Err(A::Error::invalid_length(0, &self)),
                None => return Ok(boxes),
            }
        }
        match seq.next_element::<IgnoredAny>()? {
            Some(_) => Err(A::Error::invalid_length(MOST_BOXES as usize + 1, &self)),
            None => Ok(boxes),
        }
    }
}

impl<'de> DeserializeSeed<'de> for OneBox<'_> {
    type Value = Listed;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Listed, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OneBox<'_> {
    type Value = Listed;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a box")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Listed, A::Error> {
        let share = Share { count: member(&mut map, "count")?, root: member(&mut map, "root")? };
        let nonces =
            member_as(&mut map, "ballots", Ballots { name: self.name, misplaced: self.misplaced })?;
        end(&mut map)?;
        Ok(Listed { share, nonces })
    }
}

impl<'de> DeserializeSeed<'de> for Ballots<'_> {
    type Value = Vec<u64>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<u64>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Ballots<'_> {
    type Value = Vec<u64>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("the ballots of a box")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<u64>, A::Error> {
        let mut nonces = Vec::new();
        while let Some(Text(ballot)) = seq.next_element::<Text<BallotId>>()? {
            let place =
                BallotId { name: self.name, index: nonces.len() as u64, nonce: ballot.nonce };
            if ballot != place {
                self.misplaced.get_or_insert((ballot, place));
            }
            nonces.push(ballot.nonce);
        }
        Ok(nonces)
    }
}
