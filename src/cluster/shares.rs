//! Which node a partition should belong to: rendezvous hashing.
//!
//! Each node has a score for each partition, and the highest wins. So all who know the same nodes
//! agree without a word, each node has an equal share, and when one comes or goes only its own
//! share moves. The scores hang on the nodes' addresses, so that a node that comes back gets back
//! what was its own. They are part of what nodes of different versions must agree on: never change
//! them.

/// A text as a number. FNV-1a, whose bits are mixed where it is combined.
pub fn mark(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// How much a node wants a partition, both given by their marks. The finalizer of splitmix64.
pub fn score(node: u64, partition: u64) -> u64 {
    let mut bits = node.rotate_left(32) ^ partition.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const PARTITIONS: u32 = 30_000;

    fn owner(nodes: &[String], partition: &str) -> String {
        nodes.iter().max_by_key(|node| score(mark(node), mark(partition))).unwrap().clone()
    }

    fn addresses(count: u16) -> Vec<String> {
        (0..count).map(|n| format!("10.0.0.{n}:8080")).collect()
    }

    fn partitions() -> impl Iterator<Item = String> {
        (0..PARTITIONS)
            .map(|n| format!("tickets/2026-{:02}-{:02}.6.{}", n % 12 + 1, n / 12 % 28 + 1, n))
    }

    #[test]
    fn every_node_gets_its_share() {
        for count in [2, 3, 7] {
            let nodes = addresses(count);
            let mut shares: BTreeMap<String, u32> = BTreeMap::new();
            partitions()
                .for_each(|partition| *shares.entry(owner(&nodes, &partition)).or_default() += 1);
            let fair = PARTITIONS / u32::from(count);
            assert_eq!(shares.len(), nodes.len());
            assert!(shares.values().all(|share| share.abs_diff(fair) < fair / 10), "{shares:?}");
        }
    }

    #[test]
    fn when_a_node_goes_only_its_own_share_moves() {
        let nodes = addresses(5);
        for gone in 0..nodes.len() {
            let mut left = nodes.clone();
            let gone = left.remove(gone);
            for partition in partitions().take(3000) {
                let before = owner(&nodes, &partition);
                assert!(before == gone || owner(&left, &partition) == before, "{partition}");
            }
        }
    }

    #[test]
    fn few_partitions_with_almost_the_same_names_are_spread_too() {
        let nodes = addresses(3);
        let owners: Vec<String> =
            (0..10).map(|lead| owner(&nodes, &format!("tickets/2026-12-31.6.{lead}"))).collect();
        assert!(nodes.iter().all(|node| owners.contains(node)), "{owners:?}");
    }

    #[test]
    fn scores_are_what_they_always_were() {
        assert_eq!(mark("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(score(mark("10.0.0.1:8080"), mark("catalogue/only")), 0xda61_89bf_630d_912b);
    }
}
