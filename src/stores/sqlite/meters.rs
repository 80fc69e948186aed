//! What the writer tells about itself. The handles are made once, after the recorder was installed.

use super::folder;
use crate::stores::commits::Commits;
use metrics::{Gauge, gauge};
use std::path::Path;

pub struct Meters {
    pub commits: Commits,
    pub queue_depth: Gauge,
    pub rows_waiting: Gauge,
}

impl Default for Meters {
    fn default() -> Meters {
        Meters {
            commits: Commits::default(),
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
