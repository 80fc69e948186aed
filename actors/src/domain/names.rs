//! Names of partitions, as far as all products share them.

use std::fmt;
use std::str::FromStr;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such name")]
pub struct NoSuchName;

/// The name of a partition of which there is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Only;

impl fmt::Display for Only {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("1")
    }
}

impl FromStr for Only {
    type Err = NoSuchName;

    fn from_str(text: &str) -> Result<Only, NoSuchName> {
        (text == "1").then_some(Only).ok_or(NoSuchName)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_only_one_is_called_1_for_ever() {
        assert_eq!((Only.to_string().as_str(), "1".parse()), ("1", Ok(Only)));
        assert_eq!(["", "2", "01"].map(|text| text.parse::<Only>()), [Err(NoSuchName); 3]);
    }
}
