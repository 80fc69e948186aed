//! Which crate may use which, as the page of the architecture says it and as Cargo has it.

use crate::workspace::{libraries, root};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// Crates that only tests use.
const FOR_TESTS: &[&str] = &["contracts", "harness", "testing"];

/// The rows of the table under the picture: a library, and the libraries that it may use. The root
/// may use all.
fn allowed(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let (_, below) = page.split_once("## The picture").expect("the page has that heading");
    let section = below.split("\n## ").next().unwrap_or(below);
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(quoted).collect();
        let name = cells[0].first().expect("a row names its library").clone();
        (name, cells[2].clone())
    })
    .collect()
}

/// What stands between back quotes.
fn quoted(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn crates_use_what_the_page_of_the_architecture_lets_them() {
    let page = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let mut allowed = allowed(&page);
    assert!(allowed.remove("stampede").is_some(), "the root has its row");
    allowed.retain(|name, _| !FOR_TESTS.contains(&name.as_str()));
    let found: BTreeMap<_, _> = libraries()
        .into_iter()
        .filter(|library| library.name != "stampede")
        .filter(|library| !FOR_TESTS.contains(&library.name.as_str()))
        .map(|library| (library.name, library.uses))
        .collect();
    assert_eq!(found, allowed, "left: what Cargo has; right: what docs/architecture.md says");
}

#[test]
fn what_only_tests_use_is_built_into_nothing() {
    for library in libraries() {
        let is_for_tests = FOR_TESTS.contains(&library.name.as_str());
        let used: Vec<_> =
            library.uses.iter().filter(|used| FOR_TESTS.contains(&used.as_str())).collect();
        assert!(is_for_tests || used.is_empty(), "{} uses {used:?}", library.name);
    }
}
