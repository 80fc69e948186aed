//! What people read is written for people.

use crate::sources::sources;

/// From the name of a function of the journal to the end of the call.
fn calls(text: &str) -> Vec<&str> {
    let names = ["journal::info(", "journal::warn(", "journal::error("];
    let begins = names.iter().flat_map(|name| text.match_indices(name));
    begins.map(|(at, _)| text[at..].split(";\n").next().unwrap_or_default()).collect()
}

#[test]
fn no_operator_reads_what_only_a_debugger_can() {
    let mut found = Vec::new();
    for source in sources() {
        let shown = calls(&source.text).into_iter().filter(|call| call.contains(":?}"));
        found.extend(shown.map(|call| format!("{}: {call}", source.path.display())));
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// Members, callers and operators are of every kind.
#[test]
fn comments_say_they_of_people() {
    let mut found = Vec::new();
    for source in sources() {
        let comments = source.text.lines().filter(|line| line.trim_start().starts_with("//"));
        for line in comments {
            let mut words = line.split(|c: char| !c.is_alphabetic());
            if words.any(|word| ["he", "him", "his", "himself", "He", "His"].contains(&word)) {
                found.push(format!("{}: {}", source.path.display(), line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{} comments: {found:#?}", found.len());
}
