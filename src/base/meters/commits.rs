//! What every store tells of its commits. The handles are made once, after the recorder was
//! installed.

use metrics::{Counter, Histogram, counter, histogram};
use std::time::Duration;

pub struct Commits {
    seconds: Histogram,
    events: Histogram,
    done: Counter,
    failed: Counter,
}

impl Default for Commits {
    fn default() -> Commits {
        Commits {
            seconds: histogram!("stampede_store_commit_seconds"),
            events: histogram!("stampede_store_commit_events"),
            done: counter!("stampede_store_commits_total"),
            failed: counter!("stampede_store_failed_commits_total"),
        }
    }
}

impl Commits {
    pub fn succeeded(&self, took: Duration, events: u64) {
        self.seconds.record(took.as_secs_f64());
        self.events.record(events as f64);
        self.done.increment(1);
    }

    pub fn failed(&self) {
        self.failed.increment(1);
    }
}
