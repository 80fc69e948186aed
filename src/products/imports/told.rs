//! What the outside hears of imports: how far they come. What each row came to is in the job's
//! report.

use crate::telling::said::{Says, Told};
use crate::telling::{id, topics};
use actors::Id;
use actors::domain::imports::{Event, FirstImportPlan, Import, ImportPlan, Progress, WhyFailed};
use serde_json::json;

impl Told for Import {
    fn tell(job: &Id, event: &Event, says: &mut Says) {
        let job = ("job", id(job));
        match event {
            Event::Created(FirstImportPlan { bytes, dry_run, .. })
            | Event::Planned(ImportPlan { bytes, dry_run, .. }) => says.say(
                &topics::IMPORT_CREATED,
                [job, ("bytes", json!(bytes)), ("dry_run", json!(dry_run))],
            ),
            Event::Advanced(Progress { rows, imported, duplicate, invalid, .. }) => {
                let [rows, imported, duplicate, invalid] =
                    [rows, imported, duplicate, invalid].map(|count| json!(count));
                let data = [
                    job,
                    ("rows", rows),
                    ("imported", imported),
                    ("duplicate", duplicate),
                    ("invalid", invalid),
                ];
                says.say(&topics::IMPORT_ADVANCED, data);
            }
            Event::Finished => says.say(&topics::IMPORT_FINISHED, [job]),
            Event::Failed(why) => {
                says.say(&topics::IMPORT_FAILED, [job, ("why", json!(why_name(why)))])
            }
            Event::Cancelled => says.say(&topics::IMPORT_CANCELLED, [job]),
            Event::Registered { .. } | Event::Cancelling | Event::Reopened => {}
        }
    }
}

fn why_name(why: &WhyFailed) -> &'static str {
    match why {
        WhyFailed::Duplicate { .. } => "duplicate",
        WhyFailed::FileMissing => "file_missing",
        WhyFailed::FileChanged => "file_changed",
    }
}
