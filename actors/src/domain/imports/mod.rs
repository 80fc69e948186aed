//! Imports of foreign codes, each a job that works off one file.

mod rows;
mod rules;
mod words;

pub use rows::{UNFINISHED, job_of_row};
pub use rules::Import;
pub use words::{
    Answer, Command, Event, FirstImportPlan, ImportPass, ImportPlan, ImportState, ImportView,
    OnDuplicate, Progress, Question, Refusal, WhyFailed,
};
