//! The page of dependencies against the list that Cargo has.

use harness::root;
use std::collections::BTreeSet;
use std::fs;

/// What the workspace brings from outside, by name.
fn brought(manifest: &str) -> BTreeSet<&str> {
    let table = manifest.lines().skip_while(|line| *line != "[workspace.dependencies]");
    let lines = table.skip(1).take_while(|line| !line.starts_with('['));
    let named = lines.filter(|line| !line.starts_with('#') && !line.contains("path = "));
    named.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name).collect()
}

/// The first cells of the page's rows that are one name each.
fn reviewed(page: &str) -> BTreeSet<&str> {
    let names = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    names.map(|(name, _)| name).collect()
}

#[test]
fn every_crate_that_is_brought_is_on_the_page_of_dependencies_and_no_other() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let (manifest, page) = (read("Cargo.toml"), read("docs/dependencies.md"));
    let (brought, reviewed) = (brought(&manifest), reviewed(&page));
    assert!(brought.len() > 40, "{brought:?}");
    let missing: Vec<_> = brought.difference(&reviewed).collect();
    let strange: Vec<_> = reviewed.difference(&brought).collect();
    assert!(
        missing.is_empty() && strange.is_empty(),
        "docs/dependencies.md lacks {missing:?} and has {strange:?} that nobody brings"
    );
}
