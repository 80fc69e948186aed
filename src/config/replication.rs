//! How often the rows of a CQL keyspace are kept, and where: `3`, or `eu:3, us:3` with the names of data centres.

use std::fmt;
use std::str::FromStr;

/// Copies in each data centre. Without a name: in each that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replication(Vec<(Option<String>, u8)>);

impl Replication {
    /// As `CREATE KEYSPACE` wants it.
    pub fn to_cql(&self) -> String {
        let copies = |(name, copies): &(Option<String>, u8)| format!(", '{}': {copies}", name.as_deref().unwrap_or("replication_factor"));
        format!("{{'class': 'NetworkTopologyStrategy'{}}}", self.0.iter().map(copies).collect::<String>())
    }
}

impl FromStr for Replication {
    type Err = ();

    fn from_str(text: &str) -> Result<Replication, ()> {
        let centres: Vec<_> = text.split(',').map(centre).collect::<Result<_, _>>()?;
        let everywhere = centres.iter().filter(|(name, _)| name.is_none()).count();
        if everywhere > 0 && centres.len() > 1 { Err(()) } else { Ok(Replication(centres)) }
    }
}

fn centre(text: &str) -> Result<(Option<String>, u8), ()> {
    let (name, copies) = text.rsplit_once(':').map_or((None, text), |(name, copies)| (Some(name.trim()), copies));
    let copies = copies.trim().parse().ok().filter(|copies| (1..=9).contains(copies)).ok_or(())?;
    match name {
        Some(name) if name.is_empty() || !name.bytes().all(|c| c.is_ascii_alphanumeric() || b"_-.".contains(&c)) => Err(()),
        name => Ok((name.map(str::to_owned), copies)),
    }
}

impl fmt::Display for Replication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: Vec<String> =
            self.0.iter().map(|(name, copies)| name.iter().map(|name| format!("{name}:")).chain([copies.to_string()]).collect()).collect();
        f.write_str(&text.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cql(text: &str) -> Option<String> {
        text.parse::<Replication>().ok().map(|replication| replication.to_cql())
    }

    #[test]
    fn copies_are_the_same_everywhere_or_named_for_each_data_centre() {
        assert_eq!(cql("3").unwrap(), "{'class': 'NetworkTopologyStrategy', 'replication_factor': 3}");
        assert_eq!(cql("eu-1:3, us:2").unwrap(), "{'class': 'NetworkTopologyStrategy', 'eu-1': 3, 'us': 2}");
    }

    #[test]
    fn what_is_no_replication_is_refused_and_nothing_slips_into_the_statement() {
        for text in ["", "0", "10", "3,eu:3", "eu:", ":3", "eu:3,", "e'u:3", "eu 1:3", "three"] {
            assert_eq!(cql(text), None, "{text}");
        }
    }
}
