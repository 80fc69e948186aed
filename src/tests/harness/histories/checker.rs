//! The checker of histories, porcupine, which looks for the order (`src/tests/histories`).
//!
//! A history that has no order is kept in `target/histories`, with a picture.

use super::lines::HistoryLine;
use crate::folder::TestFolder;
use crate::{needed, root};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// It is gone with its folder.
pub struct HistoryChecker(TestFolder);

impl HistoryChecker {
    /// None where Go is not installed.
    pub fn build() -> Option<HistoryChecker> {
        if !needed::are_there(&["go"], "It builds the checker of histories.") {
            return None;
        }
        let checker = HistoryChecker(TestFolder::new());
        let mut go = Command::new(needed::found("go").expect("it was found before"));
        let go = go.arg("build").arg("-o").arg(checker.program()).arg(".");
        let status = go.current_dir(root().join("src/tests/histories")).status();
        assert!(status.unwrap().success(), "the checker does not build");
        Some(checker)
    }

    fn program(&self) -> PathBuf {
        self.0.join("checker")
    }

    /// What it says, if one of them has no order.
    pub fn check(&self, lines: &[HistoryLine]) -> Result<(), String> {
        let folder = TestFolder::new();
        let (file, picture) = (folder.join("histories"), folder.join("picture.html"));
        let text: Vec<String> = lines
            .iter()
            .map(|line| serde_json::to_string(line).expect("it is plain data"))
            .collect();
        fs::write(&file, text.join("\n")).unwrap();
        let said = Command::new(self.program()).arg(&file).arg(&picture).output().unwrap();
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        match said.status.code() {
            Some(0) => Ok(()),
            Some(1) => {
                let kept = root().join("target/histories");
                fs::create_dir_all(&kept).unwrap();
                fs::copy(&file, kept.join("wrong")).unwrap();
                // There is none of a history that was given up for the time it takes.
                let _ = fs::copy(&picture, kept.join("wrong.html"));
                Err(text)
            }
            _ => panic!("the checker: {}", String::from_utf8_lossy(&said.stderr)),
        }
    }
}

/// How many histories, or which seed, unless somebody says otherwise.
#[expect(clippy::disallowed_methods, reason = "how long a test lives is no setting of the product")]
pub fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a whole number"))
}
