//! Programs that a test needs and that not every machine has. Whoever lacks one hears which tests
//! did not run; on CI they fail.

use std::io::Write;
use std::path::PathBuf;

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

/// True if all are there. Else says so where nobody can miss it, and fails where somebody relies on
/// it.
#[expect(clippy::disallowed_methods, reason = "CI is no setting of the product")]
pub fn are_there(programs: &[&str], to_install: &str) -> bool {
    let missing: Vec<&str> =
        programs.iter().copied().filter(|program| found(program).is_none()).collect();
    if missing.is_empty() {
        return true;
    }
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let said =
        format!("!! NOT TESTED: {test}: {} is not installed. {to_install}", missing.join(", "));
    assert!(std::env::var_os("CI").is_none(), "{said}");
    // Not by a macro, because what those print of a test that passes is never shown.
    let _ = writeln!(std::io::stderr().lock(), "{said}");
    false
}
