//! An entry of the feed's log: which frames follow in the feed.
//!
//! The feed is a log of its own, kept in the same table under a name that no partition has. Its
//! sequence counts frames, so a frame's position is where its entry began, and its place in the
//! entry.

use super::error::broken;
use actors::store::StoreError;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// What the feed's own log is called. Partitions have a kind and a slash.
pub const FEED: &str = "feed";

/// Where a frame lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FramePlace {
    pub name: Arc<str>,
    pub generation: i32,
    pub seq: u64,
}

#[derive(Serialize, Deserialize)]
struct StoredEntry {
    names: Vec<String>,
    /// Which name, generation and sequence.
    places: Vec<(u32, i32, u64)>,
}

pub fn to_bytes(places: &[FramePlace]) -> Vec<u8> {
    let mut names: Vec<String> = Vec::new();
    let mut known: HashMap<&str, u32> = HashMap::new();
    let mut index = |name| {
        *known.entry(name).or_insert_with(|| {
            names.push(name.to_string());
            names.len() as u32 - 1
        })
    };
    let places =
        places.iter().map(|place| (index(&*place.name), place.generation, place.seq)).collect();
    postcard::to_stdvec(&StoredEntry { names, places }).expect("an entry is plain data")
}

pub fn from_bytes(bytes: &[u8]) -> Result<Vec<FramePlace>, StoreError> {
    let StoredEntry { names, places } =
        postcard::from_bytes(bytes).map_err(|_| broken("an entry of the feed cannot be read"))?;
    let place = |(name, generation, seq): (u32, i32, u64)| {
        let name = names
            .get(name as usize)
            .map(|name| Arc::from(name.as_str()))
            .ok_or_else(|| broken("an entry of the feed names nobody"))?;
        Ok(FramePlace { name, generation, seq })
    };
    places.into_iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_read_back_as_written() {
        let place = |name: &str, seq| FramePlace { name: name.into(), generation: 3, seq };
        for places in [vec![], vec![place("a/1", 7), place("b/2", 1), place("a/1", 9)]] {
            assert_eq!(from_bytes(&to_bytes(&places)).unwrap(), places);
        }
        assert!(from_bytes(&[1, 2]).is_err());
    }
    #[test]
    fn whatever_lies_in_the_feed_is_read_or_named() {
        let place = |name: &str, seq| FramePlace { name: name.into(), generation: 3, seq };
        let seeds = [vec![place("a/1", 7), place("b/2", 1), place("a/1", 9)], vec![]];
        let seeds = seeds.map(|places| to_bytes(&places));
        testing::fuzz::fuzz("entries of the feed", 20_000, &seeds, |bytes| {
            if let Ok(places) = from_bytes(bytes) {
                assert_eq!(from_bytes(&to_bytes(&places)), Ok(places));
            }
        });
    }
}
