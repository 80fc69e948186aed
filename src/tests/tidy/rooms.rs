//! Every room is on the map.

use crate::sources::{files, sources};
use crate::workspace::root;
use std::collections::BTreeSet;
use std::fs;

#[test]
fn every_folder_of_code_is_on_the_map_of_the_architecture() {
    let page = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let code = ["src", "actors", "benches", "load-tests"];
    let folders: BTreeSet<_> = code
        .iter()
        .flat_map(|folder| files(&root().join(folder), ".rs"))
        .map(|file| file.parent().unwrap().strip_prefix(root()).unwrap().display().to_string())
        .collect();
    assert!(folders.len() > 40, "only {folders:?}");
    // A folder of tests is shown by the folder above it.
    let is_shown = |folder: &&String| {
        let mut parts: Vec<_> = folder.split('/').collect();
        while parts.len() > 1 {
            if page.contains(&format!("`{}/`", parts.join("/"))) {
                return true;
            }
            let is_below_tests = parts[..parts.len() - 1].contains(&"tests");
            if !is_below_tests {
                return false;
            }
            parts.pop();
        }
        page.contains(&format!("`{folder}/`"))
    };
    let missing: Vec<_> = folders.iter().filter(|folder| !is_shown(folder)).collect();
    assert!(missing.is_empty(), "not in docs/architecture.md: {missing:#?}");
}

#[test]
fn the_store_of_several_nodes_is_left_out_in_one_place() {
    let places: Vec<_> = sources()
        .into_iter()
        .filter(|source| source.text.contains("feature = \"cluster\""))
        .map(|source| source.path.display().to_string())
        .collect();
    assert_eq!(places, ["src/stores/mod.rs"]);
}
