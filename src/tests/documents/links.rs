//! The documents against the repository: the tests they name exist, and their links lead somewhere.
//!
//! A document that names a test is only worth something while that test is there.

use harness::root;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A name of so many words is a test's or at least a function's.
const WORDS_OF_A_TEST: usize = 5;

/// Every file below the folder with that ending.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => files(&path, ending),
            false => Vec::from_iter(
                path.extension().is_some_and(|found| found == ending).then_some(path),
            ),
        })
        .collect()
}

fn documents() -> Vec<PathBuf> {
    let top = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
        .map(|name| root().join(name));
    let below = ["docs", "grafana", "load-tests"]
        .iter()
        .flat_map(|folder| files(&root().join(folder), "md"));
    top.into_iter().chain(below).collect()
}

/// The names of tests that a text mentions.
fn named(text: &str) -> BTreeSet<&str> {
    let is_of_a_name = |c: char| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit();
    let words = text.split(|c| !is_of_a_name(c));
    words
        .filter(|word| word.split('_').filter(|part| !part.is_empty()).count() >= WORDS_OF_A_TEST)
        .collect()
}

/// The targets of links to files, without the place in them.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let inside = targets.map(|(target, _)| target).filter(|target| !target.contains("://"));
    inside.filter_map(|target| target.split('#').next()).filter(|path| !path.is_empty()).collect()
}

/// Pages that are worth nothing if the tests they name are not there, and how many they name at
/// least.
const NAMING: [(&str, usize); 3] =
    [("docs/found.md", 50), ("docs/asvs.md", 60), ("docs/proof.md", 15)];

#[test]
fn every_test_that_a_page_of_findings_or_proof_names_is_there() {
    let sources = ["src", "actors"].iter().flat_map(|folder| files(&root().join(folder), "rs"));
    let code: String = sources.map(|file| fs::read_to_string(file).unwrap()).collect();
    for (page, least) in NAMING {
        let text = fs::read_to_string(root().join(page)).unwrap();
        let names = named(&text);
        assert!(names.len() > least, "{page} names only {} tests", names.len());
        let gone: Vec<_> =
            names.iter().filter(|name| !code.contains(&format!("fn {name}("))).collect();
        assert!(gone.is_empty(), "{page} names tests that are not there: {gone:?}");
        for (file, name) in named_in_files(&text) {
            let places = [root().join(file), root().join("src/tests").join(file)];
            let found = places.iter().find(|place| place.exists());
            let found = found.unwrap_or_else(|| panic!("{page} names {file}, which is not there"));
            let is_there = fs::read_to_string(found).unwrap().contains(&format!("fn {name}("));
            assert!(is_there, "{page}: {name} is not in {file}");
        }
    }
}

/// What stands between backticks as `file.rs: name`.
fn named_in_files(text: &str) -> Vec<(&str, &str)> {
    let quoted = text.split('`').skip(1).step_by(2).filter_map(|quoted| quoted.split_once(": "));
    quoted.filter(|(file, _)| file.ends_with(".rs")).collect()
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for link in links(&text) {
            let target = document.parent().unwrap().join(link);
            assert!(target.exists(), "{} links to {link}, which is not there", document.display());
        }
    }
}

#[test]
fn names_and_links_are_found_in_a_text() {
    assert_eq!(
        named("run `a_name_with_five_words`, not `a_short_name`"),
        BTreeSet::from(["a_name_with_five_words"])
    );
    assert_eq!(links("[a](b.md#c), [d](https://e) and [f](#g)"), ["b.md"]);
    assert_eq!(
        named_in_files("`api/a.rs: short`, `b.rs` and `c: d`, then `e.rs: f`"),
        [("api/a.rs", "short"), ("e.rs", "f")]
    );
}
