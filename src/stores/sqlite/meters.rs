//! What the writer tells about itself. The handles are made once, after the recorder was installed.

use super::folder;
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use std::path::Path;

pub struct Meters {
    pub commit_s: Histogram,
    pub commit_events: Histogram,
    pub commits: Counter,
    pub failed_commits: Counter,
    pub queue_depth: Gauge,
    pub rows_waiting: Gauge,
}

impl Default for Meters {
    fn default() -> Meters {
        Meters {
            commit_s: histogram!("stampede_store_commit_seconds"),
            commit_events: histogram!("stampede_store_commit_events"),
            commits: counter!("stampede_store_commits_total"),
            failed_commits: counter!("stampede_store_failed_commits_total"),
            queue_depth: gauge!("stampede_store_queue_depth"),
            rows_waiting: gauge!("stampede_store_rows_waiting"),
        }
    }
}

/// How large the files are that grow. One that is not there has no size.
pub fn measure_files(folder: &Path) {
    for (file, path) in folder::growing_files(folder) {
        if let Ok(found) = path.metadata() {
            gauge!("stampede_store_bytes", "file" => file).set(found.len() as f64);
        }
    }
}
