//! The Rust files of the workspace's libraries, each with its place among the modules.

use crate::workspace::{Library, libraries, root};
use std::fs;
use std::path::{Path, PathBuf};

pub struct Source {
    pub library: String,
    /// The path of its module, from the root of its library: none for the root itself.
    pub module: Vec<String>,
    /// From the root of the repository.
    pub path: PathBuf,
    pub text: String,
    /// The text without comments, without what stands in quotes, and without its unit tests.
    pub code: String,
}

/// Every file below the folder with that ending, in order.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("a folder can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && name != "data" && !name.starts_with(".git") {
            found.extend(files(&path, ending));
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A file belongs to the library whose folder is the nearest above it.
pub fn sources() -> Vec<Source> {
    let libraries = libraries();
    let all =
        files(&root().join("src"), ".rs").into_iter().chain(files(&root().join("actors"), ".rs"));
    all.filter_map(|path| {
        let above = libraries.iter().filter(|library| path.starts_with(library.folder()));
        let library = above.max_by_key(|library| library.folder().components().count())?;
        is_of_the_library(&path, library).then(|| source(path, library))
    })
    .collect()
}

/// Suites of tests and the binary lie in folders of libraries and are none of theirs.
fn is_of_the_library(path: &Path, library: &Library) -> bool {
    let inside = path.strip_prefix(library.folder()).expect("it is below");
    let first = inside.components().next().map(|part| part.as_os_str().to_owned());
    let is_binary = inside == Path::new("main.rs");
    !is_binary && first.is_none_or(|first| first != "tests" && first != "benches")
}

fn source(path: PathBuf, library: &Library) -> Source {
    let inside = path.strip_prefix(library.folder()).expect("it is below").with_extension("");
    let mut module: Vec<String> =
        inside.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
        module.pop();
    }
    let text = fs::read_to_string(&path).expect("a source can be read");
    let code = without_tests(&bare(&text)).to_owned();
    let path = path.strip_prefix(root()).expect("it is of this repository").to_owned();
    Source { library: library.name.clone(), module, path, text, code }
}

fn without_tests(code: &str) -> &str {
    let inline = code.match_indices("#[cfg(test)]\nmod ").find(|(at, _)| {
        code[at + "#[cfg(test)]\nmod ".len()..].lines().next().is_some_and(|l| l.ends_with('{'))
    });
    inline.map_or(code, |(at, _)| &code[..at])
}

/// Without comments and without what stands in quotes.
fn bare(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(length) = raw_quoted(rest, bare.chars().last()) {
            length
        } else if first == '"' {
            quoted(rest)
        } else if let Some(length) = character(rest) {
            length
        } else {
            bare.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        if first != '/' {
            bare.push_str("\"\"");
        }
        rest = &rest[skipped..];
    }
    bare
}

/// How long the quoted text is that the rest begins with.
fn quoted(rest: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '"' if !is_escaped => return at + 1,
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    rest.len()
}

fn raw_quoted(rest: &str, before: Option<char>) -> Option<usize> {
    if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let inside = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = inside.chars().take_while(|c| *c == '#').count();
    let text = inside[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let begun = rest.len() - text.len();
    Some(begun + text.find(&end).map_or(text.len(), |at| at + end.len()))
}

/// A character in single quotes, which may be a double quote; a lifetime has no second one.
fn character(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    let end = match inside.strip_prefix('\\') {
        Some(escape) => 2 + escape.char_indices().skip(1).find(|(_, c)| *c == '\'')?.0,
        None => {
            let first = inside.chars().next()?;
            inside[first.len_utf8()..].starts_with('\'').then_some(1 + first.len_utf8())?
        }
    };
    Some(end + 1)
}

#[test]
fn comments_and_quotes_are_left_out() {
    let text =
        "use a::b; // use c\nlet q = '\"'; let s = \"// no \\\" x\"; f('a, r#\"\"\"#, b'\\'')";
    assert_eq!(bare(text), "use a::b; \nlet q = \"\"; let s = \"\"; f('a, \"\", b\"\")");
}
