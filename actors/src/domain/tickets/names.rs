//! Names of slices, holds and tickets. A hold or ticket names its slice, so no look-up is needed to
//! find it.

use super::pattern::{FEWEST_DIGITS, MOST_DIGITS, Pattern};
use crate::domain::NoSuchName;
use crate::domain::pool::PoolName;
use crate::id::Id;
use std::fmt;
use std::str::FromStr;

/// How many leading digits name a slice: the others span its lattice of 11^(digits - lead) counts.
pub const fn lead_digits(digits: u8) -> u8 {
    if digits > 6 { 2 } else { 1 }
}

/// The numbers of one lottery that begin with `lead`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SliceName {
    pub pool: PoolName,
    pub digits: u8,
    pub lead: u8,
}

impl SliceName {
    pub fn all(pool: PoolName, digits: u8) -> Vec<SliceName> {
        (0..10u8.pow(lead_digits(digits) as u32))
            .map(|lead| SliceName { pool, digits, lead })
            .collect()
    }

    /// Whether any of its numbers may match.
    pub fn may_match(&self, pattern: &Pattern) -> bool {
        pattern.digits() == self.digits
            && pattern.may_begin_with(self.lead as u32, lead_digits(self.digits))
    }

    pub fn of_number(pool: PoolName, digits: u8, number: u32) -> SliceName {
        let lead = number / 10u32.pow((digits - lead_digits(digits)) as u32);
        SliceName { pool, digits, lead: lead as u8 }
    }

    /// How many digits all its numbers begin with.
    pub fn lead_digits(&self) -> u32 {
        u32::from(lead_digits(self.digits))
    }

    /// The first number of the slice.
    pub fn first_number(&self) -> u32 {
        self.lead as u32 * 10u32.pow((self.digits - lead_digits(self.digits)) as u32)
    }

    /// How many numbers it has.
    pub fn numbers(&self) -> u32 {
        10u32.pow((self.digits - lead_digits(self.digits)) as u32)
    }

    pub(super) fn checked(pool: PoolName, digits: u8, lead: u8) -> Option<SliceName> {
        let known = (FEWEST_DIGITS..=MOST_DIGITS).contains(&digits)
            && lead < 10u8.pow(lead_digits(digits) as u32);
        known.then_some(SliceName { pool, digits, lead })
    }
}

/// `2026-12-31/3*****`
impl fmt::Display for SliceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (leads, stars) =
            (lead_digits(self.digits) as usize, (self.digits - lead_digits(self.digits)) as usize);
        write!(f, "{}/{:0leads$}{:*<stars$}", self.pool, self.lead, "")
    }
}

impl FromStr for SliceName {
    type Err = NoSuchName;

    fn from_str(text: &str) -> Result<SliceName, NoSuchName> {
        let (pool, pattern) = text.split_once('/').ok_or(NoSuchName)?;
        let digits = pattern.len() as u8;
        let lead = pattern.trim_end_matches('*').parse().map_err(|_| NoSuchName)?;
        let name = SliceName::checked(pool.parse().map_err(|_| NoSuchName)?, digits, lead)
            .ok_or(NoSuchName)?;
        (name.to_string() == text).then_some(name).ok_or(NoSuchName)
    }
}

/// `h_20261231_6_3_17`: the 17th hold of that slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HoldId {
    pub slice: SliceName,
    pub number: u32,
}

/// An order of a lottery, as its parts and limit keys know it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct OrderNumber {
    pub till: u8,
    pub number: u32,
}

impl OrderNumber {
    /// Under which cards about it lie.
    pub fn in_cards(&self) -> Id {
        Id::digest(&[b"order", &[self.till], &self.number.to_be_bytes()])
    }

    /// `o_20261231_3_17`: the 17th order of that till.
    pub fn id_in(&self, pool: PoolName) -> String {
        format!("o_{}_{}_{}", pool.in_ids(), self.till, self.number)
    }
}

/// `t_20261231_301234_1`: the first copy of that number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketId {
    pub pool: PoolName,
    pub digits: u8,
    pub number: u32,
    pub copy: u16,
}

impl TicketId {
    pub fn slice(&self) -> SliceName {
        SliceName::of_number(self.pool, self.digits, self.number)
    }

    pub fn printed_number(&self) -> String {
        format!("{:0width$}", self.number, width = self.digits as usize)
    }
}

impl fmt::Display for HoldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SliceName { pool, digits, lead } = self.slice;
        write!(f, "h_{}_{digits}_{lead}_{}", pool.in_ids(), self.number)
    }
}

impl fmt::Display for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t_{}_{}_{}", self.pool.in_ids(), self.printed_number(), self.copy)
    }
}

/// The pool that an id names, and the numbers after it.
pub(crate) fn fields<const N: usize>(
    text: &str,
    prefix: &str,
) -> Result<(PoolName, [u32; N]), NoSuchName> {
    let mut numbers = text.strip_prefix(prefix).ok_or(NoSuchName)?.split('_');
    let pool = PoolName::from_id(numbers.next().ok_or(NoSuchName)?)?;
    let mut found = [0; N];
    for field in &mut found {
        let number =
            numbers.next().filter(|n| n.bytes().all(|b| b.is_ascii_digit())).ok_or(NoSuchName)?;
        *field = number.parse().map_err(|_| NoSuchName)?;
    }
    numbers.next().is_none().then_some((pool, found)).ok_or(NoSuchName)
}

pub(crate) fn small<T: TryFrom<u32>>(number: u32) -> Result<T, NoSuchName> {
    T::try_from(number).map_err(|_| NoSuchName)
}

impl FromStr for HoldId {
    type Err = NoSuchName;

    fn from_str(text: &str) -> Result<HoldId, NoSuchName> {
        let (pool, [digits, lead, number]) = fields(text, "h_")?;
        let slice = SliceName::checked(pool, small(digits)?, small(lead)?).ok_or(NoSuchName)?;
        let id = HoldId { slice, number };
        (id.to_string() == text).then_some(id).ok_or(NoSuchName)
    }
}

impl FromStr for TicketId {
    type Err = NoSuchName;

    fn from_str(text: &str) -> Result<TicketId, NoSuchName> {
        let (pool, [number, copy]) = fields(text, "t_")?;
        let digits = text.split('_').nth(2).map_or(0, str::len) as u8;
        if !(FEWEST_DIGITS..=MOST_DIGITS).contains(&digits) {
            return Err(NoSuchName);
        }
        let id = TicketId { pool, digits, number, copy: small(copy)? };
        (id.to_string() == text).then_some(id).ok_or(NoSuchName)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::day::Day;

    #[test]
    fn names_read_back_as_they_were_written() {
        for text in ["2026-12-31/3*****", "2026-12-31/04*****", "2026-12-31/0***", "gala/9***"] {
            assert_eq!(text.parse::<SliceName>().unwrap().to_string(), text);
        }
        assert_eq!("h_20261231_6_3_17".parse::<HoldId>().unwrap().to_string(), "h_20261231_6_3_17");
        assert_eq!("h_row-7_6_3_17".parse::<HoldId>().unwrap().to_string(), "h_row-7_6_3_17");
        assert_eq!("t_20261231_001234_2".parse::<TicketId>().unwrap().number, 1234);
        assert_eq!("t_row-7_001234_2".parse::<TicketId>().unwrap().to_string(), "t_row-7_001234_2");
    }

    #[test]
    fn other_texts_are_no_names() {
        for text in [
            "",
            "h_",
            "h_1_2_3",
            "h_20261231_6_10_17",
            "h_20261231_8_3_17",
            "h_20261231_6_3_017",
            "h_20261231_6_3_-1",
            "h_20261231_6_3_99999999999",
        ] {
            assert!(text.parse::<HoldId>().is_err(), "{text}");
        }
        for text in [
            "t_20261231_123_1",
            "t_20261231_123456",
            "t_20261231_12345a_1",
            "t_20261231_123456_70000",
        ] {
            assert!(text.parse::<TicketId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_number_lives_in_the_slice_of_its_leading_digits() {
        let pool = Day(20261231).into();
        assert_eq!(SliceName::of_number(pool, 6, 301234).lead, 3);
        assert_eq!(SliceName::of_number(pool, 6, 1234).lead, 0);
        assert_eq!(SliceName::of_number(pool, 7, 1234567).lead, 12);
        let matching = |pattern: &str| {
            let pattern: Pattern = pattern.parse().unwrap();
            let slices = SliceName::all(pool, pattern.digits());
            slices.into_iter().filter(|slice| slice.may_match(&pattern)).count()
        };
        assert_eq!(["1****5", "*****5", "1*****5"].map(matching), [1, 10, 10]);
    }
}
