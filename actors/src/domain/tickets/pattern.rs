//! A pattern such as `****23`: digits and stars. A star matches any digit.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

pub const STAR: u8 = 10;
pub const FEWEST_DIGITS: u8 = 4;
pub const MOST_DIGITS: u8 = 7;

/// Digits 0 to 9, or `STAR`, and zeros behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "PatternBytes")]
pub struct Pattern {
    places: [u8; MOST_DIGITS as usize],
    digits: u8,
}

/// As it stands in a log, or comes from another node.
#[derive(Deserialize)]
struct PatternBytes {
    places: [u8; MOST_DIGITS as usize],
    digits: u8,
}

impl TryFrom<PatternBytes> for Pattern {
    type Error = NotAPattern;

    fn try_from(PatternBytes { places, digits }: PatternBytes) -> Result<Pattern, NotAPattern> {
        if !(FEWEST_DIGITS..=MOST_DIGITS).contains(&digits) {
            return Err(NotAPattern::Length(usize::from(digits)));
        }
        let (said, behind) = places.split_at(usize::from(digits));
        let wrong = said.iter().map(|place| *place > STAR);
        match wrong.chain(behind.iter().map(|place| *place != 0)).position(|wrong| wrong) {
            Some(place) => Err(NotAPattern::Place(place + 1)),
            None => Ok(Pattern { places, digits }),
        }
    }
}

impl Pattern {
    /// The pattern that matches one number only.
    pub fn exactly(number: u32, digits: u8) -> Pattern {
        let mut places = [0; MOST_DIGITS as usize];
        let mut rest = number;
        for place in places[..digits as usize].iter_mut().rev() {
            *place = (rest % 10) as u8;
            rest /= 10;
        }
        Pattern { places, digits }
    }

    /// The pattern that matches all of them.
    pub fn any(digits: u8) -> Pattern {
        let mut places = [0; MOST_DIGITS as usize];
        places[..digits as usize].fill(STAR);
        Pattern { places, digits }
    }

    pub fn digits(&self) -> u8 {
        self.digits
    }

    pub fn places(&self) -> &[u8] {
        &self.places[..self.digits as usize]
    }

    /// Whether a number beginning with these `length` digits may match.
    pub fn may_begin_with(&self, lead: u32, length: u8) -> bool {
        let lead = Pattern::exactly(lead, length);
        lead.places()
            .iter()
            .zip(self.places())
            .all(|(digit, place)| *place == STAR || place == digit)
    }

    pub fn matches(&self, number: u32) -> bool {
        let mut rest = number;
        self.places().iter().rev().all(|place| {
            let digit = (rest % 10) as u8;
            rest /= 10;
            *place == STAR || *place == digit
        })
    }

    /// What matches both. None: nothing does.
    pub fn and(&self, other: &Pattern) -> Option<Pattern> {
        let mut both = *self;
        for (place, wanted) in both.places[..self.digits as usize].iter_mut().zip(other.places()) {
            match (*place, *wanted) {
                (_, STAR) => {}
                (STAR, digit) => *place = digit,
                (digit, same) if digit == same => {}
                _ => return None,
            }
        }
        (self.digits == other.digits).then_some(both)
    }

    /// The number, if there is no star.
    pub fn number(&self) -> Option<u32> {
        self.places()
            .iter()
            .try_fold(0, |number, place| (*place != STAR).then_some(number * 10 + *place as u32))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.places().iter().try_for_each(|place| {
            if *place == STAR { f.write_str("*") } else { write!(f, "{place}") }
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAPattern {
    #[error("a pattern has {FEWEST_DIGITS} to {MOST_DIGITS} places, this one has {0}")]
    Length(usize),
    #[error("place {0} is neither a digit nor a star")]
    Place(usize),
}

impl FromStr for Pattern {
    type Err = NotAPattern;

    fn from_str(text: &str) -> Result<Pattern, NotAPattern> {
        let length = text.chars().count();
        if !(FEWEST_DIGITS as usize..=MOST_DIGITS as usize).contains(&length) {
            return Err(NotAPattern::Length(length));
        }
        let mut places = [0; MOST_DIGITS as usize];
        for (i, symbol) in text.chars().enumerate() {
            places[i] = match symbol {
                '*' => STAR,
                '0'..='9' => symbol as u8 - b'0',
                _ => return Err(NotAPattern::Place(i + 1)),
            };
        }
        Ok(Pattern { places, digits: length as u8 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_reads_back_as_it_was_written() {
        for text in ["****", "1****5", "000000", "12*4567"] {
            assert_eq!(text.parse::<Pattern>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn bytes_that_no_pattern_has_are_not_read() {
        let read = |bytes: &[u8]| postcard::from_bytes::<Pattern>(bytes);
        let pattern: Pattern = "12*4".parse().unwrap();
        let bytes = postcard::to_stdvec(&pattern).unwrap();
        assert_eq!(bytes, [1, 2, 10, 4, 0, 0, 0, 4]);
        assert_eq!(read(&bytes), Ok(pattern));
        for (at, byte) in [(7, 0), (7, 3), (7, 8), (7, 255), (0, 11), (3, 200), (4, 1), (6, 10)] {
            let mut bytes = bytes.clone();
            bytes[at] = byte;
            assert!(read(&bytes).is_err(), "{bytes:?}");
        }
        assert!(read(&[0, 0, 0, 0, 0, 0, 0, 7]).is_ok());
    }

    #[test]
    fn what_is_wrong_with_a_pattern_is_said() {
        assert_eq!("***".parse::<Pattern>(), Err(NotAPattern::Length(3)));
        assert_eq!("********".parse::<Pattern>(), Err(NotAPattern::Length(8)));
        assert_eq!("12a4".parse::<Pattern>(), Err(NotAPattern::Place(3)));
        assert_eq!("12٣4".parse::<Pattern>(), Err(NotAPattern::Place(3)));
    }

    #[test]
    fn only_a_pattern_without_stars_is_a_number() {
        assert_eq!("001234".parse::<Pattern>().unwrap().number(), Some(1234));
        assert_eq!("00123*".parse::<Pattern>().unwrap().number(), None);
        assert_eq!(Pattern::exactly(42, 4).to_string(), "0042");
    }

    #[test]
    fn what_matches_two_patterns_matches_the_pattern_of_both() {
        let pattern = |text: &str| text.parse::<Pattern>().unwrap();
        for (one, other, both) in [
            ("****", "0***", Some("0***")),
            ("07**", "***5", Some("07*5")),
            ("0***", "1***", None),
            ("****", "*****", None),
        ] {
            let (one, other) = (pattern(one), pattern(other));
            assert_eq!(one.and(&other), both.map(pattern));
            assert_eq!(other.and(&one), both.map(pattern));
            for number in (0..10_000).filter(|_| one.digits() == other.digits()) {
                let of_both = both.is_some_and(|both| pattern(both).matches(number));
                assert_eq!(one.matches(number) && other.matches(number), of_both);
            }
        }
    }

    #[test]
    fn a_star_in_front_may_begin_with_anything() {
        let open: Pattern = "*12345".parse().unwrap();
        assert!((0..10).all(|lead| open.may_begin_with(lead, 1)));
        let closed: Pattern = "31234*".parse().unwrap();
        assert!(
            closed.may_begin_with(3, 1)
                && !closed.may_begin_with(4, 1)
                && closed.may_begin_with(31, 2)
        );
    }

    #[test]
    fn whatever_is_wrong_with_its_bytes_is_named_by_its_place_from_1_on() {
        let read = |first, last, digits| {
            let places = [first, 0, 0, 0, 0, 0, last];
            Pattern::try_from(PatternBytes { places, digits }).map(|pattern| pattern.digits)
        };
        assert_eq!([read(STAR, 9, 7), read(9, 0, 4)], [Ok(7), Ok(4)]);
        let place = |place| Err(NotAPattern::Place(place));
        assert_eq!([read(STAR + 1, 0, 7), read(0, 11, 7), read(0, 1, 4)], [1, 7, 7].map(place));
        assert_eq!(read(0, 0, FEWEST_DIGITS - 1), Err(NotAPattern::Length(3)));
    }
}
