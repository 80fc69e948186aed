//! Parts of documents that are run as printed.
//!
//! What stands in ```sh between `<!-- NAME -->` and `<!-- /NAME -->` is run by bash, in order, in
//! one shell, with a server beside it, whose address and password take the places of the
//! document's. A comment `# → …` says what the command before it prints. What stands in ```text
//! there, its reader sees elsewhere. White space does not count, and `…` stands for anything.

use std::path::Path;
use std::process::Command;

/// What stands for the password that only the reader's own server knows.
const PASSWORD: &str = "the one that the first start printed";
const MARK: &str = "@@ expected @@";

/// The lines of the marked blocks of that kind.
fn blocks(markdown: &str, name: &str, kind: &str) -> Vec<String> {
    let (begin, end) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let marked = markdown
        .split_once(&begin)
        .and_then(|(_, rest)| rest.split_once(&end))
        .map(|(marked, _)| marked);
    let marked = marked.unwrap_or_else(|| panic!("there is nothing between {begin} and {end}"));
    let fence = format!("```{kind}\n");
    let blocks = marked
        .split(&fence)
        .skip(1)
        .map(|rest| rest.split_once("```").expect("a block has an end").0);
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}

/// What bash runs: the commands, and after each the expectations that follow it, marked.
fn commands(lines: &[String], address: &str, password: &str) -> String {
    let mut script = "set -euo pipefail\n".to_owned();
    for line in lines {
        let line = match line.trim_start().strip_prefix("# → ") {
            Some(expected) => {
                format!("printf '\\n{MARK}%s\\n' '{}'", expected.replace('\'', "'\\''"))
            }
            None => line
                .replace("localhost:8080", address)
                .replace("127.0.0.1:8080", address)
                .replace(PASSWORD, password),
        };
        script.push_str(&line);
        script.push('\n');
    }
    script
}

/// Checks what was printed against every expectation in it. Several in a row are about the same
/// output.
fn compare(printed: &str) -> Result<usize, String> {
    let (mut said, mut met) = (String::new(), 0);
    let mut fresh = false;
    for line in printed.lines() {
        match line.strip_prefix(MARK) {
            Some(expected) if !is_in(expected, &said) => {
                return Err(format!("expected {expected}\nbut it printed {said}"));
            }
            Some(_) => (met, fresh) = (met + 1, true),
            None if line.is_empty() => {}
            None if fresh => (said, fresh) = (line.to_owned(), false),
            None => said.push_str(line),
        }
    }
    Ok(met)
}

fn is_in(expected: &str, said: &str) -> bool {
    let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    let said = bare(said);
    let mut rest = said.as_str();
    bare(expected).split('…').all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

/// Runs the marked commands in that folder. Returns how many expectations were met.
pub fn run_printed(
    markdown: &str,
    name: &str,
    folder: &Path,
    address: &str,
    password: &str,
) -> Result<usize, String> {
    let script = commands(&blocks(markdown, name, "sh"), address, password);
    let output = Command::new("bash").args(["-c", &script]).current_dir(folder).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let met = compare(&printed)?;
    if output.status.success() {
        Ok(met)
    } else {
        Err(format!("{}\n{printed}\n{}", output.status, String::from_utf8_lossy(&output.stderr)))
    }
}

/// The lines that a reader is told they will see and that are not in what they see.
pub fn not_seen(markdown: &str, name: &str, seen: &str) -> Vec<String> {
    let lines = blocks(markdown, name, "text");
    assert!(!lines.is_empty(), "{name} tells nobody what is seen");
    lines.into_iter().filter(|line| !is_in(line, seen)).collect()
}
