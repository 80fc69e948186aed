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

/// Members, callers and operators are of every kind. A comment says so, and so does what the API
/// says of itself.
#[test]
fn people_are_they() {
    let others = ["he", "him", "his", "himself", "she", "her", "hers", "herself"];
    let mut found = Vec::new();
    for source in sources() {
        for line in source.text.lines() {
            let mut words = line.split(|c: char| !c.is_alphabetic());
            if words.any(|word| others.contains(&word.to_lowercase().as_str())) {
                found.push(format!("{}: {}", source.path.display(), line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{} lines: {found:#?}", found.len());
}
