//! No file of a library uses names of another that uses its own, over however many files.
//!
//! What a parent declares (`mod`) or passes on (`pub use`) is no use of it: a name that is passed
//! on counts for the file that defines it.

use crate::sources::{Source, sources};
use std::collections::{BTreeMap, BTreeSet};

type Path = Vec<String>;

/// What one library looks like from the inside.
struct Modules<'a> {
    files: BTreeMap<Path, &'a Source>,
    /// What a module passes on, and from where.
    passed_on: BTreeMap<(Path, String), Path>,
}

/// The single paths of a `use` with braces.
fn leaves(tree: &str) -> Vec<String> {
    let Some((before, rest)) = tree.split_once('{') else { return vec![tree.to_owned()] };
    let inside = rest.rsplit_once('}').map_or(rest, |(inside, _)| inside);
    let (mut parts, mut depth, mut begun) = (Vec::new(), 0, 0);
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inside[begun..at]);
                begun = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inside[begun..]);
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.flat_map(leaves).map(|leaf| format!("{before}{leaf}")).collect()
}

struct Used {
    path: String,
    name: String,
    is_passed_on: bool,
}

/// Every name that a `use` of the code brings.
fn uses(code: &str) -> Vec<Used> {
    let mut found = Vec::new();
    for statement in statements(code) {
        let (head, tree) = statement.split_once("use ").expect("it is a use");
        let plain: String = tree.replace(" as ", "@").split_whitespace().collect();
        for leaf in leaves(&plain) {
            let (path, alias) = leaf.split_once('@').unwrap_or((&leaf, ""));
            let path = path.strip_suffix("::self").unwrap_or(path);
            let last = path.rsplit("::").next().unwrap_or(path);
            let name = if alias.is_empty() { last } else { alias };
            let is_passed_on = head.contains("pub");
            found.push(Used { path: path.to_owned(), name: name.to_owned(), is_passed_on });
        }
    }
    found
}

/// `use …` and `pub use …`, each up to its semicolon, which is left out.
fn statements(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in code.split_inclusive('\n') {
        let trimmed = line.trim_start();
        let is_use = trimmed.starts_with("use ")
            || trimmed.starts_with("pub")
                && trimmed.split_once("use ").is_some_and(|(head, _)| {
                    head.trim() == "pub" || head.trim().starts_with("pub(")
                });
        if is_use {
            let begin = at + (line.len() - trimmed.len());
            let end = code[begin..].find(';').map_or(code.len(), |length| begin + length);
            found.push(&code[begin..end]);
        }
        at += line.len();
    }
    found
}

/// Paths in the code itself that begin inside the library.
fn paths(code: &str) -> Vec<String> {
    let is_of_a_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let words = code.split(|c| !is_of_a_path(c));
    let inside = words.filter(|word| word.contains("::") && !word.starts_with(':'));
    inside.map(|word| word.trim_end_matches(':').to_owned()).collect()
}

impl<'a> Modules<'a> {
    fn of(sources: &'a [Source], library: &str) -> Modules<'a> {
        let mine = sources.iter().filter(|source| source.library == library);
        let files: BTreeMap<_, _> = mine.map(|source| (source.module.clone(), source)).collect();
        let mut modules = Modules { files, passed_on: BTreeMap::new() };
        for (module, source) in modules.files.clone() {
            for used in uses(&source.code).into_iter().filter(|used| used.is_passed_on) {
                if let Some(path) = modules.absolute(&module, &used.path) {
                    modules.passed_on.insert((module.clone(), used.name), path);
                }
            }
        }
        modules
    }

    /// From the root of the library; none if it leads to another.
    fn absolute(&self, module: &Path, path: &str) -> Option<Path> {
        let mut segments = path.split("::").peekable();
        let mut from = match *segments.peek()? {
            "crate" => Vec::new(),
            "self" | "super" => module.clone(),
            child => {
                let mut below = module.clone();
                below.push(child.to_owned());
                self.files.contains_key(&below).then(|| module.clone())?
            }
        };
        while let Some(word) = segments.next_if(|word| ["crate", "self", "super"].contains(word)) {
            if word == "super" {
                from.pop()?;
            }
        }
        from.extend(segments.map(str::to_owned));
        Some(from)
    }

    /// The module that defines what the path names.
    fn home(&self, path: &Path, depth: usize) -> Path {
        let mut length = path.len();
        while length > 0 && !self.files.contains_key(&path[..length]) {
            length -= 1;
        }
        let module = path[..length].to_vec();
        let Some(name) = path.get(length) else { return module };
        match self.passed_on.get(&(module.clone(), name.clone())) {
            Some(from) if depth < 8 => {
                let rest = path[length + 1..].iter().cloned();
                self.home(&from.iter().cloned().chain(rest).collect(), depth + 1)
            }
            _ => module,
        }
    }

    /// Whose names each module uses.
    fn arrows(&self) -> BTreeMap<Path, BTreeSet<Path>> {
        let arrows = |(module, source): (&Path, &&Source)| {
            let taken = uses(&source.code).into_iter().filter(|used| !used.is_passed_on);
            let mut code = source.code.clone();
            for statement in statements(&source.code) {
                code = code.replacen(statement, "", 1);
            }
            let named = taken.map(|used| used.path).chain(paths(&code));
            let homes = named
                .filter_map(|path| self.absolute(module, &path))
                .map(|path| self.home(&path, 0))
                .filter(|home| home != module);
            (module.clone(), homes.collect())
        };
        self.files.iter().map(arrows).collect()
    }

    /// Modules that lead back to themselves, in groups.
    fn circles(&self) -> Vec<Vec<String>> {
        let arrows = self.arrows();
        let reach = |from: &Path| {
            let mut reached = BTreeSet::new();
            let mut next: Vec<&Path> = arrows[from].iter().collect();
            while let Some(module) = next.pop() {
                if reached.insert(module.clone()) {
                    next.extend(&arrows[module]);
                }
            }
            reached
        };
        let reached: BTreeMap<_, _> =
            arrows.keys().map(|from| (from.clone(), reach(from))).collect();
        let mut circles = BTreeSet::new();
        for (from, all) in &reached {
            if all.contains(from) {
                let together = all.iter().filter(|other| reached[*other].contains(from));
                circles.insert(together.map(|module| self.name(module)).collect::<Vec<_>>());
            }
        }
        circles.into_iter().collect()
    }

    fn name(&self, module: &Path) -> String {
        self.files[module].path.display().to_string()
    }
}

#[test]
fn no_library_has_a_circle_of_files() {
    let sources = sources();
    let libraries: BTreeSet<_> = sources.iter().map(|source| source.library.clone()).collect();
    assert!(libraries.len() > 10, "only {libraries:?}");
    let circles: Vec<_> =
        libraries.iter().flat_map(|library| Modules::of(&sources, library).circles()).collect();
    assert!(circles.is_empty(), "files that use each other: {circles:#?}");
}

#[test]
fn a_circle_is_found_also_through_a_name_that_is_passed_on() {
    let source = |module: &[&str], code: &str| Source {
        library: "house".into(),
        module: module.iter().map(|part| (*part).to_owned()).collect(),
        path: module.join("/").into(),
        text: String::new(),
        code: code.into(),
    };
    let honest = vec![
        source(&[], "pub use a::Room;\nmod a;\nmod b;"),
        source(&["a"], "use crate::b::{Door, Wall};"),
        source(&["b"], "fn f() { std::mem::take(x) }"),
    ];
    assert_eq!(Modules::of(&honest, "house").circles(), Vec::<Vec<String>>::new());
    let mut round = honest;
    round[2].code = "fn f() -> crate::Room { g() }".into();
    assert_eq!(Modules::of(&round, "house").circles(), [["a", "b"]]);
}
