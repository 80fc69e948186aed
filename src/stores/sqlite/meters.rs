//! What the writer tells about itself. The handles are made once, after the recorder was installed.

use super::folder;
use actors::store::StoreError;
use base::meters::commits::Commits;
use metrics::{Counter, Gauge, counter, gauge};
use std::path::Path;

pub struct WriterMeters {
    pub commits: Commits,
    pub queue_depth: Gauge,
    pub rows_waiting: Gauge,
}

impl Default for WriterMeters {
    fn default() -> WriterMeters {
        WriterMeters {
            commits: Commits::default(),
            queue_depth: gauge!("stampede_store_queue_depth"),
            rows_waiting: gauge!("stampede_store_rows_waiting"),
        }
    }
}

/// Who waits for readers, and who was turned away.
#[derive(Clone)]
pub struct DeskMeters {
    depth: Gauge,
    refused: Counter,
}

impl DeskMeters {
    pub fn at(desk: &'static str) -> DeskMeters {
        let refused = counter!("stampede_store_reads_refused_total", "desk" => desk);
        refused.increment(0);
        DeskMeters { depth: gauge!("stampede_store_reads_waiting", "desk" => desk), refused }
    }

    pub fn nowhere() -> DeskMeters {
        DeskMeters { depth: Gauge::noop(), refused: Counter::noop() }
    }

    pub fn show(&self, waiting: usize) {
        self.depth.set(waiting as f64);
    }

    /// Counts one that does not fit, and says what it is told.
    pub fn refuse(&self) -> StoreError {
        self.refused.increment(1);
        StoreError::Unavailable("as many wait to read as may; come back later".into())
    }
}

/// What lies in the archive.
pub struct ArchiveMeters {
    frames: Gauge,
    bytes: Gauge,
}

impl Default for ArchiveMeters {
    fn default() -> ArchiveMeters {
        let meters = ArchiveMeters {
            frames: gauge!("stampede_store_archived_frames"),
            bytes: gauge!("stampede_store_bytes", "file" => "archive"),
        };
        meters.frames.set(0);
        meters.bytes.set(0);
        meters
    }
}

impl ArchiveMeters {
    /// A segment more. Its last position is the number of all frames up to there.
    pub fn count(&self, last: i64, bytes: i64) {
        self.frames.set(last as f64);
        self.bytes.increment(bytes as f64);
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
