//! Programs that a test needs and that not every machine has.
//!
//! A test that lacks one says loudly that it did not run, and passes. Where the variable CI is set
//! it fails, so that nothing is left out where others rely on it.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

/// Where a program is: where the variable says, on the path, or where `go install` puts it.
#[expect(
    clippy::disallowed_methods,
    reason = "what is installed on the machine of a test is no setting of the product"
)]
pub fn found(program: &str) -> Option<PathBuf> {
    let named = std::env::var_os(program.to_uppercase()).map(PathBuf::from);
    let on_the_path = std::env::var_os("PATH").unwrap_or_default();
    let gopath = std::env::var_os("GOPATH")
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join("go").into()));
    let folders =
        std::env::split_paths(&on_the_path).chain(gopath.map(|go| PathBuf::from(go).join("bin")));
    named.into_iter().chain(folders.map(|folder| folder.join(program))).find(|file| file.is_file())
}

/// True if all are there. Else it says so where nobody can miss it, or fails on CI.
pub fn are_there(programs: &[&str], to_install: &str) -> bool {
    let missing: Vec<&str> =
        programs.iter().copied().filter(|program| found(program).is_none()).collect();
    if !missing.is_empty() {
        is_not_run(&format!("{} is not installed. {to_install}", missing.join(", ")));
    }
    missing.is_empty()
}

/// Whether it can be started: it answers to such an argument.
pub fn starts(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).output().is_ok_and(|output| output.status.success())
}

/// Says which test does not run and why, or fails on CI.
#[expect(clippy::disallowed_methods, reason = "CI is no setting of the product")]
pub fn is_not_run(why: &str) {
    let thread = std::thread::current();
    let said = format!("!! NOT RUN: {}: {why}", thread.name().unwrap_or("a test"));
    assert!(!std::env::var("CI").is_ok_and(|ci| !ci.is_empty() && ci != "false"), "{said}");
    // Not by a macro, because what those print of a test that passes is never shown.
    let _ = writeln!(std::io::stderr().lock(), "{said}");
}
