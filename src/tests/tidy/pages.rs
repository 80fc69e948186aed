//! Pages that everybody reads stay short.

use crate::workspace::root;
use std::fs;

fn page(name: &str) -> String {
    fs::read_to_string(root().join("docs").join(name)).unwrap()
}

#[test]
fn the_page_of_the_architecture_has_at_most_2500_words() {
    let page = page("architecture.md");
    let words = page.split_whitespace().filter(|word| word.contains(char::is_alphanumeric));
    let count = words.count();
    assert!((1000..=2500).contains(&count), "{count} words");
}

#[test]
fn everybody_has_to_learn_at_most_forty_words() {
    let page = page("glossary.md");
    let (_, below) = page.split_once("\n## The words\n").expect("the page has that heading");
    let list = below.split("\n## ").next().unwrap_or(below);
    let count = list.lines().filter(|line| line.starts_with("- **")).count();
    assert!((20..=40).contains(&count), "{count} words");
}
