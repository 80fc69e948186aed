//! What is said when a file or a job is refused.

use crate::http::explain::Explain;
use crate::http::problem::{self, Problem};
use actors::domain::imports::Refusal;
use products::imports::spool::FileRefused;
use std::io;

pub fn no_job() -> Problem {
    Problem::no_such("job")
}

/// The files of a job that is known.
pub fn explain_missing_file(error: io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::NotFound => Problem::plain(&problem::REPORT_GONE),
        _ => Problem::new(&problem::UNAVAILABLE, format!("the job's file cannot be read: {error}")),
    }
}

/// The thread that was to do it is gone, because the process stops.
pub fn explain_stop(_: actix_web::error::BlockingError) -> Problem {
    Problem::plain(&problem::STARTING)
}

impl Explain for Refusal {
    fn explain(self) -> Problem {
        match self {
            Refusal::Unknown => no_job(),
            Refusal::Ended => Problem::plain(&problem::JOB_ENDED),
            // Only the worker gives commands that must follow from where the job is.
            Refusal::OutOfStep => Problem::plain(&problem::INTERNAL),
        }
    }
}

impl From<FileRefused> for Problem {
    fn from(refused: FileRefused) -> Problem {
        match refused {
            FileRefused::Busy(_) => Problem::new(&problem::BUSY, refused.to_string()),
            FileRefused::TooLarge(_) => Problem::new(&problem::TOO_LARGE, refused.to_string()),
            FileRefused::Header(why) => Problem::new(&problem::CSV_HEADER, why),
            FileRefused::DiskFull => Problem::plain(&problem::NO_SPACE),
            FileRefused::Io(_) => Problem::new(&problem::UNAVAILABLE, refused.to_string()),
        }
    }
}
