//! A calendar day, as a number that reads like one: 20261231. Whether the day exists is for the
//! shell to say, which knows calendars.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Day(pub u32);

impl Day {
    pub fn new(year: u32, month: u32, day: u32) -> Day {
        Day(year * 10_000 + month * 100 + day)
    }

    /// Year, month and day of the month.
    pub fn parts(self) -> (u32, u32, u32) {
        (self.0 / 10_000, self.0 / 100 % 100, self.0 % 100)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.parts();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a day is written like 2026-12-31")]
pub struct NotADay;

impl FromStr for Day {
    type Err = NotADay;

    fn from_str(text: &str) -> Result<Day, NotADay> {
        let shape = text.len() == 10
            && text
                .bytes()
                .enumerate()
                .all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
        if !shape {
            return Err(NotADay);
        }
        let number =
            |range: std::ops::Range<usize>| text[range].parse::<u32>().map_err(|_| NotADay);
        let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return Err(NotADay);
        }
        Ok(Day::new(year, month, day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_reads_back_as_it_was_written() {
        assert_eq!("2026-12-01".parse::<Day>().unwrap().to_string(), "2026-12-01");
    }

    #[test]
    fn what_is_not_written_like_a_day_is_refused() {
        for text in [
            "",
            "2026-13-01",
            "2026-00-01",
            "2026-01-32",
            "2026-1-01",
            "2026-01-0१",
            "20260101",
            "2026-01-01 ",
        ] {
            assert!(text.parse::<Day>().is_err(), "{text:?}");
        }
    }
}
