//! The crates of this repository, as Cargo knows them.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3).expect("the root is three above")
}

/// A library of the workspace.
#[derive(Debug)]
pub struct Library {
    /// As other crates name it.
    pub name: String,
    /// Its first file.
    pub file: PathBuf,
    /// The libraries of the workspace that it is built of; not those that only its tests need.
    pub uses: BTreeSet<String>,
}

impl Library {
    pub fn folder(&self) -> &Path {
        self.file.parent().expect("a file lies in a folder")
    }
}

pub fn libraries() -> Vec<Library> {
    let told = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let told: Value = serde_json::from_slice(&told.stdout).expect("cargo answers in JSON");
    let packages = told["packages"].as_array().expect("there are packages");
    let target = |package: &Value| {
        let targets = package["targets"].as_array().expect("a package has targets").clone();
        targets.into_iter().find(|target| target["kind"][0] == "lib")
    };
    let name_of = |package: &str| {
        let package = packages.iter().find(|found| found["name"] == package)?;
        Some(text(&target(package)?["name"]))
    };
    let library = |package: &Value| {
        let target = target(package)?;
        let dependencies = package["dependencies"].as_array()?;
        let built = dependencies.iter().filter(|found| found["kind"].is_null());
        let uses = built.filter_map(|found| name_of(found["name"].as_str()?)).collect();
        Some(Library { name: text(&target["name"]), file: text(&target["src_path"]).into(), uses })
    };
    packages.iter().filter_map(library).collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("it is a text").to_owned()
}
