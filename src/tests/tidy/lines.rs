//! No line is longer than 100 columns.

use crate::sources::files;
use crate::workspace::root;
use std::fs;
use std::path::PathBuf;

const MOST: usize = 100;

const ENDINGS: &[&str] = &[".rs", ".py", ".js", ".sh", ".cql", ".lua", ".c"];

/// Scripts without an ending.
const SCRIPTS: &[&str] =
    &[".ci/run", ".ci/install", "load-tests/run", "load-tests/versus/run", "Dockerfile"];

fn texts() -> Vec<PathBuf> {
    let ended = ENDINGS.iter().flat_map(|ending| files(root(), ending));
    let pages = files(&root().join("docs"), ".md");
    ended.chain(pages).chain(SCRIPTS.iter().map(|script| root().join(script))).collect()
}

/// A row of a table, and an address, cannot be broken.
fn may_be_longer(line: &str, path: &str) -> bool {
    path.ends_with(".md") && (line.trim_start().starts_with('|') || line.contains("://"))
}

#[test]
fn every_line_ends_at_column_100() {
    let mut longer = Vec::new();
    for path in texts() {
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        for (line, number) in text.lines().zip(1..) {
            if line.chars().count() > MOST && !may_be_longer(line, &name) {
                longer.push(format!("{name}:{number}"));
            }
        }
    }
    assert!(longer.is_empty(), "longer than {MOST} columns: {longer:#?}");
}
