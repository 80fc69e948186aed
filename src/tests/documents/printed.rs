//! Parts of documents that are run as printed (`harness::printed`), each on a server of its own
//! that is started as its user does it.

use crate::STAMPEDE;
use harness::printed::run_printed;
use harness::{Process, TestFolder, root};

/// What stands for the password that only the reader's own server knows.
const PASSWORD: &str = "the one that the first start printed";

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
    let (server, password) = serve(&folder);
    run_printed(markdown, name, &folder, &server.address, &password)
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
