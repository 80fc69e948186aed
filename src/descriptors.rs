//! The limit of open files: every connection takes one, and a server that has none left takes
//! nobody in.
//!
//! Systems give a process few and let it ask for more, so a start asks for all it may have.

use base::journal;
use base::journal::Value;

/// With fewer, a crowd is turned away long before the machine has enough to do.
const FEW: u64 = 4096;

/// Raises the limit as far as the system allows, and says so where that is not far.
pub fn raise() {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) if limit < FEW => few(limit),
        Ok(_) => {}
        Err(error) => journal::warn(
            "the limit of open files cannot be raised",
            &[("error", Value::Text(&error))],
        ),
    }
}

fn few(limit: u64) {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let why = "few connections can be open at once; raise the hard limit of open files (ulimit \
        -Hn, LimitNOFILE)";
    journal::warn(why, &[("open_files", Value::Whole(limit))]);
}
