//! What is counted and timed of the partitions of one kind.

use metrics::{Counter, Histogram, counter, histogram};

pub(super) struct Meters {
    pub(super) commit_s: Histogram,
    pub(super) batch_events: Histogram,
    pub(super) commits: Counter,
    pub(super) looked_up: Counter,
    pub(super) reopened: Counter,
    pub(super) fenced: Counter,
    pub(super) forgotten: Counter,
}

impl Meters {
    pub(super) fn of(kind: &'static str) -> Meters {
        Meters {
            commit_s: histogram!("stampede_commit_seconds", "kind" => kind),
            batch_events: histogram!("stampede_batch_events", "kind" => kind),
            commits: counter!("stampede_commits_total", "kind" => kind),
            looked_up: counter!("stampede_cards_looked_up_total", "kind" => kind),
            reopened: counter!("stampede_partitions_reopened_total", "kind" => kind),
            fenced: counter!("stampede_partitions_fenced_total", "kind" => kind),
            forgotten: counter!("stampede_snapshots_forgotten_total", "kind" => kind),
        }
    }
}
