//! How many copies of everything a CQL database keeps, and how far its consensus reaches: settings,
//! so known without any driver.

use std::fmt;
use std::str::FromStr;

/// How far a consensus reaches: over all data centres, or only over the nearest one, where then
/// all nodes must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConsensusReach {
    #[default]
    Everywhere,
    OneDataCentre,
}

/// How many copies there are: `3` in each data centre, or by their names: `east=3,west=2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replication {
    Copies(u8),
    PerDataCentre(Vec<(String, u8)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a number of copies such as 3, nor numbers per data centre such as east=3,west=2")]
pub struct NotAReplication;

impl FromStr for Replication {
    type Err = NotAReplication;

    fn from_str(text: &str) -> Result<Replication, NotAReplication> {
        let copies = |text: &str| {
            text.parse::<u8>().ok().filter(|copies| *copies > 0).ok_or(NotAReplication)
        };
        if !text.contains('=') {
            return copies(text).map(Replication::Copies);
        }
        let centre = |part: &str| {
            let (name, number) = part.split_once('=').ok_or(NotAReplication)?;
            let is_plain = !name.is_empty()
                && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
            is_plain.then(|| Ok((name.to_string(), copies(number)?))).ok_or(NotAReplication)?
        };
        text.split(',')
            .map(str::trim)
            .map(centre)
            .collect::<Result<_, _>>()
            .map(Replication::PerDataCentre)
    }
}

impl fmt::Display for Replication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Replication::Copies(copies) => write!(f, "{copies}"),
            Replication::PerDataCentre(centres) => {
                let parts: Vec<String> =
                    centres.iter().map(|(name, copies)| format!("{name}={copies}")).collect();
                f.write_str(&parts.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replications_read_back_as_written() {
        for text in ["1", "3", "east=3,west=2", "datacenter1=1"] {
            assert_eq!(text.parse::<Replication>().unwrap().to_string(), text);
        }
        for text in ["", "0", "-1", "300", "east=", "=3", "east=0", "east=3,", "e'ast=3", "3,4"] {
            assert_eq!(text.parse::<Replication>(), Err(NotAReplication), "{text}");
        }
    }
}
