//! Names of boxes and ballots. A ballot's id says where it lies; a nonce in it keeps others from
//! making the id up.

use crate::domain::NoSuchName;
use crate::domain::draw::{Hash, merkle};
use crate::domain::pool::PoolName;
use crate::plain::text_of;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How many boxes a lottery may have.
pub const MOST_BOXES: u8 = 64;

/// A share of one lottery's ballots.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct BoxName {
    pub pool: PoolName,
    pub number: u8,
}

impl BoxName {
    pub fn all(pool: PoolName, boxes: u8) -> Vec<BoxName> {
        (0..boxes).map(|number| BoxName { pool, number }).collect()
    }
}

/// `2026-12-31/3`
impl fmt::Display for BoxName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.pool, self.number)
    }
}

impl FromStr for BoxName {
    type Err = NoSuchName;

    fn from_str(text: &str) -> Result<BoxName, NoSuchName> {
        let (pool, number) = text.split_once('/').ok_or(NoSuchName)?;
        let name = BoxName {
            pool: pool.parse().map_err(|_| NoSuchName)?,
            number: number.parse().map_err(|_| NoSuchName)?,
        };
        (name.number < MOST_BOXES && name.to_string() == text).then_some(name).ok_or(NoSuchName)
    }
}

/// `bl_20261231_3_17_00ff00ff00ff00ff`: the ballot at place 17 of box 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BallotId {
    pub name: BoxName,
    pub index: u64,
    pub nonce: u64,
}

impl BallotId {
    /// What the box's chain and tree are made of: the id as it is printed, so that the owner of a
    /// receipt needs nothing else.
    pub fn leaf(&self) -> Hash {
        merkle::leaf(text_of(self).as_bytes())
    }
}

impl fmt::Display for BallotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "bl_{}_{}_{}_{:016x}",
            self.name.pool.in_ids(),
            self.name.number,
            self.index,
            self.nonce
        )
    }
}

impl FromStr for BallotId {
    type Err = NoSuchName;

    fn from_str(text: &str) -> Result<BallotId, NoSuchName> {
        let mut fields = text.strip_prefix("bl_").ok_or(NoSuchName)?.split('_');
        let mut next = || fields.next().ok_or(NoSuchName);
        let pool = PoolName::from_id(next()?)?;
        let number = next()?.parse().map_err(|_| NoSuchName)?;
        let index = next()?.parse().map_err(|_| NoSuchName)?;
        let nonce = u64::from_str_radix(next()?, 16).map_err(|_| NoSuchName)?;
        let id = BallotId { name: BoxName { pool, number }, index, nonce };
        // It must be written in the one way in which it is printed.
        (id.to_string() == text && id.name.to_string().parse() == Ok(id.name))
            .then_some(id)
            .ok_or(NoSuchName)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::day::Day;

    #[test]
    fn a_ballot_s_id_reads_back_as_itself() {
        let id = BallotId {
            name: BoxName { pool: Day(20261231).into(), number: 63 },
            index: 1_000_000,
            nonce: 255,
        };
        assert_eq!(id.to_string(), "bl_20261231_63_1000000_00000000000000ff");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn what_is_written_otherwise_is_no_id() {
        for text in [
            "",
            "bl_",
            "bl_20261231_3_17",
            "bl_20261231_64_17_00000000000000ff",
            "bl_20261331_3_17_00000000000000ff",
            "bl_20261231_03_17_00000000000000ff",
            "bl_20261231_3_+17_00000000000000ff",
            "bl_20261231_3_17_ff",
            "bl_20261231_3_17_00000000000000FF",
            "bl_20261231_3_17_00000000000000ff_",
        ] {
            assert_eq!(text.parse::<BallotId>(), Err(NoSuchName), "{text}");
        }
    }
}
