//! A public type has a name of its own in the whole workspace.

use crate::sources::sources;
use std::collections::{BTreeMap, BTreeSet};

/// Words whose meaning the path gives, and which.
const BY_THEIR_PATH: &[(&str, &str)] = &[
    ("Answer", "what a machine answers a question, and what a port answers"),
    ("Command", "what a machine is told to do"),
    ("Error", "what goes wrong in a room"),
    ("Event", "what has happened in a machine"),
    ("Question", "what a machine is asked"),
    ("Refusal", "why a machine does not do it"),
    ("Settings", "what a room wants to be told at the start"),
];

/// The names of the public types that the code defines.
fn types(code: &str) -> Vec<&str> {
    let names = code.lines().filter_map(|line| {
        let item = line.trim_start().strip_prefix("pub ")?;
        let rest = ["struct ", "enum ", "trait ", "type "]
            .iter()
            .find_map(|word| item.strip_prefix(word))?;
        rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()
    });
    names.collect()
}

#[test]
fn a_public_name_has_one_meaning() {
    let sources = sources();
    let mut homes: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for source in &sources {
        for name in types(&source.code) {
            homes.entry(name).or_default().insert(source.path.display().to_string());
        }
    }
    assert!(homes.len() > 300, "only {} names were found", homes.len());
    let listed: BTreeSet<_> = BY_THEIR_PATH.iter().map(|(name, _)| *name).collect();
    let twice: BTreeMap<_, _> = homes.iter().filter(|(_, homes)| homes.len() > 1).collect();
    let unlisted: Vec<_> = twice.iter().filter(|(name, _)| !listed.contains(**name)).collect();
    assert!(
        unlisted.is_empty(),
        "{} names stand for several things: {unlisted:#?}",
        unlisted.len()
    );
    let needless: Vec<_> = listed.iter().filter(|name| !twice.contains_key(name)).collect();
    assert!(needless.is_empty(), "strike these off the list: {needless:?}");
}
