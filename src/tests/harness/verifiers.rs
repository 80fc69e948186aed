//! Both verifiers, run as their users run them.
//!
//! The Python comes from `STAMPEDE_PYTHON`, else it is `python3`; it needs the package
//! `cryptography`.

use crate::folder::TestFolder;
use crate::process::Binary;
use crate::{needed, root};
use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::OnceLock;

pub fn script() -> PathBuf {
    root().join("docs/verify_draw.py")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verifier {
    Rust(Binary),
    Python,
}

/// What a verifier answered.
#[derive(Debug)]
pub struct VerifierSaid {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Verifier {
    /// Those that this machine has.
    pub fn both(binary: Binary) -> Vec<Verifier> {
        let python = python().map(|_| Verifier::Python);
        std::iter::once(Verifier::Rust(binary)).chain(python).collect()
    }

    /// What it answers to each of these command lines.
    pub fn all(self, lines: &[Vec<String>]) -> Vec<VerifierSaid> {
        match self {
            Verifier::Rust(_) => lines
                .iter()
                .map(|line| self.command().args(line).output().unwrap().into())
                .collect(),
            Verifier::Python => in_one_process(lines),
        }
    }

    pub fn one(self, line: &[&str]) -> VerifierSaid {
        self.all(&[line.iter().map(|word| word.to_string()).collect()]).remove(0)
    }

    pub fn command(self) -> Command {
        match (self, python()) {
            (Verifier::Rust(binary), _) => {
                let mut command = binary.as_it_is();
                command.arg("verify-draw");
                command
            }
            (Verifier::Python, Some(python)) => {
                let mut command = Command::new(python);
                command.arg(script());
                command
            }
            (Verifier::Python, None) => panic!("there is no Python to run"),
        }
    }
}

/// Reads command lines, calls the script's own `main` for each, and prints what it said: starting a
/// Python takes longer than all it does here.
const DRIVER: &str = "
import contextlib, io, json, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import verify_draw
for line in sys.stdin:
    out, err = io.StringIO(), io.StringIO()
    sys.argv = ['verify_draw.py'] + json.loads(line)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = verify_draw.main() or 0
        except SystemExit as stop:
            code = stop.code
    print(json.dumps([code, out.getvalue(), err.getvalue()]))
";

fn in_one_process(lines: &[Vec<String>]) -> Vec<VerifierSaid> {
    let folder = TestFolder::new();
    let asked: Vec<String> =
        lines.iter().map(|line| serde_json::to_string(line).unwrap()).collect();
    let asked = File::open(folder.file("asked.json", &asked.join("\n"))).unwrap();
    let mut command = Command::new(python().expect("it was found before"));
    let output =
        command.args(["-c", DRIVER]).arg(script().parent().unwrap()).stdin(asked).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let said = text.lines().map(|line| serde_json::from_str(line).unwrap());
    said.map(|(code, out, err)| VerifierSaid { code, out, err }).collect()
}

impl From<Output> for VerifierSaid {
    fn from(output: Output) -> VerifierSaid {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        VerifierSaid {
            code: output.status.code().unwrap_or(-1),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

/// A Python with the package that checks signatures.
pub fn python() -> Option<&'static str> {
    static FOUND: OnceLock<Option<String>> = OnceLock::new();
    FOUND.get_or_init(find).as_deref()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own surroundings are no setting of the product"
)]
fn find() -> Option<String> {
    let python = std::env::var("STAMPEDE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let needs = "import sys, cryptography.hazmat.primitives.asymmetric.ed25519; \
        sys.exit(sys.version_info < (3, 9))";
    let found = Command::new(&python)
        .args(["-c", needs])
        .output()
        .is_ok_and(|output| output.status.success());
    if !found {
        let why = format!(
            "{python} is no Python of 3.9 or later with the package cryptography: set \
             STAMPEDE_PYTHON to one that is"
        );
        needed::is_not_run(&format!("nothing was verified by docs/verify_draw.py: {why}"));
    }
    found.then_some(python)
}
