//! Parts of documents that are run as printed: every command in them works, and prints what it says
//! there.
//!
//! What stands in ```sh between `<!-- NAME -->` and `<!-- /NAME -->` is run by bash, in order, in
//! one shell, with a server of its own beside it, whose address and password take the places of the
//! document's. A comment `# → …` says what the command before it prints: white
//! space does not count, and `…` stands for anything.

use crate::STAMPEDE;
use harness::{Process, TestFolder, root};
use std::process::Command;

/// What stands for the password that only the reader's own server knows.
const PASSWORD: &str = "the one that the first start printed";
const MARK: &str = "@@ expected @@";

/// The lines of the marked blocks.
fn commands(markdown: &str, name: &str) -> Vec<String> {
    let (begin, end) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let marked = markdown
        .split_once(&begin)
        .and_then(|(_, rest)| rest.split_once(&end))
        .map(|(marked, _)| marked);
    let marked = marked.unwrap_or_else(|| panic!("there is nothing between {begin} and {end}"));
    let blocks = marked
        .split("```sh\n")
        .skip(1)
        .map(|rest| rest.split_once("```").expect("a block has an end").0);
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}

/// Starts the server as its user does, and waits until it listens. Returns it with the password
/// that its first start printed.
fn serve(folder: &TestFolder) -> (Process, String) {
    let mut command = STAMPEDE.as_it_is();
    command.current_dir(folder).env("STAMPEDE_LISTEN", "127.0.0.1:0").env("STAMPEDE_LOG", "off");
    let (server, printed) = Process::start_with(command, folder);
    let password = printed.iter().find_map(|line| line.split_once("shown this once: "));
    let password = password.expect("the first start prints a password").1.to_owned();
    (server, password)
}

/// What bash runs: the commands, and after each the expectations that follow it, marked.
fn script(lines: &[String], address: &str, password: &str) -> String {
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

/// Runs the part of a page of the repository that has this name. It promises something, and keeps
/// it.
#[track_caller]
pub fn works(page: &str, name: &str) {
    let text = std::fs::read_to_string(root().join(page)).unwrap();
    match run(&text, name) {
        Ok(met) => assert!(met > 0, "{page} promises nothing that could be checked"),
        Err(found) => panic!("{page}: {found}"),
    }
}

/// Runs the marked blocks. Returns how many expectations were met.
fn run(markdown: &str, name: &str) -> Result<usize, String> {
    let folder = TestFolder::new();
    let lines = commands(markdown, name);
    let (server, password) = serve(&folder);
    let mut bash = Command::new("bash");
    bash.args(["-c", &script(&lines, &server.address, &password)]).current_dir(&folder);
    let output = bash.output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let met = compare(&printed)?;
    if output.status.success() {
        Ok(met)
    } else {
        Err(format!("{}\n{printed}\n{}", output.status, String::from_utf8_lossy(&output.stderr)))
    }
}

fn sample(expected: &str) -> String {
    format!(
        "Before.\n```sh\nexit 1\n```\n<!-- sample -->\n```sh\nAPI=http://localhost:8080\ncurl -sf \
         $API/health/live    # a remark\n# → {{ \"status\": {expected} }}\n```\n\
         Then:\n```sh\n# Log in, on two lines.\ncurl -sf 127.0.0.1:8080/api/v1/auth/login -H \
         'Content-Type: application/json' -d '{{\"username\":\"admin\",\n  \
         \"password\":\"{PASSWORD}\"}}'\n# → {{\"access_token\":\"…\",…}}\n# \
         → \"token_type\":\"Bearer\"\n```\n<!-- /sample -->\n```sh\nexit 1\n```\n"
    )
}

#[test]
fn a_sample_runs_as_printed() {
    assert_eq!(run(&sample("\"live\""), "sample"), Ok(3));
}

#[test]
fn a_sample_that_promises_something_else_is_found_out() {
    let found = run(&sample("\"dead\""), "sample").unwrap_err();
    assert!(found.contains("\"dead\"") && found.contains("\"live\""), "{found}");
}

#[test]
fn a_command_that_fails_is_found_out() {
    let failing = "<!-- sample -->\n```sh\ncurl -sf localhost:8080/nowhere\necho on\n```\n\
        <!-- /sample -->";
    assert!(run(failing, "sample").is_err());
}
