//! All verifiers: two are run as their users run them, that of the page of a draw without its page.
//!
//! The Python comes from `STAMPEDE_PYTHON`, else it is `python3`; it needs the package
//! `cryptography`. The page's modules run in `node`.

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
    Page,
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

    /// And the page's.
    pub fn every(binary: Binary) -> Vec<Verifier> {
        let node = needed::are_there(&["node"], "It runs what the page of a draw verifies with.");
        let page = node.then_some(Verifier::Page);
        Verifier::both(binary).into_iter().chain(page).collect()
    }

    /// What it answers to each of these command lines.
    pub fn all(self, lines: &[Vec<String>]) -> Vec<VerifierSaid> {
        match self {
            Verifier::Rust(_) => lines
                .iter()
                .map(|line| self.command().args(line).output().unwrap().into())
                .collect(),
            Verifier::Python => {
                let mut python = Command::new(python().expect("it was found before"));
                python.args(["-c", DRIVER]).arg(script().parent().unwrap());
                in_one_process(python, lines)
            }
            Verifier::Page => {
                let modules = page_modules();
                let mut node = Command::new(needed::found("node").expect("it was found before"));
                node.arg(modules.join("driver.mjs")).arg(root().join("docs/draws.md"));
                in_one_process(node, lines)
            }
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
            (Verifier::Page, _) => panic!("a page has no command line"),
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

/// The same for the modules of the page. Names become exit codes by the table in `docs/draws.md`.
const PAGE_DRIVER: &str = r#"
import { readFileSync } from "node:fs";
import { bytesOf } from "./bytes.js";
import { Fraud } from "./fraud.js";
import { receiptOf, verify } from "./verify.js";

const table = readFileSync(process.argv[2], "utf8").matchAll(/^\| `([a-z-]+)` \| (\d+) \|/gm);
const codes = Object.fromEntries(Array.from(table, ([, name, code]) => [name, Number(code)]));
const PREFIX = { checked: "checked: ", unproved: "not proved: " };

async function answer([file, ...words]) {
  let out = "in order\n";
  const known = { receipts: [] };
  try {
    for (let n = 0; n < words.length; n += 2) {
      const [flag, value] = words.slice(n, n + 2);
      if (flag === "--receipt") known.receipts.push(receiptOf(value, readFileSync(value)));
      else known[flag.slice(2)] = bytesOf(value);
    }
    const tell = (kind, text) => { out += `${PREFIX[kind] ?? ""}${text}\n`; };
    await verify({ bytes: readFileSync(file), ...known }, tell);
    return [0, out, ""];
  } catch (error) {
    if (!(error instanceof Fraud)) throw error;
    return [codes[error.name], "", `the page: ${error.name}: ${error.message}\n`];
  }
}

for (const line of readFileSync(0, "utf8").split("\n")) {
  console.log(JSON.stringify(await answer(JSON.parse(line))));
}
"#;

/// In a folder that says that they are modules.
fn page_modules() -> TestFolder {
    let folder = TestFolder::new();
    folder.file("package.json", "{\"type\": \"module\"}");
    folder.file("driver.mjs", PAGE_DRIVER);
    for file in std::fs::read_dir(root().join("src/http/console/verifier")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
    folder
}

fn in_one_process(mut command: Command, lines: &[Vec<String>]) -> Vec<VerifierSaid> {
    let folder = TestFolder::new();
    let asked: Vec<String> =
        lines.iter().map(|line| serde_json::to_string(line).unwrap()).collect();
    let asked = File::open(folder.file("asked.json", &asked.join("\n"))).unwrap();
    let output = command.stdin(asked).output().unwrap();
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
